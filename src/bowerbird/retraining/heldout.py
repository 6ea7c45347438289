"""What a contest asks: the newest events, none of which the champion has learned from."""

from datetime import UTC, datetime

import numpy as np

from bowerbird.bundle import Bundle
from bowerbird.errors import DataError
from bowerbird.evaluation.replay import Questions, questions
from bowerbird.live import newest_event
from bowerbird.retraining.settings import ContestSettings
from bowerbird.types import Log

DAY = 86_400.0


def newest_learned(bundle: Bundle) -> float:
    """The instant of the newest event that the bundle was fitted on, seconds since 1970; NaN if its events have no times."""
    newest = newest_event(bundle)
    return float("nan") if newest is None else newest.timestamp()


def held_out(log: Log, learned: float, settings: ContestSettings, *, repeats: bool, seed: int) -> Questions:
    """The liked events of the newest part of what is later than `learned`: all, or as many as are wanted, drawn by chance.

    log      all events
    learned  the instant of the newest event that the champion was fitted on
    repeats  whether an item that the user had touched before is asked for again
    seed     of the draw
    raises   DataError where there is too little to be asked, or there are no times
    cost     O(n log n)
    """
    if np.isnan(learned) or not log.has_clock:
        raise DataError("events have no times, so it cannot be told which of them the champion has not learned from")
    later = np.sort(log.times[log.times > learned])
    if not len(later):
        raise DataError(f"nothing happened after {said(learned)}, the newest event that the champion has learned from")
    place = int(len(later) * (1 - settings.holdout) + 1e-9)
    if settings.holdout_days is not None:
        place = int(np.searchsorted(later, later[-1] - settings.holdout_days * DAY))
    start = float(later[place])
    asked = questions(log, float((log.times >= start).mean()), repeats=repeats)
    places = np.flatnonzero(asked.times >= start)
    if len(places) > settings.most_questions:
        places = np.sort(np.random.default_rng(seed).choice(places, settings.most_questions, replace=False))
    found = Questions(log, start, asked.events[places], asked.since[places], asked.newcomers[places])
    _enough(found, settings)
    return found


def said(instant: float) -> str:
    """An instant in words.

    >>> said(86400.0)
    '1970-01-02 00:00:00 UTC'
    """
    return f"{datetime.fromtimestamp(int(instant), UTC):%Y-%m-%d %H:%M:%S} UTC"


def _enough(asked: Questions, settings: ContestSettings) -> None:
    for got, least, what in (
        (len(asked), settings.least_questions, "questions"),
        (len(np.unique(asked.users)), settings.least_users, "users"),
    ):
        if got < least:
            raise DataError(f"the events held out since {said(asked.start)} make {got} {what}, and a contest needs at least {least}")
