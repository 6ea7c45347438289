"""A rehearsal: hide the newest part of a log, and ask for it. What a blend learns its weights from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bowerbird.types import Log, Query

LENGTHS = (0, 1, 2, 3, 6, 11)
"""Histories of 0, 1, 2, 3–5, 6–10 and 11 or more events have weights of their own."""

STALE = 86_400.0
"""Seconds since the last event, from which on a question is one of someone who comes back, and not of someone who goes on."""

N_STAGES = 2 * len(LENGTHS) - 1
"""The stages: each length for those who go on (newcomers among them), then each length but 0 for those who come back."""

ASKERS = np.array([0] + [1] * (len(LENGTHS) - 1) + [2] * (len(LENGTHS) - 1))
"""Who asks in each stage: newcomers 0, those who go on 1, those who come back 2."""

SLICE = 0.1
PER_USER = 20
PER_LENGTH = 150


def stage(queries: Sequence[Query]) -> NDArray[np.intp]:
    """The number of the stage of each query. Without a clock everyone goes on.

    >>> from bowerbird.types import History
    >>> on, back = Query(History.of([4, 2], times=[0, 60]), time=90), Query(History.of([4, 2], times=[0, 60]), time=90_000)
    >>> stage([Query(History.of([])), on, back, Query(History.of(range(400)))]).tolist()
    [0, 2, 7, 5]
    """
    numbers = _by_length([len(query.history) for query in queries])
    back = [len(query.history) > 0 and bool(query.time - query.history.times[-1] > STALE) for query in queries]
    return numbers + (len(LENGTHS) - 1) * np.array(back, np.intp)


def _by_length(lengths: NDArray[np.int64] | list[int]) -> NDArray[np.intp]:
    return np.searchsorted(np.array(LENGTHS), lengths, side="right") - 1


@dataclass(frozen=True, eq=False)
class Question:
    """A query, and what is known of the answer.

    user    whose number
    asked   (n,) int32, items that the weights shall bring to the top
    wanted  (m,) int32, all that the user liked later and had not touched before: none of these is a mistake, if it stands above
    """

    user: int
    query: Query
    asked: NDArray[np.int32]
    wanted: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """Questions, and the log that may be learned from before they are asked."""

    log: Log
    questions: tuple[Question, ...]


def rehearse(log: Log, n_cases: int, rng: np.random.Generator, *, newest: bool = True) -> Rehearsal:
    """Hide events and ask for them, about `n_cases` times.

    With a clock, and `newest`: all events of the last tenth are hidden, and at most 20 a user of those that say "liked" are asked for. Each
    user asks for all of these at once, with what came before the last tenth, as someone who comes back does, and as a split by time
    asks; and for each second one with all that came before it, as someone who goes on. Else: the last such event of each user.

    Lengths of history with few cases are filled up with longer histories cut to their newest events, so that the answers for newcomers
    are rehearsed too.

    cost    O(events · log events)
    """
    if not len(log):
        return Rehearsal(log, ())
    fresh = _fresh(log)
    hidden, asked = (_by_time if newest and log.has_clock else _by_user)(log, fresh, n_cases, rng)
    made = [_question(log, fresh, end, places) for end, places in asked]
    return Rehearsal(log.where(~hidden), tuple(made + _cut_short(made, rng)))


def _fresh(log: Log) -> NDArray[np.bool_]:
    """(n_events,): a sign of interest in an item that the user had not touched before."""
    first = np.zeros(len(log), bool)
    first[np.unique(log.users.astype(np.int64) * max(log.n_items, 1) + log.items, return_index=True)[1]] = True
    return first & (log.weights > 0)


Asked = list[tuple[int, NDArray[np.intp]]]
"""Where the history of each question ends in the log, and the events that it asks for."""


def _by_time(log: Log, fresh: NDArray[np.bool_], n_cases: int, rng: np.random.Generator) -> tuple[NDArray[np.bool_], Asked]:
    hidden = log.times >= np.quantile(log.times, 1 - SLICE)
    shuffled = rng.permutation(np.flatnonzero(hidden & fresh))
    shuffled = shuffled[np.argsort(log.users[shuffled], kind="stable")]
    turn = np.arange(len(shuffled)) - np.searchsorted(log.users[shuffled], log.users[shuffled])
    places = np.sort(rng.permutation(shuffled[turn < PER_USER])[: 2 * n_cases // 3])
    users, begins = np.unique(log.users[places], return_index=True)
    first_hidden = log.starts[1:] - np.bincount(log.users[hidden], minlength=log.n_users)
    back = list(zip(first_hidden[users].tolist(), np.split(places, begins[1:]), strict=True)) if len(users) else []
    return hidden, back + [(int(place), places[at : at + 1]) for at, place in enumerate(places) if at % 2 == 0]


def _by_user(log: Log, fresh: NDArray[np.bool_], n_cases: int, rng: np.random.Generator) -> tuple[NDArray[np.bool_], Asked]:
    places = np.flatnonzero(fresh)
    last = places[np.searchsorted(log.users[places], np.unique(log.users[places]), side="right") - 1]
    asked = np.sort(rng.permutation(last)[:n_cases])
    ends = np.full(log.n_users, len(log), np.int64)
    ends[log.users[asked]] = asked
    return np.arange(len(log)) >= ends[log.users], [(int(place), asked[at : at + 1]) for at, place in enumerate(asked)]


def _question(log: Log, fresh: NDArray[np.bool_], end: int, asked: NDArray[np.intp]) -> Question:
    """What the user did before event number `end`, asked at the time of that event."""
    user = int(log.users[end])
    stop = int(log.starts[user + 1])
    return Question(user, log.before(end), log.items[asked], log.items[end:stop][fresh[end:stop]])


def _cut_short(questions: list[Question], rng: np.random.Generator) -> list[Question]:
    """Questions with longer histories cut short, for the lengths that have too few cases."""
    cases = [(question, place) for question in questions for place in range(len(question.asked))]
    lengths = np.array([len(question.query.history) for question, _ in cases], np.int64)
    counts = np.bincount(_by_length(lengths), minlength=len(LENGTHS))
    made = []
    for number, (low, high) in enumerate(pairwise(LENGTHS)):
        chosen = rng.permutation(np.flatnonzero(lengths >= high))[: max(PER_LENGTH - int(counts[number]), 0)]
        for case, cut in zip(chosen.tolist(), rng.integers(low, high, len(chosen)).tolist(), strict=True):
            question, place = cases[case]
            query = replace(question.query, history=question.query.history.last(cut))
            made.append(Question(question.user, query, question.asked[place : place + 1], question.wanted))
    return made
