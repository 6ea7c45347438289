"""Models that learn from events as they happen are told of them, by the cadence."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bowerbird.evaluation.replay.cadence import Cadence, how_many
from bowerbird.protocols import Follows, Scorer
from bowerbird.types import Happened, Log


@dataclass(frozen=True, eq=False)
class Stream:
    """A log as it happened.

    order  (n_events,) places in the log, by time; of one instant in the log's order
    times  (n_events,) the times in this order
    """

    log: Log
    order: NDArray[np.intp] = field(init=False)
    times: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        order = np.argsort(self.log.times, kind="stable")
        object.__setattr__(self, "order", order)
        object.__setattr__(self, "times", self.log.times[order])

    def happened(self, start: int, end: int) -> list[Happened]:
        """Events number `start` up to and without number `end`, each with what its user had done before."""
        log, told = self.log, []
        for event in self.order[start:end].tolist():
            told.append(Happened(str(log.users[event]), log.before(event), int(log.items[event]), float(log.weights[event])))
        return told


def followed(
    model: Scorer, stream: Stream, cadence: Cadence, fitted: float, instants: NDArray[np.float64], batch: int
) -> Iterator[tuple[Scorer, int, int]]:
    """Questions in batches, each to be asked of one model: the one that was fitted, told of all that is known by then.

    fitted    when the model was fitted, seconds since 1970: it knows what was revealed by then
    instants  (n_questions,) when each question's recommender was last brought up to date; never falls
    batch     the most questions at once
    returns   the model, and the first question and the end of each batch
    cost      batches are full where a model does not follow, or what happened taught it nothing
    """
    known, first = how_many(stream.times, fitted, cadence.delay_s), 0
    for place, instant in enumerate(instants.tolist()):
        there = how_many(stream.times, instant, cadence.delay_s) if isinstance(model, Follows) else known
        later = model.after(stream.happened(known, there)) if isinstance(model, Follows) and there > known else model
        known = max(known, there)
        if place > first and (later is not model or place - first == batch):
            yield model, first, place
            first = place
        model = later
    yield model, first, len(instants)
