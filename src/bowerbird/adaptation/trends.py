"""Trends: what is taken now, as counts that fade by the clock. One event changes one count, and one user moves no count by much."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import reduce
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.adaptation.kept import Kept
from bowerbird.config import Settings
from bowerbird.errors import DataError
from bowerbird.types import Log, UserId

DAY = 86_400.0


class TrendSettings(Settings):
    """How counts fade.

    half_life_days  a sign of interest this old counts half
    share           0 < share ≤ 1, the most that one user is of one item's count, in plain signs of interest

    >>> TrendSettings(half_life_days=30).share
    1.0
    """

    half_life_days: float = Field(default=7.0, gt=0)
    share: float = Field(default=1.0, gt=0, le=1)


@dataclass(frozen=True, slots=True)
class Touch:
    """An event as trends see it.

    user    whoever it was, told apart from others by this alone
    item    item number
    weight  in [-1, 1]; what is not above 0 is no sign of interest, and changes nothing
    time    seconds since 1970

    raises  DataError if the time is not known
    """

    user: UserId
    item: int
    weight: float
    time: float

    def __post_init__(self) -> None:
        if not isfinite(self.time):
            raise DataError(f"trend: an event must have a time, got {self.time}")


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted, as it stood at one instant; it is halved by every half-life since.

    value     plain signs of interest
    at        seconds since 1970
    """

    value: float = 0.0
    at: float = -np.inf

    def read(self, now: float, half_life: float) -> float:
        """The count at `now`; what lies before `at` reads as at `at`.

        >>> Count(4.0, at=0.0).read(20.0, half_life=10.0)
        1.0
        """
        return self.value * 0.5 ** (max(now - self.at, 0.0) / half_life) if self.value else 0.0


@dataclass(frozen=True, eq=False)
class Trend:
    """Of each item how many signs of interest there were, halved by every half-life since. A value: `after` gives the next one.

    Nothing ticks: a count is kept with its instant, and brought forward when it is touched or read. What one user is of an item's count is
    kept beside it and fades alike, and an event adds no more than brings it to `share`. So whatever one user sends, at whatever rate,
    they are never more than `share` of any count. Many users in one hand are not found out here.

    An event that arrives late counts what is left of it. Of events that arrive in another order the same counts come, but for rounding,
    unless the bound was met.

    items  item number → its count
    own    user and item → what of the count is the user's
    cost   `after`: two look-ups and two small copies (`Kept`), whatever the size. Memory: one count a user and item that ever met;
           folding the newer part of the log anew drops what has faded

    >>> trend = Trend(TrendSettings(half_life_days=1)).after(Touch("ann", 2, 1.0, time=0.0))
    >>> trend = trend.after(Touch("ann", 2, 1.0, time=0.0)).after(Touch("bob", 2, 0.5, time=0.0))
    >>> trend.counts(DAY, n_items=4).tolist()
    [0.0, 0.0, 0.75, 0.0]
    """

    settings: TrendSettings = field(default_factory=TrendSettings)
    items: Kept[Count] = field(default_factory=Kept)
    own: Kept[Count] = field(default_factory=Kept)

    def after(self, touch: Touch) -> "Trend":
        """The trend once this happened too."""
        if not touch.weight > 0:
            return self
        half_life = self.settings.half_life_days * DAY
        pair = f"{touch.item} {touch.user}"
        mine = self.own.get(pair) or Count()
        now = max(touch.time, mine.at)
        held = mine.read(now, half_life)
        added = min(touch.weight * 0.5 ** ((now - touch.time) / half_life), self.settings.share - held)
        if added <= 0:
            return self
        own = self.own.put(pair, Count(held + added, now))
        return replace(self, items=self.items.put(str(touch.item), self._grown(touch.item, added, now, half_life)), own=own)

    def after_all(self, touches: Iterable[Touch]) -> "Trend":
        """The trend after these, one by one: a fold, so the same events in the same order give the same bits however they are parted."""
        return reduce(Trend.after, touches, self)

    def counts(self, now: float, n_items: int) -> NDArray[np.float64]:
        """(n_items,): the counts at an instant not before the newest event; items numbered `n_items` or higher are left out.

        cost  O(items that were ever touched)
        """
        table = np.zeros(n_items)
        for item, count in self.items.items():
            if int(item) < n_items:
                table[int(item)] = count.read(now, self.settings.half_life_days * DAY)
        return table

    def strengths(self, now: float, n_items: int) -> NDArray[np.float32]:
        """(n_items,) float32, log(1 + count) as `PopularModel` has it; NaN for items that nobody took."""
        counts = self.counts(now, n_items)
        return np.where(counts > 0, np.log1p(counts), np.nan).astype(np.float32)

    def _grown(self, item: int, added: float, now: float, half_life: float) -> Count:
        count = self.items.get(str(item)) or Count()
        at = max(now, count.at)
        return Count(count.read(at, half_life) + added * 0.5 ** ((at - now) / half_life), at)


def touches(log: Log) -> list[Touch]:
    """The events of a log as trends see them, oldest first. Users are called by their numbers.

    raises  DataError if the log has no clock
    """
    order = np.argsort(log.times, kind="stable").tolist()
    return [Touch(str(log.users[e]), int(log.items[e]), float(log.weights[e]), float(log.times[e])) for e in order]
