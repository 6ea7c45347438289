"""Who wants variety, as the history tells it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.models import Popular
from bowerbird.pipeline import Pipeline, RankingSettings, best
from bowerbird.ranking import MmrSettings, appetite, stretched
from bowerbird.ranking.appetite import LEAST, MOST, distance
from bowerbird.types import History, Log, Query, Request, Slate

RNG = np.random.default_rng
EACH = 10


def tastes() -> np.ndarray:
    """Items 0–9 of one taste, 10–19 of another, 20–29 of a third; within one they are much alike."""
    rows = np.eye(3, dtype=np.float32)[np.arange(3 * EACH) // EACH] + 0.1 * RNG(0).normal(size=(3 * EACH, 3)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


MIXED = Slate(np.array([0, 1, 2, 10, 11], np.int32), np.zeros(5, np.float32))


def wanted(items: list[int], weights: list[float] | None = None) -> float:
    return appetite(History.of(items, weights), MIXED, tastes())


def test_the_more_sides_a_history_has_the_more_variety_is_wanted() -> None:
    one, two, three = wanted(list(range(8))), wanted([*range(4), *range(10, 14)]), wanted([0, 1, 2, 10, 11, 12, 20, 21])
    assert one < min(two, 0.7)
    assert two == pytest.approx(1, abs=0.1)  # what is offered has two sides as well
    assert three > max(two, 1)


def test_more_of_the_same_says_it_more_clearly() -> None:
    assert wanted(list(range(9))) < wanted(list(range(4))) < wanted([0, 1]) < 1


def test_who_disliked_what_lay_far_off_wants_less_and_whoever_disliked_the_like_does_not() -> None:
    liked = [0, 1, 2, 10, 11, 12]
    plain = wanted(liked)
    burnt = wanted([*liked, 20, 21, 22, 23], [1] * 6 + [-1] * 4)
    picky = wanted([*liked, 3, 4, 13, 14], [1] * 6 + [-1] * 4)
    assert burnt < 0.95 * plain
    assert picky == pytest.approx(plain, rel=0.05)


def test_of_a_stranger_nothing_is_assumed() -> None:
    assert wanted([]) == 1
    assert wanted([4]) == 1
    assert wanted([4, 5], [0, -1]) == 1
    assert appetite(History.of([0, 1]), MIXED.take([0]), tastes()) == 1


@given(st.lists(st.tuples(st.integers(0, 29), st.sampled_from([-1.0, -0.3, 0.0, 0.5, 1.0])), max_size=70), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_it_stays_within_bounds_and_knows_no_item_numbers(events: list[tuple[int, float]], seed: int) -> None:
    items, weights = [item for item, _ in events], [weight for _, weight in events]
    plain = wanted(items, weights)
    assert LEAST <= plain <= MOST
    order = RNG(seed).permutation(30)
    number = np.argsort(order)
    moved = Slate(number[MIXED.items].astype(np.int32), MIXED.scores)
    assert appetite(History.of(number[items].astype(np.int32), weights), moved, tastes()[order]) == pytest.approx(plain, rel=1e-6)


@given(st.floats(0, 1), st.floats(LEAST, MOST))
def test_a_stretched_dial_is_a_dial(strength: float, much: float) -> None:
    assert 0 <= stretched(strength, much) <= 1
    assert (stretched(strength, much) - strength) * (much - 1) >= -1e-9


def test_distance_is_the_mean_over_the_pairs() -> None:
    rows = tastes()[:6].astype(np.float64)
    assert distance(rows) == pytest.approx(np.mean([1 - rows[i] @ rows[j] for i in range(6) for j in range(6) if i != j]))


def shop() -> Pipeline:
    log = Log(np.zeros(30, np.int32), np.arange(30, dtype=np.int32), np.ones(30, np.float32), np.full(30, np.nan), 1, 30)
    catalogue = Catalogue.of([str(number) for number in range(30)], vectors=tastes())
    ranking = RankingSettings(rerank=MmrSettings(), diversity=0.3, appetite=True, repeats=True)
    return Pipeline(Popular(half_life_days=None).fit(log, catalogue, RNG(0)), catalogue, ranking)


def test_the_pipeline_asks_it_where_the_request_does_not_say() -> None:
    pipeline, narrow, wide = shop(), Query(History.of(range(8))), Query(History.of([0, 1, 10, 11, 20, 21]))
    pool = best(pipeline.candidates([Request(narrow)])[0], 30)
    strengths = [pipeline.strength(Request(query, 5, dial), pool) for query in (narrow, wide) for dial in (None, 0.3)]
    assert strengths[0] != 0.3 != strengths[2]
    assert strengths[0] < strengths[2]
    assert strengths[1] == strengths[3] == 0.3


def test_an_item_beyond_the_table_is_refused() -> None:
    with pytest.raises(DataError, match=r"item numbers must lie in 0\.\.29"):
        wanted([30, 1])
