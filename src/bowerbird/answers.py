"""What the live engine answers: slates in ids and words, and the receipts they can be made again from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from pydantic import Field

from bowerbird.config import Settings
from bowerbird.data import Catalogue
from bowerbird.explain import Reason
from bowerbird.profiles import Claim, Edit, Profile
from bowerbird.steering import Wish
from bowerbird.types import Event, ItemId, Offset, Slate, UserId, Value


class PastEvent(Settings):
    """One event of a history that came with the request, as the receipt keeps it."""

    item: ItemId
    time: datetime | None = None
    kind: str = "view"
    value: float | None = None

    @staticmethod
    def of(event: Event) -> "PastEvent":
        """What a slate is made from, of an event."""
        return PastEvent(item=event.item, time=event.time, kind=event.kind, value=event.value)

    def event(self) -> Event:
        """The event again; whose it was is not kept."""
        return Event("", self.item, self.time, self.kind, self.value)


class Receipt(Settings):
    """All that a slate was made from: `Engine.replay` makes it again, item for item.

    bundle       fingerprint of the bundle
    offset       of the newest event in the log when it was made
    item_offset  of the newest item put in live
    learned      offset of the newest event that what is learned while a bundle is live had been told of
    asked_at     the instant of the request
    text         a wish in words
    arm          of an experiment that the user was in, as `experiment/arm`
    user         whose history it was; None for a history that came with the request, which is then in `history`
    """

    bundle: str
    offset: Offset
    item_offset: Offset
    learned: Offset = 0
    asked_at: datetime
    user: UserId | None = None
    history: tuple[PastEvent, ...] | None = None
    k: int = 10
    diversity: float | None = None
    filters: dict[str, Value | list[Value]] = Field(default_factory=dict)
    exclude: tuple[ItemId, ...] = ()
    context: dict[str, Value] = Field(default_factory=dict)
    explain: bool = False
    language: str | None = None
    seed: int = 0
    text: str | None = None
    arm: str | None = None


@dataclass(frozen=True, slots=True)
class Recommended:
    """One item of a slate, with ids and words as people see them.

    standing      its score as a standard score among those that the slate was chosen from
    propensity    how likely it was to stand at its place, given those above it; 1 where nothing was drawn
    intents       names of its intents, the strongest first; empty where it has none that can be named
    because       ids of the events' items that carried it; empty where no reason survived its check
    rank_with     its place among all candidates before re-ranking, from 1
    rank_without  its place had `because` never happened; None if it would not be there at all, or without a reason
    """

    item: ItemId
    rank: int
    score: float
    title: str
    categories: tuple[str, ...]
    reason: str | None = None
    because: tuple[ItemId, ...] = ()
    rank_with: int | None = None
    rank_without: int | None = None
    intents: tuple[str, ...] = ()
    standing: float = 0.0
    propensity: float = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A slate with its id, and the receipt that it can be made again from.

    notes   what was left out of account, one sentence each
    wish    what was understood of the request's text; None where it had none
    unread  the features of the context that counted for nothing; a note says why
    """

    slate_id: str
    user: UserId | None
    items: tuple[Recommended, ...]
    receipt: Receipt
    notes: tuple[str, ...] = ()
    wish: Wish | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UserProfile:
    """What a user's log says they are after, and what they said of that themselves.

    sentences  the profile in words, each supported by its evidence
    dropped    how many sentences were not
    edits      the user's corrections that stand, oldest first
    notes      what was left out of account, and corrections that could not act, one sentence each
    unheard    of a correction in words that was just made, what was not understood
    """

    user: UserId
    profile: Profile
    sentences: tuple[Claim, ...]
    dropped: int
    edits: tuple[Edit, ...]
    notes: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()


def shown(catalogue: Catalogue, slate: Slate, reasons: Sequence[Reason] | None) -> list[Recommended]:
    """The slate in ids and words; with standings and propensities, as a pipeline tells them."""
    shown = []
    standings = np.zeros(len(slate)) if slate.standings is None else slate.standings
    propensities = np.ones(len(slate)) if slate.propensities is None else slate.propensities
    for place, (number, score) in enumerate(zip(slate.items.tolist(), slate.scores.tolist(), strict=True)):
        plain = Recommended(
            catalogue.ids[number],
            place + 1,
            score,
            catalogue.titles[number],
            tuple(catalogue.categories[number]),
            intents=() if catalogue.intents is None else catalogue.intents.of(number),
            standing=float(standings[place]),
            propensity=float(propensities[place]),
        )
        reason = reasons[place] if reasons is not None else None
        shown.append(plain if reason is None else _reasoned(plain, reason, catalogue))
    return shown


def _reasoned(plain: Recommended, reason: Reason, catalogue: Catalogue) -> Recommended:
    cited = tuple(catalogue.ids[number] for number in reason.because.tolist())
    return replace(
        plain, reason=reason.text or None, because=cited, rank_with=reason.rank_with, rank_without=reason.rank_without if cited else None
    )
