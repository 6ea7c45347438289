"""Stands by an experiment that runs, and closes an arm whose users surely fare worse."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from bowerbird.bundle import now
from bowerbird.errors import BowerbirdError
from bowerbird.experiments.outcomes import outcomes
from bowerbird.experiments.report import DECIDES, to_json
from bowerbird.experiments.split import Split

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Warden:
    """Looks at what came of each arm, and closes one whose rate of rewarded slates lies below the control's at the level of the experiment.
    Both arms live through the same days, so what falls for all closes none; and it may look as often as it likes.

    clock  aware UTC
    """

    split: Split
    clock: Callable[[], datetime] = now

    def look(self) -> list[str]:
        """Close what has to be closed now; the names of those arms.

        raises  StoreError
        cost    as `outcomes`
        """
        experiment = self.split.experiment
        if not experiment.watch.drop:
            return []
        report = to_json(experiment, outcomes(experiment, self.split.store, self.split.bundle, self.clock()))
        closed = []
        for arm in report["arms"][1:]:
            rate = arm["metrics"][DECIDES]
            if rate["high"] is not None and rate["high"] < 0 and self.split.tallies[arm["name"]].closed is None:
                sure = f"{rate['difference']:+.4f} to the control's ({rate['low']:+.4f} … {rate['high']:+.4f})"
                why = f"{rate['mean']:.4f} of its slates are rewarded, {sure}"
                self.split.close_arm(arm["name"], why)
                closed.append(arm["name"])
        return closed

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look at once, so that an arm that was closed before a restart is closed after it, and again and again while the block runs."""
        over = threading.Event()

        def look() -> None:
            while True:
                try:
                    self.look()
                except (BowerbirdError, OSError) as error:
                    logger.warning("experiment: %s", error)
                if over.wait(60 * self.split.experiment.watch.wait_minutes):
                    return

        thread = threading.Thread(target=look, name="experiment", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
