"""Fading: where interests broke, what came before speaks more quietly, but for what is like the new interest."""

from dataclasses import replace

import numpy as np
from pydantic import Field

from bowerbird.adaptation.breaks import Watch
from bowerbird.config import Settings
from bowerbird.types import History


class Fading(Settings):
    """How a history is faded.

    alarm  0..1: it is, if of people who did not change at most this share looks as broken. 0 = never
    fade   0..1: what the weights before the break are multiplied by; 1 = no fading
    kin    0..1: older events keep their weight if at least this share of one person's own events is as unlike to the new ones: what
           belongs to a taste that has come back is heard again

    >>> Fading(fade=0).fade
    0.0
    """

    alarm: float = Field(default=0.15, ge=0, le=1)
    fade: float = Field(default=0.3, ge=0, le=1)
    kin: float = Field(default=0.2, ge=0, le=1)

    def __call__(self, history: History, watch: Watch) -> History:
        """The history with weights faded; the same history where nothing broke. Events stay: what was taken is not shown again.

        cost  `Watch.find`, and O(events · d) where there is a break
        """
        broken = watch.find(history, self.alarm)
        if broken is None or self.fade == 1:
            return history
        kept = np.ones(len(history), np.float32)
        for number, (block, share) in enumerate(watch.strange(history, broken)):
            if number == 0 or not share >= self.kin:
                kept[block] = self.fade
        return replace(history, weights=history.weights * kept)
