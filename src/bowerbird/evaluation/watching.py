"""A trial is looked at before it is done, so that a hopeless one can be ended."""

from collections.abc import Callable
from dataclasses import dataclass

from bowerbird.protocols import Progress

Watch = Callable[[int, float, str], None]
"""Told how good a trial is so far: a rising step, a figure, and the step in words. It may end the trial by raising."""

FEWEST = 50
"""Of fewer users no trial's worth is told before all are judged."""


@dataclass
class Watched:
    """A `Progress` that hands epochs on to who watches; it counts them, so that a trial is watched in one way only."""

    progress: Progress
    watch: Watch
    epochs: int = 0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Handed on as it is."""
        self.progress(what, done, total)

    def epoch(self, number: int, figure: float) -> None:
        """Makes it a `protocols.Watches`."""
        self.epochs += 1
        self.watch(number, figure, f"epoch {number}")


def stages(n: int) -> list[int]:
    """After how many of `n` users a trial is looked at: an eighth, half, all; a look at fewer than `FEWEST` would see chance alone.

    >>> stages(2000), stages(200), stages(73)
    ([250, 1000, 2000], [100, 200], [73])
    """
    return [*(end for end in (n // 8, n // 2) if end >= FEWEST), n]
