"""A rehearsal: hide the newest part of a log, and ask for it. What a blend learns its weights from."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bowerbird.types import History, Log, Query

STAGES = (0, 1, 2, 3, 6, 11)
"""A history's stage is the last of these that its length reaches: 0, 1, 2, 3–5, 6–10 and 11 or more events."""

SLICE = 0.1
PER_USER = 20
PER_STAGE = 150


def stage(lengths: NDArray[np.int64] | list[int]) -> NDArray[np.intp]:
    """The number of the stage of each length.

    >>> stage([0, 1, 5, 6, 400]).tolist()
    [0, 1, 3, 4, 5]
    """
    return np.searchsorted(np.array(STAGES), lengths, side="right") - 1


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """Questions with one answer each, and the log that may be learned from before they are asked.

    log      what is left
    queries  histories up to the hidden event
    targets  (n_queries,) int32, the item of the hidden event; never one of the history
    """

    log: Log
    queries: tuple[Query, ...]
    targets: NDArray[np.int32]


def rehearse(log: Log, n_cases: int, rng: np.random.Generator, *, newest: bool = True) -> Rehearsal:
    """Hide events and ask for them.

    With a clock, and `newest`: all events of the last tenth are hidden, and up to `n_cases` of those that say "liked" are asked for, at
    most 20 a user: one half with all that came before them, as to someone who goes on; one half with what came before the last tenth,
    as to someone who comes back. Else: the last such event of up to `n_cases` users.

    Stages of the history's length with few cases are filled up with longer histories cut to their newest events, so that the
    answers for newcomers are rehearsed too.

    cost    O(events · log events)
    """
    if not len(log):
        return Rehearsal(log, (), np.zeros(0, np.int32))
    fresh = _fresh(log)
    newest = newest and log.has_clock
    hidden, asked = _by_time(log, fresh, n_cases, rng) if newest else _by_user(log, fresh, n_cases, rng)
    ends = asked.copy()
    if newest:
        first_hidden = log.starts[1:] - np.bincount(log.users[hidden], minlength=log.n_users)
        ends[::2] = first_hidden[log.users[asked[::2]]]
    made = [_question(log, int(log.users[place]), int(end)) for place, end in zip(asked, ends, strict=True)]
    queries, targets = _filled(made, log.items[asked], rng)
    return Rehearsal(log.where(~hidden), tuple(queries), targets)


def _fresh(log: Log) -> NDArray[np.bool_]:
    """(n_events,): a sign of interest in an item that the user had not touched before."""
    first = np.zeros(len(log), bool)
    first[np.unique(log.users.astype(np.int64) * max(log.n_items, 1) + log.items, return_index=True)[1]] = True
    return first & (log.weights > 0)


def _by_time(log: Log, fresh: NDArray[np.bool_], n_cases: int, rng: np.random.Generator) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    hidden = log.times >= np.quantile(log.times, 1 - SLICE)
    shuffled = rng.permutation(np.flatnonzero(hidden & fresh))
    shuffled = shuffled[np.argsort(log.users[shuffled], kind="stable")]
    users = log.users[shuffled]
    turn = np.arange(len(users)) - np.searchsorted(users, users)
    asked = shuffled[turn < PER_USER]
    return hidden, np.sort(rng.permutation(asked)[:n_cases])


def _by_user(log: Log, fresh: NDArray[np.bool_], n_cases: int, rng: np.random.Generator) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    places = np.flatnonzero(fresh)
    last = places[np.searchsorted(log.users[places], np.unique(log.users[places]), side="right") - 1]
    asked = np.sort(rng.permutation(last)[:n_cases])
    ends = np.full(log.n_users, len(log), np.int64)
    ends[log.users[asked]] = asked
    return np.arange(len(log)) >= ends[log.users], asked


def _question(log: Log, user: int, end: int) -> Query:
    """What the user did before event number `end`, asked at the time of that event."""
    here = slice(int(log.starts[user]), end)
    return Query(History(log.items[here], log.weights[here], log.times[here]), float(log.times[end]))


def _filled(queries: list[Query], targets: NDArray[np.int32], rng: np.random.Generator) -> tuple[list[Query], NDArray[np.int32]]:
    """The cases, and longer ones cut short for the stages that have too few."""
    lengths = np.array([len(query.history) for query in queries], np.int64)
    counts = np.bincount(stage(lengths), minlength=len(STAGES)) if len(queries) else np.zeros(len(STAGES), np.int64)
    more, origins = list(queries), [np.arange(len(queries))]
    for number, (low, high) in enumerate(pairwise(STAGES)):
        longer = np.flatnonzero(lengths >= high)
        chosen = rng.permutation(longer)[: max(PER_STAGE - int(counts[number]), 0)]
        cuts = rng.integers(low, high, len(chosen))
        more += [Query(queries[place].history.last(int(cut)), queries[place].time) for place, cut in zip(chosen, cuts, strict=True)]
        origins.append(chosen)
    return more, targets[np.concatenate(origins)]
