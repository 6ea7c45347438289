"""A profile in sentences, each of which is checked against its evidence before anyone reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bowerbird.data import Catalogue
from bowerbird.language.texts import quotable
from bowerbird.profiles.labels import Labels, labels_of
from bowerbird.profiles.phrases import SENTENCES
from bowerbird.profiles.values import Evidence, Interest, Profile, Topic
from bowerbird.types import History

SAID = 5
"""So many interests are put into sentences, and as many dislikes at most."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of a profile, and what it rests on.

    says      what is claimed: that events liked the topic, that they turned it down, or that it is on the rise or on the wane
    count     how many events are said to speak of it
    title     of the newest of them
    evidence  the events themselves, oldest first
    text      the sentence; `worded` says it
    """

    says: Literal["likes", "dislikes", "rising", "fading"]
    topic: Topic
    count: int
    title: str
    evidence: tuple[Evidence, ...]
    text: str = ""


def claims(
    profile: Profile, history: History, catalogue: Catalogue, language: str = "en", labels: Labels | None = None
) -> tuple[tuple[Claim, ...], int]:
    """The sentences that their evidence supports, and how many were dropped since it did not.

    labels  of the history, where reviews were read; unless given, `labels_of(history, catalogue)`
    """
    labels = labels or labels_of(history, catalogue)
    made = [claim for one in profile.interests[:SAID] for claim in _of(one, "likes", catalogue, language)]
    made += [claim for one in profile.dislikes[:SAID] for claim in _of(one, "dislikes", catalogue, language)]
    kept = tuple(claim for claim in made if supported(claim, history, catalogue, language, labels))
    return kept, len(made) - len(kept)


def supported(claim: Claim, history: History, catalogue: Catalogue, language: str = "en", labels: Labels | None = None) -> bool:
    """Whether a claim can be recomputed from its evidence alone: every event cited happened, is about the topic, and says what is claimed;
    there are as many as is said, the newest has the title that is said, and the sentence is the one that these facts make.

    The trend in a sentence is a statement about all events; of it the evidence shows that the topic was seen in the last span, or was not.
    """
    labels = labels or labels_of(history, catalogue)
    if claim.topic not in labels.topics or not claim.evidence or claim.count != len(claim.evidence):
        return False
    says = labels.says[:, [labels.topics.index(claim.topic)]].toarray().ravel() * (-1 if claim.says == "dislikes" else 1)
    times = [None if np.isnan(time) else time for time in history.times.tolist()]
    said = {(item, time) for item, time, told in zip(history.items.tolist(), times, says.tolist(), strict=True) if told > 0}
    for cited in claim.evidence:
        if (catalogue.number(cited.item), None if cited.time is None else cited.time.timestamp()) not in said:
            return False
    newest = catalogue.number(claim.evidence[-1].item)
    return newest is not None and claim.title == catalogue.titles[newest] and claim.text == worded(claim, language)


def worded(claim: Claim, language: str = "en") -> str:
    """The sentence of a claim; names in it are `quotable`.

    >>> worded(Claim("likes", Topic(sort="category", name="Horror"), 12, "Alien (1979)", ()))
    'You like Horror: 12 events speak for it, the last of them Alien (1979).'
    """
    return SENTENCES[language].sentence(claim.says, quotable(claim.topic.name), claim.count, quotable(claim.title))


def _of(one: Interest, says: Literal["likes", "dislikes"], catalogue: Catalogue, language: str) -> Sequence[Claim]:
    newest = catalogue.number(one.evidence[-1].item) if one.evidence else None
    if newest is None:
        return []
    trend: Literal["likes", "dislikes", "rising", "fading"] = says
    if says == "likes" and one.trend != "steady":
        trend = one.trend
    claim = Claim(trend, one.topic, one.count, catalogue.titles[newest], one.evidence)
    return [Claim(claim.says, claim.topic, claim.count, claim.title, claim.evidence, worded(claim, language))]
