"""When a recommender is told what happened: never again, every so many hours, or at once."""

import re
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import ConfigError

DAY = 86_400.0

Times = NDArray[np.float64]
"""Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How soon what happened is known.

    every_s     histories are brought up to date every so many seconds, counted from 1970 (86 400: at midnight UTC); 0 = before each
                question, infinite = at the start of the replay and never again
    delay_s     an event is revealed when it is so old; until then nobody knows of it
    refit_days  the model is fitted again every so many days from the start on all that is revealed by then; None = never
    masked      what the user took, once revealed, is not shown again, even where the histories do not have it yet
    raises      ConfigError for a length below 0, or a `refit_days` of 0
    """

    name: str
    every_s: float = 0.0
    delay_s: float = 0.0
    refit_days: float | None = None
    masked: bool = False

    def __post_init__(self) -> None:
        if not (self.every_s >= 0 and 0 <= self.delay_s < inf):
            raise ConfigError(f"cadence {self.name}: every_s and delay_s must be at least 0, got {self.every_s} and {self.delay_s}")
        if self.refit_days is not None and not 0 < self.refit_days < inf:
            raise ConfigError(f"cadence {self.name}: refit_days must be above 0, got {self.refit_days}")

    def updated(self, times: Times, start: float) -> Times:
        """When histories were last brought up to date before each of `times`, none of which is before `start`.

        >>> DAILY.updated(np.array([100.0, 86_500.0]), start=50.0).tolist()
        [50.0, 86400.0]
        """
        if self.every_s == 0:
            return times
        if self.every_s == inf:
            return np.full(len(times), start)
        return np.clip(np.floor(times / self.every_s) * self.every_s, start, times)

    def fitted(self, times: Times, start: float) -> Times:
        """When the model was last fitted before each of `times`, none of which is before `start`.

        >>> Cadence("weekly fit", refit_days=7).fitted(np.array([50.0, 8 * DAY]), start=0.0).tolist()
        [0.0, 604800.0]
        """
        if self.refit_days is None:
            return np.full(len(times), start)
        span = self.refit_days * DAY
        return np.clip(start + np.floor((times - start) / span) * span, start, times)


FROZEN = Cadence("frozen", every_s=inf)
MASKED = Cadence("masked", every_s=inf, masked=True)
DAILY = Cadence("daily", every_s=DAY)
EVENT = Cadence("event")

NAMED = {one.name: one for one in (FROZEN, MASKED, DAILY, EVENT)}


def cadence(name: str, delay_s: float = 0.0, refit_days: float | None = None) -> Cadence:
    """The cadence of a name: frozen, masked, daily, event, or every so many hours as `6h`.

    raises  ConfigError if the name is none of these, or as `Cadence`

    >>> cadence("6h").every_s
    21600.0
    """
    hours = re.fullmatch(r"(\d+(?:\.\d+)?)h", name)
    if name not in NAMED and (hours is None or float(hours[1]) == 0):
        raise ConfigError(f"cadence: must be one of {', '.join(NAMED)}, or hours like 6h, got {name!r}")
    known = NAMED.get(name) or Cadence(name, every_s=3600 * float(hours[1] if hours else 0))
    shown = name if refit_days is None else f"{name}, fit every {refit_days:g} d"
    return Cadence(shown, known.every_s, delay_s, refit_days, known.masked)


def revealed(times: Times, instant: float, delay_s: float) -> NDArray[np.bool_]:
    """Which events are known at an instant: those before it and at least `delay_s` old. What happens at the very instant is not.

    >>> revealed(np.array([0.0, 8.0, 9.0, 10.0]), instant=10.0, delay_s=2.0).tolist()
    [True, True, False, False]
    """
    return (times < instant) & (times <= instant - delay_s)


def how_many(times: Times, instant: float, delay_s: float) -> int:
    """As `revealed`, for times that never fall: the first so many are known. O(log n)."""
    return int(min(np.searchsorted(times, instant, "left"), np.searchsorted(times, instant - delay_s, "right")))
