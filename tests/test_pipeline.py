"""The one path: score, mask, retrieve, re-rank."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from bowerbird.config import parse
from bowerbird.data import Cases, Catalogue
from bowerbird.errors import ConfigError, DataError
from bowerbird.evaluation.frontier.pools import pooled as frontier_pools
from bowerbird.intents import Intents
from bowerbird.pipeline import Pipeline, RankingSettings, best, pooled
from bowerbird.ranking import ExploreSettings, MmrSettings
from bowerbird.types import Happened, History, Log, Query, Request, Scores, Shown


@dataclass(frozen=True)
class Fixed:
    """Scores every query alike."""

    row: tuple[float, ...]

    def score(self, queries: Sequence[Query]) -> Scores:
        return np.tile(np.array(self.row, np.float32), (len(queries), 1))


def ask(*items: int, **rest: object) -> Request:
    return Request(Query(History.of(list(items))), **rest)  # type: ignore[arg-type]


def shop(n: int = 6) -> Catalogue:
    return Catalogue.of([f"item {number}" for number in range(n)])


nan = float("nan")


def test_best_first_without_the_history() -> None:
    slate = Pipeline(Fixed((1, 5, 4, 3, 2, 0)), shop()).recommend([ask(1, k=3)])[0]
    assert slate.items.tolist() == [2, 3, 4]
    assert slate.scores.tolist() == [4, 3, 2]


def test_repeats_when_wanted() -> None:
    pipeline = Pipeline(Fixed((1, 5, 4, 3, 2, 0)), shop(), RankingSettings(repeats=True))
    assert pipeline.recommend([ask(1, k=2)])[0].items.tolist() == [1, 2]


def test_what_cannot_be_scored_is_not_shown_and_the_list_is_short() -> None:
    assert Pipeline(Fixed((nan, 5, nan, nan, 2, nan)), shop()).recommend([ask(k=4)])[0].items.tolist() == [1, 4]


def test_items_beyond_the_scorer_are_left_out() -> None:
    assert Pipeline(Fixed((1, 2)), shop(4)).recommend([ask(k=9)])[0].items.tolist() == [1, 0]


def test_a_scorer_wider_than_the_catalogue_is_refused() -> None:
    with pytest.raises(DataError, match="knows 6 items and the catalogue only 4"):
        Pipeline(Fixed((1, 2, 3, 4, 5, 6)), shop(4)).recommend([ask()])


def test_only_what_the_request_allows() -> None:
    allowed = np.array([True, False, True, False, False, False])
    assert Pipeline(Fixed((1, 5, 4, 3, 2, 0)), shop()).recommend([ask(k=4, allowed=allowed)])[0].items.tolist() == [2, 0]


def test_no_request_no_slate() -> None:
    assert Pipeline(Fixed((1, 2)), shop(2)).recommend([]) == []


@given(arrays(np.float32, 12, elements=st.sampled_from([0.0, 1.0, 2.0, nan])), st.integers(1, 15))
def test_best_is_a_stable_sort(row: np.ndarray, n: int) -> None:
    expected = sorted((number for number in range(12) if not np.isnan(row[number])), key=lambda number: (-row[number], number))[:n]
    assert best(row, n).items.tolist() == expected


def test_a_batch_is_its_single_requests() -> None:
    pipeline = Pipeline(Fixed((1, 5, 4, 3, 2, 0)), shop())
    requests = [ask(1, k=3), ask(k=2), ask(2, 3, k=6)]
    together = pipeline.recommend(requests)
    for request, slate in zip(requests, together, strict=True):
        assert slate.items.tolist() == pipeline.recommend([request])[0].items.tolist()


@dataclass(frozen=True)
class Alike:
    """Scores an item by how many events of the history are of its half: 0–9 or 10–19; the lower numbers a little better."""

    asked: list[int]

    def score(self, queries: Sequence[Query]) -> Scores:
        self.asked.append(len(queries))
        halves = np.array([[(query.history.items < 10).sum(), (query.history.items >= 10).sum()] for query in queries], np.float32)
        return np.repeat(halves, 10, axis=1) - np.arange(20, dtype=np.float32) / 100


def two_sided(interests: int) -> Pipeline:
    vectors = np.repeat(np.eye(2, dtype=np.float32), 10, axis=0)
    found = Intents(("tea", "rope"), np.eye(2, dtype=np.float32), np.array([0, 1], np.int32), 0.1, sparse.csr_array(vectors))
    catalogue = Catalogue.of([str(number) for number in range(20)], vectors=vectors).with_intents(found)
    return Pipeline(Alike([]), catalogue, RankingSettings(rerank=MmrSettings(), pool=4, interests=interests))


TEA_AND_SOME_ROPE = ask(0, 1, 2, 3, 4, 5, 10, 11, 12, k=1, diversity=0.5)


def test_a_minor_interest_is_in_the_pool_only_if_it_is_asked_for() -> None:
    plain, asked = two_sided(0), two_sided(4)
    scores = plain.candidates([TEA_AND_SOME_ROPE])
    assert plain.parts([TEA_AND_SOME_ROPE], scores)[0].shape == (0, 20)
    assert pooled(scores[0], np.zeros((0, 20), np.float32), 4).items.tolist() == [6, 7, 8, 9]
    parts = asked.parts([TEA_AND_SOME_ROPE], scores)[0]
    assert pooled(scores[0], parts, 4).items.tolist() == [6, 7, 8, 13]


def test_interests_are_asked_for_in_one_go_and_only_where_a_re_ranker_chooses() -> None:
    pipeline = two_sided(4)
    requests = [TEA_AND_SOME_ROPE, replace(TEA_AND_SOME_ROPE, diversity=0), ask(0, 1, diversity=0.5), TEA_AND_SOME_ROPE]
    together = [slate.items.tolist() for slate in pipeline.recommend(requests)]
    assert pipeline.scorer.asked == [4, 4]  # type: ignore[attr-defined]
    assert together == [two_sided(4).recommend([request])[0].items.tolist() for request in requests]


def test_what_was_taken_or_may_not_be_shown_is_in_no_pool() -> None:
    allowed = np.ones(20, bool)
    allowed[13] = False
    request = replace(TEA_AND_SOME_ROPE, allowed=allowed, k=9)
    shown = two_sided(4).recommend([request])[0].items.tolist()
    assert not {13, *range(6), 10, 11, 12} & set(shown)
    assert 14 in shown


def test_the_best_none_are_none() -> None:
    assert len(best(np.ones(3, np.float32), 0)) == 0


def twins() -> Catalogue:
    return Catalogue.of(["a", "a again", "b"], vectors=[[1, 0], [1, 0], [0, 1]])


@pytest.mark.parametrize("kind", ["mmr", "dpp", "ssd", "exchange"])
def test_a_calibrated_dial_is_read_between_its_tenths(kind: str) -> None:
    raw = RankingSettings.model_validate({"rerank": {"kind": kind}})
    dialled = raw.model_copy(update={"dial": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.8, 1.0)})
    plain, mapped = (Pipeline(Fixed((3, 2.9, 0.5)), twins(), settings) for settings in (raw, dialled))
    for diversity, strength in ((0.0, 0.0), (0.8, 0.0), (0.85, 0.4), (0.9, 0.8), (1.0, 1.0)):
        assert dialled.strength(diversity) == pytest.approx(strength)
        mine, theirs = mapped.recommend([ask(k=2, diversity=diversity)])[0], plain.recommend([ask(k=2, diversity=strength)])[0]
        assert mine.items.tolist() == theirs.items.tolist()
    assert mapped.recommend([ask(k=2, diversity=0.0)])[0].items.tolist() == [0, 1], "0 is the scorer's order under any dial"
    assert mapped.recommend([ask(k=2, diversity=1.0)])[0].items.tolist() == [0, 2]


@pytest.mark.parametrize(
    "dial", [(0.0,) * 10, (0.1,) * 11, (*(0.0,) * 9, 0.5, 0.4), (*(0.0,) * 10, 1.5), (0.0, float("nan"), *(1.0,) * 9)], ids=str
)
def test_a_dial_that_is_none_is_refused(dial: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="dial: value error, must be 11 numbers"):
        parse(RankingSettings, {"dial": dial})


def test_the_frontier_prices_the_pools_that_are_served() -> None:
    """Those with a place for each interest, where the settings want it."""
    pipeline, request = two_sided(4), ask(0, 1, 2, 3, 10, 11, 12, k=1, diversity=0.5)
    cases = Cases((request.query,), (np.array([13], np.int32),), np.zeros(1, np.int32))
    log = Log(np.zeros(1, np.int32), np.zeros(1, np.int32), np.ones(1, np.float32), np.full(1, np.nan), 1, 20)
    scores = pipeline.candidates([request])
    served = pipeline.pool(request, scores[0], pipeline.parts([request], scores)[0])
    priced = frontier_pools(pipeline, cases, log, k=1).slates[0]
    assert priced.items.tolist() == served.items.tolist()
    assert priced.items.tolist() == [4, 5, 6, 7, 13] != pipeline.pool(request, scores[0]).items.tolist()


EXPLORING = RankingSettings(explore=ExploreSettings(places=(2, 3), candidates=4))


def test_without_exploration_a_slate_is_certain_and_tells_its_standings() -> None:
    slate = Pipeline(Fixed((1, 5, 4, 3, 2, 0)), shop()).recommend([ask(1, k=3)])[0]
    assert slate.propensities is not None
    assert slate.standings is not None
    assert slate.propensities.tolist() == [1, 1, 1]
    pool = np.array([4, 3, 2, 1, 0])
    np.testing.assert_allclose(slate.standings, (np.array([4, 3, 2]) - pool.mean()) / pool.std(), rtol=1e-6)


def test_an_explored_slate_tells_how_likely_it_was_and_comes_again_from_its_request() -> None:
    pipeline = Pipeline(Fixed(tuple(range(12, 0, -1))), shop(12), EXPLORING)
    requests = [ask(number, k=4, seed=seed) for number in range(3) for seed in range(20)]
    slates = pipeline.recommend(requests)
    assert len({tuple(slate.items.tolist()) for slate in slates}) > 10
    told = pipeline.chances([replace(request, seed=-1) for request in requests], [slate.items for slate in slates])
    for request, slate, chances in zip(requests, slates, told, strict=True):
        assert slate.propensities is not None
        assert request.query.history.items[0] not in slate.items
        assert slate.propensities[[0, 3]].tolist() == [1, 1]
        assert chances.tolist() == slate.propensities.tolist()
        assert pipeline.recommend([request])[0].items.tolist() == slate.items.tolist()


def test_a_deterministic_pipeline_is_certain_of_its_own_slate_alone() -> None:
    plain = Pipeline(Fixed(tuple(range(12, 0, -1))), shop(12))
    explored = replace(plain, settings=EXPLORING)
    request = ask(k=4)
    [own], [drawn] = plain.recommend([request]), explored.recommend([request])
    assert plain.chances([request], [own.items])[0].tolist() == [1, 1, 1, 1]
    same = np.cumprod(own.items == drawn.items)
    assert plain.chances([request], [drawn.items])[0].tolist() == same.tolist()


def test_the_pipeline_explores_by_the_state_that_it_is_given() -> None:
    plain = Pipeline(Fixed(tuple(range(12, 0, -1))), shop(12), EXPLORING)
    shown = Shown(np.array([8], np.int32), np.zeros(1, np.float32), np.ones(1))
    likes = [Happened(str(n), Query(History.of([])), 8, 1.0, shown) for n in range(100)]
    known = replace(plain, bandit=EXPLORING.explore.bandit.begin(12).after(likes))
    requests = [ask(k=4, seed=seed) for seed in range(40)]

    def times_shown(pipeline: Pipeline) -> int:
        return sum(8 in slate.items for slate in pipeline.recommend(requests))

    assert times_shown(plain) < times_shown(known) > 30


def test_items_that_must_not_be_shown_are_not_drawn() -> None:
    pipeline = Pipeline(Fixed((5, 4, 3, 2, 1, nan)), shop(), EXPLORING)
    allowed = np.array([True, True, True, True, False, True])
    slates = pipeline.recommend([ask(k=3, allowed=allowed, seed=seed) for seed in range(40)])
    assert {item for slate in slates for item in slate.items.tolist()} == {0, 1, 2, 3}
