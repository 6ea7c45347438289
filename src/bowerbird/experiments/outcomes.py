"""What came of an experiment, read from the log: of each user one row, once it is complete."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from bowerbird.bundle import Bundle
from bowerbird.data import history_of
from bowerbird.evaluation.beyond import intra_list_distance
from bowerbird.experiments.sequences import Values
from bowerbird.experiments.settings import Experiment
from bowerbird.store import SlateRow, SqlStore
from bowerbird.types import Slate, UserId

METRICS = ("rewarded", "disliked", "empty", "diversity")
"""Of a user, each in 0..1: the share of their slates that something liked answered, that something disliked answered, that had no item; and
the mean over their slates of the mean distance of two items, by the vectors of the bundle that is given."""


@dataclass(frozen=True, eq=False, slots=True)
class Outcomes:
    """Users in the order of their first slates.

    arms     (n_users,) place of each one's arm
    values   by metric (n_users,); NaN where it cannot be said
    slates   how many they had
    open     users whose window is not over, and who do not count yet
    crossed  users who had slates of several arms (the shares or the salt were changed), and count for none
    """

    arms: np.ndarray[tuple[int], np.dtype[np.int64]]
    values: dict[str, Values]
    slates: int
    open: int
    crossed: int


@dataclass(eq=False)
class _User:
    arm: str
    since: datetime
    slates: list[SlateRow]
    crossed: bool = False


def outcomes(experiment: Experiment, store: SqlStore, bundle: Bundle, now: datetime) -> Outcomes:
    """Read what came of the slates of an experiment.

    bundle  its settings and scale say what is liked, its vectors how far items are from each other
    now     users whose window ends later are open
    raises  StoreError
    cost    a look at every slate, and a query for each that counts
    """
    window = timedelta(hours=experiment.window_hours)
    places = {experiment.label(arm): place for place, arm in enumerate(experiment.arms)}
    users: dict[UserId, _User] = {}
    for slate in store.all_slates(until=now):
        arm = slate.receipt.get("arm")
        if slate.user is None or arm not in places:
            continue
        user = users.setdefault(slate.user, _User(arm, slate.time, []))
        user.crossed |= arm != user.arm
        if slate.time <= user.since + window:
            user.slates.append(slate)
    kept = sorted((user for user in users.values() if not user.crossed), key=lambda user: user.since)
    done = [user for user in kept if user.since + window <= now]
    rows = np.array([_row(user, store, bundle, window) for user in done], np.float64).reshape(-1, len(METRICS))
    return Outcomes(
        np.array([places[user.arm] for user in done], np.int64),
        {name: rows[:, place] for place, name in enumerate(METRICS)},
        slates=sum(len(user.slates) for user in done),
        open=len(kept) - len(done),
        crossed=len(users) - len(kept),
    )


def _row(user: _User, store: SqlStore, bundle: Bundle, window: timedelta) -> list[float]:
    """One user's metrics, in the order of `METRICS`."""
    liked, disliked = np.array([_answered(slate, store, bundle, user.since + window) for slate in user.slates]).T
    empty = [not slate.items for slate in user.slates]
    return [float(liked.mean()), float(disliked.mean()), float(np.mean(empty)), _distance(user.slates, bundle)]


def _answered(slate: SlateRow, store: SqlStore, bundle: Bundle, until: datetime) -> tuple[bool, bool]:
    """Whether something liked, and something disliked, answered a slate before the user's window was over."""
    answers = [one for one in store.answers(slate.id) if one.user == slate.user and (one.time is None or one.time <= until)]
    weights = history_of(answers, bundle.catalogue, bundle.config.data, bundle.scale)[0].weights
    return bool((weights > 0).any()), bool((weights < 0).any())


def _distance(slates: Sequence[SlateRow], bundle: Bundle) -> float:
    vectors = bundle.catalogue.vectors
    if vectors is None:
        return float("nan")
    numbers = [bundle.catalogue.numbers(slate.items) for slate in slates]
    lists = [Slate(items[items >= 0], np.zeros((items >= 0).sum(), np.float32)) for items in numbers]
    distances = intra_list_distance(lists, vectors)
    known = distances[~np.isnan(distances)]
    return float(np.clip(known.mean() / 2, 0, 1)) if len(known) else float("nan")
