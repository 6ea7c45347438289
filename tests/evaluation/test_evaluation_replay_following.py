"""Models that follow are told what happened, by the cadence; nothing changes for the others."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.evaluation.replay import EVENT, FROZEN, System, cadence, replay
from bowerbird.models import Blend, Ease, Popular, Trend
from bowerbird.models.steps import Lessons
from bowerbird.pipeline import RankingSettings
from bowerbird.protocols import silent
from bowerbird.types import Log

DAY = 86_400.0
N_ITEMS = 10
CADENCES = ["frozen", "masked", "daily", "6h", "event"]


@dataclass(frozen=True, eq=False)
class Listener:
    """Keeps what it was told, and with what it was asked."""

    asked: list[tuple[Any, tuple[Any, ...]]]
    told: tuple[Any, ...] = ()

    def score(self, queries):
        self.asked.extend((query, self.told) for query in queries)
        return np.zeros((len(queries), N_ITEMS), np.float32)

    def after(self, happened):
        return replace(self, told=(*self.told, *happened))


@dataclass(frozen=True, eq=False)
class Deaf:
    """A model that does not follow."""

    model: Any

    def score(self, queries):
        return self.model.score(queries)


@dataclass(frozen=True)
class Recipe:
    """Keeps the logs that it was fitted on."""

    read: list[Log] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)

    def fit(self, log, catalogue, rng, progress=silent):
        self.read.append(log)
        return Listener(self.asked)


@dataclass(frozen=True)
class Deafened:
    recipe: Any

    def fit(self, log, catalogue, rng, progress=silent):
        return Deaf(self.recipe.fit(log, catalogue, rng, progress))


def system(recipe: Any) -> System:
    return System("one", recipe, Catalogue.of([f"i{item}" for item in range(N_ITEMS)]), RankingSettings())


def made(rng: np.random.Generator, n_users: int = 12, each: int = 6) -> Log:
    users = np.repeat(np.arange(n_users, dtype=np.int32), each)
    items = np.concatenate([rng.permutation(N_ITEMS)[:each] for _ in range(n_users)]).astype(np.int32)
    times = np.sort(rng.integers(0, 40, (n_users, each)), axis=1).ravel() * DAY / 8  # many at one instant
    return Log(users, items, rng.choice([1.0, 1.0, 0.5, -1.0], len(users)).astype(np.float32), times, n_users, N_ITEMS)


@given(st.integers(0, 10_000), st.sampled_from([0, 0.125, 1, 2.5]), st.sampled_from(CADENCES), st.sampled_from([None, 1.0]))
@settings(max_examples=60, deadline=None)
def test_all_that_is_revealed_is_told_in_the_order_of_time_and_nothing_else(seed, delay, name, refit):
    log, recipe, how = made(np.random.default_rng(seed)), Recipe(), cadence(name, delay * DAY, refit)
    try:
        gone = replay(log, [system(recipe)], [how], part=0.5)
    except DataError:
        return  # nothing is revealed before the start, or nothing can be asked for
    asked = gone.questions
    fits = how.fitted(asked.times, asked.start)
    for event, instant, fitted, (query, told) in zip(asked.events, how.updated(asked.times, asked.start), fits, recipe.asked, strict=True):
        known = (log.times < instant) & (log.times <= instant - delay * DAY)
        known &= ~((log.times < fitted) & (log.times <= fitted - delay * DAY))
        places = np.flatnonzero(known)
        places = places[np.argsort(log.times[places], kind="stable")].tolist()
        assert query.time == log.times[event]
        assert [(one.user, one.item, one.weight, one.query.time) for one in told] == [
            (str(log.users[place]), log.items[place], log.weights[place], log.times[place]) for place in places
        ]
        for one, place in zip(told, places, strict=True):
            assert one.query.history.items.tolist() == log.before(place).history.items.tolist()


@pytest.mark.parametrize("how", [EVENT, cadence("daily"), cadence("event", DAY), cadence("event", refit_days=1)], ids=lambda how: how.name)
def test_the_answers_of_a_trend_are_those_of_a_straight_fold(how):
    log = made(np.random.default_rng(3))
    recipe, told = Trend(half_life_days=1), Recipe()
    line, _ = replay(log, [system(recipe), replace(system(told), name="two")], [how], part=0.5, k=N_ITEMS).lines
    wanted, times, start = [], np.array([query.time for query, _ in told.asked]), float(np.sort(log.times)[len(log) // 2])
    for (query, happened), fitted in zip(told.asked, how.fitted(times, start), strict=True):
        known = log.where((log.times < fitted) & (log.times <= fitted - how.delay_s))
        model = recipe.fit(known, system(recipe).catalogue, np.random.default_rng(0))
        for one in happened:
            model = model.after([one])
        row = model.score([query])[0]
        row[query.history.items] = np.nan
        wanted.append(row)
    asked = replay(log, [system(recipe)], [how], part=0.5, k=N_ITEMS).questions
    for gain, row, item in zip(line.ndcg, wanted, asked.items.tolist(), strict=True):
        assert gain == pytest.approx(0 if np.isnan(row[item]) else 1 / np.log2(1 + (row >= row[item]).sum()))  # ties count against us


def test_for_a_model_that_does_not_follow_nothing_changes_and_batches_are_full():
    log, sizes = made(np.random.default_rng(0)), []

    @dataclass(frozen=True, eq=False)
    class Counting(Deaf):
        def score(self, queries):
            sizes.append(len(queries))
            return super().score(queries)

    @dataclass(frozen=True)
    class Counted(Deafened):
        def fit(self, log, catalogue, rng, progress=silent):
            return Counting(self.recipe.fit(log, catalogue, rng, progress))

    blend = Blend(members=(Popular(), Ease()), cases=20)
    plain, deaf = (replay(log, [system(recipe)], [FROZEN, EVENT], part=0.5).lines for recipe in (blend, Counted(blend)))
    for one, other in zip(plain, deaf, strict=True):
        np.testing.assert_array_equal(one.ndcg, other.ndcg)
    assert sizes == [len(plain[0].ndcg)] * 2


MOVING = Blend(members=(Popular(), Trend()), cases=20, lessons=Lessons(step=0.1))


@pytest.mark.parametrize("recipe", [Trend(), MOVING], ids=["trend", "blend"])
def test_who_follows_is_not_told_where_all_stands_still(recipe):
    log = made(np.random.default_rng(1))
    (frozen, event), (still, _) = (replay(log, [system(one)], [FROZEN, EVENT], part=0.5).lines for one in (recipe, Deafened(recipe)))
    np.testing.assert_array_equal(frozen.ndcg, still.ndcg)
    assert (event.ndcg != frozen.ndcg).any()


def test_asked_in_batches_or_one_by_one_the_answers_of_who_follows_are_the_same():
    log = made(np.random.default_rng(2))
    whole, single = (replay(log, [system(MOVING)], [EVENT, cadence("daily")], batch=batch, part=0.5) for batch in (256, 1))
    for one, other in zip(whole.lines, single.lines, strict=True):
        np.testing.assert_array_equal(one.ndcg, other.ndcg)
