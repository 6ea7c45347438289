"""Drift: when a stream of figures (rewards, likenesses, one stream a site) stopped having the mean that it had."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pydantic import Field

from bowerbird.config import Settings
from bowerbird.errors import ConfigError


class PageHinkley(Settings):
    """When a mean has moved, up or down, by the sums of what lies beyond it.

    tolerance  in units of the figures: a mean that moves by less is not looked for
    threshold  in the same units: how much must add up. Higher: later, and fewer false alarms
    least      nothing is said before this many figures

    source  Page, Biometrika 1954; Hinkley, Biometrika 1971
    """

    tolerance: float = Field(default=0.005, ge=0)
    threshold: float = Field(default=10.0, gt=0)
    least: int = Field(default=30, ge=1)


@dataclass(frozen=True, slots=True)
class Drift:
    """What is to be known of a stream so far. A value: `after` gives the next one, so a stream's state is a fold over its figures.

    With x̄ the mean so far, up = Σ (x − x̄ − tolerance) and down = Σ (x − x̄ + tolerance); the stream broke once `up` is more than
    `threshold` above its lowest, or `down` more than that below its highest. After a break everything begins anew.

    seen      figures since the beginning, or since the last break
    broke     whether the newest figure was the one at which a break was seen
    breaks    how many there were

    cost    O(1) a figure

    >>> stream = Drift(PageHinkley(threshold=3.0))
    >>> [n for n, x in enumerate([0.0] * 50 + [1.0] * 50) if (stream := stream.after(x)).broke]
    [53]
    """

    settings: PageHinkley = field(default_factory=PageHinkley)
    seen: int = 0
    mean: float = 0.0
    up: float = 0.0
    down: float = 0.0
    lowest: float = float("inf")
    highest: float = float("-inf")
    broke: bool = False
    breaks: int = 0

    def after(self, figure: float) -> "Drift":
        """The state once this figure came too."""
        was = Drift(self.settings, breaks=self.breaks) if self.broke else self
        mean = was.mean + (figure - was.mean) / (was.seen + 1)
        up = was.up + figure - mean - self.settings.tolerance
        down = was.down + figure - mean + self.settings.tolerance
        lowest, highest = min(was.lowest, up), max(was.highest, down)
        broke = was.seen + 1 >= self.settings.least and max(up - lowest, highest - down) > self.settings.threshold
        return replace(
            was, seen=was.seen + 1, mean=mean, up=up, down=down, lowest=lowest, highest=highest, broke=broke, breaks=was.breaks + broke
        )


class Adwin(Settings):
    """The same question without a threshold in units of the figures: a window is cut wherever its two parts differ too much for chance.

    Needs `river`, of the extra `drift`.

    confidence  0..1: the chance of a false cut, at each look; smaller is more careful

    source  Bifet & Gavaldà, SDM 2007, by the library `river`
    """

    confidence: float = Field(default=0.002, gt=0, lt=1)

    def breaks(self, figures: Iterable[float]) -> list[int]:
        """At which figures, counted from 0, breaks were seen.

        raises  ConfigError if `river` is not installed
        """
        try:
            from river.drift import ADWIN  # noqa: PLC0415 of an extra
        except ImportError:
            raise ConfigError("adwin: river is not installed; it comes with the extra `drift`") from None
        window, found = ADWIN(delta=self.confidence), []
        for number, figure in enumerate(figures):
            window.update(figure)
            if window.drift_detected:
                found.append(number)
        return found
