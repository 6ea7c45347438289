"""Ways to cut a log into what is learned from and what is asked. No split lets a model see what comes after its question."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from bowerbird.config import Settings
from bowerbird.data.cases import Cases, Split, cases_at
from bowerbird.errors import DataError
from bowerbird.types import Log

__all__ = ["Cases", "Split", "SplitSettings", "split", "split_labelled", "split_last", "split_time", "split_users"]

Share = Annotated[float, Field(gt=0, lt=1)]


class SplitSettings(Settings):
    """How to cut.

    kind        "time": two instants for all; "last": each user's last two; "users": held-out users, folded in
    validation  share of the events ("time") or users ("users") to tune by
    test        share to judge by
    hidden      of a held-out user's events, the newest share that is asked for
    """

    kind: Literal["time", "last", "users"] = "time"
    validation: Share = 0.1
    test: Share = 0.1
    hidden: Share = 0.2

    @model_validator(mode="after")
    def _leave_some(self) -> "SplitSettings":
        if self.validation + self.test >= 1:
            raise ValueError("validation and test must leave something to learn from: together less than 1")
        return self


def split(log: Log, settings: SplitSettings, rng: np.random.Generator, *, repeats: bool = False) -> Split:
    """Cut as the settings say.

    repeats  whether an item of the history can be a target
    raises  DataError if the log cannot be cut so
    """
    if settings.kind == "time":
        return split_time(log, settings.validation, settings.test, repeats=repeats)
    if settings.kind == "last":
        return split_last(log, repeats=repeats)
    return split_users(log, rng, settings.validation, settings.test, settings.hidden, repeats=repeats)


def split_time(log: Log, validation: float = 0.1, test: float = 0.1, *, repeats: bool = False) -> Split:
    """Cut at two instants, the same for all: train < first ≤ validation < second ≤ test.

    A query is asked at the instant, with all that the user did before it; a newcomer is asked with an empty history. Users who
    take nothing new in a window have no case in it.

    validation, test  shares of the events
    raises            DataError if the log has no clock, or too many of its events fall on one instant
    cost              O(n log n)

    >>> log = Log(np.zeros(4, np.int32), np.arange(4, dtype=np.int32), np.ones(4, np.float32), np.arange(4.0), n_users=1, n_items=4)
    >>> cut = split_time(log, validation=0.25, test=0.25)
    >>> len(cut.train), cut.validation.targets[0].tolist(), cut.test.targets[0].tolist(), cut.test.queries[0].history.items.tolist()
    (2, [2], [3], [0, 1, 2])
    """
    if not log.has_clock:
        raise DataError('split "time": the events have no times; use split "last" or "users"')
    ordered = np.sort(log.times)
    first = ordered[int(len(log) * (1 - validation - test) + 1e-9)]
    second = ordered[int(len(log) * (1 - test) + 1e-9)]
    if not ordered[0] < first < second:
        raise DataError(
            f'split "time": {len(log)} events cannot be cut at two instants into {1 - validation - test:.0%}, {validation:.0%}'
            f' and {test:.0%}: too few, or too many at the same time; use split "last" or "users"'
        )
    early, late = log.times < first, log.times >= second
    return Split(
        "time",
        log.where(early),
        _asked_at(log, float(first), ~early & ~late, repeats),
        log.where(~late),
        _asked_at(log, float(second), late, repeats),
    )


def split_last(log: Log, *, repeats: bool = False) -> Split:
    """Leave-last-out: each user's last event is the test, the one before it the validation.

    Counted are events that can be a target: of a weight above 0 and, unless `repeats`, the user's first with their item. A user with
    fewer than three of them is only learned from. A query is asked at the time of its target, with all events before it. What comes
    after the test's target is used nowhere.

    cost    O(n log n)
    """
    can = log.weights > 0
    if not repeats:
        keys = log.users.astype(np.int64) * max(log.n_items, 1) + log.items
        first = np.zeros(len(log), bool)
        first[np.unique(keys, return_index=True)[1]] = True
        can &= first
    places = np.flatnonzero(can)
    counts = np.bincount(log.users[places], minlength=log.n_users)
    ends = np.cumsum(counts)
    users = np.flatnonzero(counts >= 3)
    last, second_last = places[ends[users] - 1], places[ends[users] - 2]
    before_test, test = _asked_for(log, users, last, repeats)
    train, validation = _asked_for(log, users, second_last, repeats)
    return Split("last", train, validation, before_test, test)


def split_users(
    log: Log, rng: np.random.Generator, validation: float = 0.1, test: float = 0.1, hidden: float = 0.2, *, repeats: bool = False
) -> Split:
    """Held-out users, folded in: models never see them in training; a query is the older part of their events, the newest are asked for.

    validation, test  shares of the users who have two events or more; at least one user each
    hidden            of a held-out user's events, the newest share; at least one event, and never all
    rng               picks the users
    raises            DataError if fewer than three users have two events
    cost              O(n log n)
    """
    lengths = np.diff(log.starts)
    able = np.flatnonzero(lengths >= 2)
    if len(able) < 3:
        raise DataError(f'split "users": needs at least 3 users with 2 events or more, got {len(able)}')
    n_test, n_validation = (max(1, round(share * len(able))) for share in (test, validation))
    if n_test + n_validation >= len(able):
        raise DataError(f'split "users": shares of {validation} and {test} leave none of {len(able)} users to learn from')
    shuffled = rng.permutation(able)
    tested, validated = shuffled[:n_test], shuffled[n_test : n_test + n_validation]
    shown = lengths - np.clip(np.round(hidden * lengths), 1, np.maximum(lengths - 1, 1)).astype(np.int64)
    in_test, in_validation = np.isin(log.users, tested), np.isin(log.users, validated)
    times = _time_of(log, log.starts[:-1] + shown)
    return Split(
        "users",
        log.where(~in_test & ~in_validation),
        cases_at(log, shown, in_validation, times, repeats),
        log.where(~in_test),
        cases_at(log, shown, in_test, times, repeats),
    )


def split_labelled(log: Log, parts: NDArray[np.int8], *, repeats: bool = False) -> Split:
    """A cut that the data came with: the parts of each user must follow one another in its order.

    parts   (n_events,) 0 = train, 1 = validation, 2 = test
    raises  DataError if an event of a user comes after one of a later part

    >>> log = Log(np.zeros(3, np.int32), np.arange(3, dtype=np.int32), np.ones(3, np.float32), np.full(3, np.nan), n_users=1, n_items=3)
    >>> split_labelled(log, np.array([0, 1, 2], np.int8)).test.targets[0].tolist()
    [2]
    """
    if len(parts) != len(log):
        raise DataError(f"split: there must be one part an event, got {len(parts)} for {len(log)} events")
    falls = np.flatnonzero((np.diff(parts) < 0) & (np.diff(log.users) == 0))
    if len(falls):
        raise DataError(
            f"split: user number {log.users[falls[0]]} has an event of part {parts[falls[0] + 1]} after one of part {parts[falls[0]]}"
        )
    cases = []
    for part in (1, 2):
        known = np.bincount(log.users[parts < part], minlength=log.n_users)
        cases.append(cases_at(log, known, parts == part, _time_of(log, log.starts[:-1] + known), repeats))
    return Split("labelled", log.where(parts == 0), cases[0], log.where(parts < 2), cases[1])


def _asked_at(log: Log, instant: float, window: NDArray[np.bool_], repeats: bool) -> Cases:
    """One query a user at the same instant."""
    known = np.bincount(log.users[log.times < instant], minlength=log.n_users)
    return cases_at(log, known, window, np.full(log.n_users, instant), repeats)


def _asked_for(log: Log, users: NDArray[np.intp], places: NDArray[np.intp], repeats: bool) -> tuple[Log, Cases]:
    """Each user's one event at `places` is asked for; and the log of what comes before it (all of the other users)."""
    known = np.diff(log.starts)
    known[users] = places - log.starts[users]
    wanted = np.zeros(len(log), bool)
    wanted[places] = True
    before = np.arange(len(log)) < (log.starts[:-1] + known)[log.users]
    return log.where(before), cases_at(log, known, wanted, _time_of(log, log.starts[:-1] + known), repeats)


def _time_of(log: Log, places: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n_users,) the time of one event a user; NaN where there is none."""
    inside = places < log.starts[1:]
    return np.where(inside, np.append(log.times, np.nan)[np.minimum(places, len(log))], np.nan)
