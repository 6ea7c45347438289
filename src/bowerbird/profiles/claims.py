"""A profile in sentences, each of which is checked against its evidence before anyone reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bowerbird.data import Catalogue
from bowerbird.profiles.labels import topics_of
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


def claims(profile: Profile, history: History, catalogue: Catalogue) -> tuple[tuple[Claim, ...], int]:
    """The sentences that their evidence supports, and how many were dropped since it did not."""
    made = [claim for one in profile.interests[:SAID] for claim in _of(one, "likes", catalogue)]
    made += [claim for one in profile.dislikes[:SAID] for claim in _of(one, "dislikes", catalogue)]
    kept = tuple(claim for claim in made if supported(claim, history, catalogue))
    return kept, len(made) - len(kept)


def supported(claim: Claim, history: History, catalogue: Catalogue) -> bool:
    """Whether a claim can be recomputed from its evidence alone: every event cited happened, is about the topic, and says what is claimed;
    there are as many as is said, the newest has the title that is said, and the sentence is the one that these facts make.

    The trend in a sentence is a statement about all events; of it the evidence shows that the topic was seen in the last span, or was not.
    """
    topics, belongs = topics_of(catalogue)
    if claim.topic not in topics or not claim.evidence or claim.count != len(claim.evidence):
        return False
    column, sign = topics.index(claim.topic), -1 if claim.says == "dislikes" else 1
    happened: dict[tuple[int, float | None], float] = {}
    times = [None if np.isnan(time) else time for time in history.times.tolist()]
    for item, time, weight in zip(history.items.tolist(), times, history.weights.tolist(), strict=True):
        happened[item, time] = weight if sign * weight > 0 else happened.get((item, time), weight)
    for cited in claim.evidence:
        number = catalogue.number(cited.item)
        time = None if cited.time is None else cited.time.timestamp()
        if number is None or sign * happened.get((number, time), 0.0) <= 0 or belongs[number, column] <= 0:
            return False
    newest = catalogue.number(claim.evidence[-1].item)
    return newest is not None and claim.title == catalogue.titles[newest] and claim.text == worded(claim)


def worded(claim: Claim) -> str:
    """The sentence of a claim.

    >>> worded(Claim("likes", Topic(sort="category", name="Horror"), 12, "Alien (1979)", ()))
    'You like Horror: 12 events speak for it, the last of them Alien (1979).'
    """
    name, n = claim.topic.name, f"{claim.count:,} event{'s' if claim.count != 1 else ''}"
    speak = "speak" if claim.count != 1 else "speaks"
    last = f"the last of them {claim.title}"
    match claim.says:
        case "dislikes":
            return f"You turn {name} down: {n} {speak} against it, {last}."
        case "rising":
            return f"You turn to {name} more than before: {n} {speak} for it, {last}."
        case "fading":
            return f"You turn to {name} less than before: {n} {speak} for it, {last}."
    return f"You like {name}: {n} {speak} for it, {last}."


def _of(one: Interest, says: Literal["likes", "dislikes"], catalogue: Catalogue) -> Sequence[Claim]:
    newest = catalogue.number(one.evidence[-1].item) if one.evidence else None
    if newest is None:
        return []
    trend: Literal["likes", "dislikes", "rising", "fading"] = says
    if says == "likes" and one.trend != "steady":
        trend = one.trend
    claim = Claim(trend, one.topic, one.count, catalogue.titles[newest], one.evidence)
    return [Claim(claim.says, claim.topic, claim.count, claim.title, claim.evidence, worded(claim))]
