"""What is asked in a replay: every event that somebody liked, at its time. All cadences are asked the same."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.evaluation.replay.cadence import Cadence, how_many
from bowerbird.types import History, Log


@dataclass(frozen=True, eq=False, slots=True)
class Questions:
    """The events that are asked for, in the order of time.

    log        all events, those before the start among them
    start      when the replayed part begins, seconds since 1970
    events     (n,) int64, the places in the log of the events that are asked for; of one instant in the log's order
    since      (n,) float64, seconds since the last event of the same user that was earlier; NaN where there is none
    newcomers  (n,) bool, whose user did nothing before the start
    """

    log: Log
    start: float
    events: NDArray[np.int64]
    since: NDArray[np.float64]
    newcomers: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.events)

    @property
    def users(self) -> NDArray[np.int32]:
        """(n,) who is asked."""
        return self.log.users[self.events]

    @property
    def items(self) -> NDArray[np.int32]:
        """(n,) the right answers."""
        return self.log.items[self.events]

    @property
    def times(self) -> NDArray[np.float64]:
        """(n,) when it is asked: never falls."""
        return self.log.times[self.events]

    def histories(self, cadence: Cadence) -> list[History]:
        """What is known of the user at each question: the oldest events, up to what the cadence has been told."""
        return self._known(cadence.updated(self.times, self.start), cadence.delay_s)

    def taken(self, delay_s: float) -> list[History]:
        """All of the user's events that are revealed when it is asked, whatever the cadence."""
        return self._known(self.times, delay_s)

    def _known(self, instants: NDArray[np.float64], delay_s: float) -> list[History]:
        found = []
        for user, instant in zip(self.users.tolist(), instants.tolist(), strict=True):
            first, end = int(self.log.starts[user]), int(self.log.starts[user + 1])
            found.append(self.log.between(first, first + how_many(self.log.times[first:end], instant, delay_s)))
        return found


def questions(log: Log, part: float = 1 / 3, *, repeats: bool = False) -> Questions:
    """Ask for the liked events of the newest part of the log.

    part     share of the events that is replayed, in (0, 1)
    repeats  whether an item that the user had touched before is asked for again
    raises   DataError if the log has no clock, nothing lies before the replayed part, or nothing in it can be asked for
    cost     O(n log n)

    >>> log = Log(np.zeros(4, np.int32), np.array([0, 1, 0, 2]), np.ones(4, np.float32), np.arange(4.0), n_users=1, n_items=3)
    >>> asked = questions(log, part=0.5)
    >>> asked.start, asked.items.tolist(), asked.since.tolist()
    (2.0, [2], [1.0])
    """
    if not log.has_clock:
        raise DataError("replay: the events have no times, so there is no order of time to go through")
    if not 0 < part < 1:
        raise DataError(f"replay: part must be between 0 and 1, got {part}")
    ordered = np.sort(log.times)
    start = float(ordered[int(len(log) * (1 - part) + 1e-9)])
    if start <= ordered[0]:
        raise DataError(f"replay: nothing lies before the newest {part:.0%} of {len(log)} events, so there is nothing to fit on")
    asked = (log.times >= start) & (log.weights > 0)
    if not repeats:
        asked &= _first_touches(log)
    events = np.flatnonzero(asked)
    if not len(events):
        raise DataError(f"replay: nothing in the newest {part:.0%} of the events was liked for the first time")
    events = events[np.argsort(log.times[events], kind="stable")]
    known = np.bincount(log.users[log.times < start], minlength=log.n_users)
    return Questions(log, start, events, _since(log)[events], known[log.users[events]] == 0)


def _first_touches(log: Log) -> NDArray[np.bool_]:
    """(n_events,): the first event of its user with its item."""
    keys = log.users.astype(np.int64) * max(log.n_items, 1) + log.items
    first = np.zeros(len(log), np.bool_)
    first[np.unique(keys, return_index=True)[1]] = True
    return first


def _since(log: Log) -> NDArray[np.float64]:
    """(n_events,): seconds since the user's last earlier event. Events of one instant have the same."""
    places = np.arange(len(log))
    new_instant = np.ones(len(log), np.bool_)
    new_instant[1:] = (np.diff(log.times) != 0) | (np.diff(log.users) != 0)
    before = np.maximum.accumulate(np.where(new_instant, places, 0)) - 1
    there = before >= log.starts[log.users]
    return np.where(there, log.times - log.times[np.maximum(before, 0)], np.nan)
