"""Ranges: settings whose best value may lie anywhere between two numbers."""

from dataclasses import dataclass, replace
from math import ceil

from bowerbird.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Range:
    """All numbers between two; stands beside a recipe's setting as what `bowerbird tune` may draw from.

    low, high  the ends, which may be drawn too; where both are whole numbers, only such are drawn
    log        drawn evenly by magnitude: 1 to 10 as often as 10 to 100
    endless    whether the setting may also be None, where that means "without end" (a half-life that never halves). None lies
               beyond `high`: the last fifth of the axis is its

    raises  ConfigError unless low < high, and 0 < low where `log`

    >>> span = Range(1.0, 16.0, log=True, endless=True)
    >>> span.end
    32.0
    >>> span.value(2.71828), span.value(20.0)
    (2.72, None)
    """

    low: float
    high: float
    log: bool = False
    endless: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ConfigError(f"range: low must be less than high, got {self.low} and {self.high}")
        if self.log and self.low <= 0:
            raise ConfigError(f"range: low must be > 0 where it is drawn by magnitude, got {self.low}")

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are drawn."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def end(self) -> float:
        """Where the axis ends: `high`, or beyond it where None has room."""
        if not self.endless:
            return self.high
        end = self.high * (self.high / self.low) ** 0.25 if self.log else self.high + (self.high - self.low) / 4
        return ceil(end) if self.whole else end

    @property
    def bounds(self) -> tuple[float | None, ...]:
        """The extreme settings: `low`, `high`, and None where that may be drawn."""
        return (self.low, self.high, None) if self.endless else (self.low, self.high)

    def value(self, place: float) -> float | None:
        """The setting at this place of the axis, to three significant digits: more would only look exact."""
        if place > self.high:
            return None
        return place if self.whole else min(max(float(f"{place:.3g}"), self.low), self.high)

    def place(self, value: float | None) -> float:
        """Where on the axis a setting lies."""
        return self.end if value is None else value

    def holding(self, value: float | None) -> "Range":
        """The range, made wider where it does not reach `value`."""
        if value is None:
            return replace(self, endless=True)
        return replace(self, low=min(self.low, value), high=max(self.high, value), log=self.log and value > 0)
