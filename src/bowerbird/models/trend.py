"""What is taken now: signs of interest counted as they happen, fading by the clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.config import Settings
from bowerbird.data import Catalogue
from bowerbird.models.maturity import maturities, maturity
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.types import Happened, History, Log, Query, Scores

DAY = 86_400.0

Floats = NDArray[np.float64]


class Trend(Settings):
    """Count the signs of interest in each item, halved by every half-life, and go on counting while the log grows.

    half_life_days  a sign of interest this old counts half
    share           0 < share ≤ 1, the most that one user is of one item's count, in plain signs of interest
    mature          a user may be all of their `share` once they have shown interest in so many items, this one among them, and in
                    proportion before. 1 = at once. Of users who come for one item alone it takes `mature` times as many
    mature_days     likewise, so long after they first showed interest in anything: fake users have to be made well before they are used

    An event adds no more than brings what is the user's own of the count to `share`, so whatever one user sends, at whatever rate, they are
    never more than that of any count. What is their own is read off their history: where a history holds the newest n events only, a user
    counts again after n others. Many users in one hand are not found out here; `mature` is what makes them dearer.

    An event that arrives late counts what is left of it. Of events that arrive in another order the same counts come, but for rounding,
    unless the bound was met. An event without a time does not fade until the item is next taken at a known one.

    cost    O(events) to fit, O(n_queries · n_items) to score; an event O(its user's history), and each batch of events one copy of
            the counts

    >>> from bowerbird.types import History
    >>> log = Log(np.zeros(2, np.int32), np.array([0, 2], np.int32), np.ones(2, np.float32), np.array([0, 7 * DAY]), 1, 3)
    >>> model = Trend().fit(log, Catalogue.of(["a", "b", "c"]), np.random.default_rng(0))
    >>> np.expm1(model.score([Query(History.of([]), time=7 * DAY)])).round(2)
    array([[0.5, nan, 1. ]], dtype=float32)
    >>> model = model.after([Happened("ann", Query(History.of([]), time=14 * DAY), item=0, weight=1.0)])
    >>> np.expm1(model.score([Query(History.of([]), time=14 * DAY)])).round(2)
    array([[1.25,  nan, 0.5 ]], dtype=float32)
    """

    kind: Literal["trend"] = "trend"
    half_life_days: float = Field(default=7.0, gt=0)
    share: float = Field(default=1.0, gt=0, le=1)
    mature: int = Field(default=1, ge=1)
    mature_days: float = Field(default=0.0, ge=0)

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"half_life_days": (7.0, 30.0, 90.0)}
    RANGES: ClassVar[dict[str, Range]] = {"half_life_days": Range(1.0, 365.0, log=True)}

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "TrendModel":  # noqa: ARG002
        """Count; see the class. The same as being told all events of the log, oldest first, but for rounding."""
        liked = log.where(log.weights > 0)
        half_life = self.half_life_days * DAY
        added = _added(liked, half_life, self.share * maturities(liked, self.mature, self.mature_days))
        instants = np.full(len(catalogue), np.nan)
        counted = added > 0
        np.fmax.at(instants, liked.items[counted], liked.times[counted])
        worth = added * faded(instants[liked.items] - liked.times, half_life)
        counts = np.bincount(liked.items, worth, len(catalogue)).astype(np.float64)
        return TrendModel(counts, instants, half_life, self.share, self.mature, self.mature_days)


@dataclass(frozen=True, eq=False)
class TrendModel:
    """Counts, each as it stood when the item was last taken; the same for every history, but not at every time.

    counts       (n_items,) float64, plain signs of interest; 0 for items that nobody took
    instants     (n_items,) float64, seconds since 1970; NaN where no time is known
    half_life_s  seconds
    share, mature, mature_days  as in `Trend`
    """

    kind: ClassVar[str] = "trend"
    counts: Floats
    instants: Floats
    half_life_s: float
    share: float
    mature: int = 1
    mature_days: float = 0.0

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        return len(self.counts)

    @property
    def scorable(self) -> NDArray[np.bool_]:
        """(n_items,): items that someone took."""
        return self.counts > 0

    def at(self, times: Floats) -> Floats:
        """(n_times, n_items): the counts at each time; where it is not known, and before an item was last taken, as they stand."""
        known = self.instants[~np.isnan(self.instants)]
        now = np.where(np.isnan(times), known.max() if len(known) else np.nan, times)
        present: Floats = self.counts * faded(now[:, None] - self.instants, self.half_life_s)
        return present

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items): log(1 + count) at the time of the query, as `PopularModel` has it; NaN for items that nobody took."""
        present = self.at(np.array([query.time for query in queries], np.float64))
        return np.where(self.scorable, np.log1p(present), np.nan).astype(np.float32)

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """All zero: no event of a history carries any of it."""
        return np.zeros((len(query.history), len(items)), np.float32)

    def after(self, happened: Sequence[Happened]) -> Self:
        """The counts once these happened too; an item number beyond the table makes it longer."""
        told = [(one.item, *self._told(one)) for one in happened if one.weight > 0]
        counted = [(item, added, now) for item, added, now in told if added > 0]
        if not counted:
            return self
        missing = max(max(item for item, _, _ in counted) + 1 - self.n_items, 0)
        counts, instants = np.pad(self.counts, (0, missing)), np.pad(self.instants, (0, missing), constant_values=np.nan)
        for item, added, now in counted:
            at = np.fmax(now, instants[item])
            counts[item] = counts[item] * faded(at - instants[item], self.half_life_s) + added * faded(at - now, self.half_life_s)
            instants[item] = at
        return replace(self, counts=counts, instants=instants)

    def _told(self, one: Happened) -> tuple[float, float]:
        """What an event adds to the count of its item, and at which instant."""
        liked = one.query.history.take(np.flatnonzero(one.query.history.weights > 0))
        same = np.flatnonzero(liked.items == one.item)
        items, times = np.append(liked.items, np.int32(one.item)), np.append(liked.times, one.query.time)
        bounds = self.share * maturity(items, times, self.mature, self.mature_days)
        own = liked.take(same)
        now = float(np.fmax.reduce(own.times, initial=one.query.time))
        left = one.weight * float(faded(now - one.query.time, self.half_life_s))
        return min(left, bounds[-1] - held(own, now, self.half_life_s, bounds[same])), now


def faded(ages: Any, half_life: float) -> Any:
    """What is left of 1 after so many seconds: a half of it after each half-life; all of it where the age is not known or below 0.

    >>> faded(np.array([-5.0, 0.0, 10.0, np.nan]), half_life=10.0).tolist()
    [1.0, 1.0, 0.5, 1.0]
    """
    return 0.5 ** (np.fmax(ages, 0.0) / half_life)


def held(own: History, now: float, half_life: float, share: Floats | float) -> float:
    """What one user's signs of interest in one item come to, where each adds no more than brings them to its `share`.

    own     these events alone, in the order in which they were told
    now     not before any of them
    share   of each event, never falling; or of all

    After one event more h becomes min(share, h + w), and between two it fades. A chain of such steps is the least of what comes
    of the bound having been met last at any one of them, or at none: one pass over the events.

    >>> held(History.of([4, 4, 4], weights=[0.75, 0.75, 0.25], times=[0, 0, 10]), 20.0, half_life=10.0, share=1.0)
    0.375
    """
    if not len(own):
        return 0.0
    since = np.cumsum((own.weights * faded(now - own.times, half_life))[::-1])[::-1]
    bound = share * faded(now - np.fmax.accumulate(own.times), half_life) + np.append(since[1:], 0.0)
    return float(min(since[0], bound.min()))


def _added(liked: Log, half_life: float, share: Floats) -> Floats:
    """(n_events,): what each event of a log adds to the count of its item. The n-th of each user on an item at once, for each n.

    share  (n_events,) the most that the user may be of the count by then
    """
    pairs = liked.users.astype(np.int64) * max(liked.n_items, 1) + liked.items
    order = np.argsort(pairs, kind="stable")
    turn = np.arange(len(order)) - np.searchsorted(pairs[order], pairs[order])
    added = np.minimum(liked.weights.astype(np.float64), share)
    total = added.copy()
    _, *again = np.split(np.argsort(turn, kind="stable"), np.cumsum(np.bincount(turn))[:-1])
    for places in again:
        this, last = order[places], order[places - 1]
        before = total[last] * faded(liked.times[this] - liked.times[last], half_life)
        added[this] = np.clip(share[this] - before, 0.0, liked.weights[this])
        total[this] = before + added[this]
    return added
