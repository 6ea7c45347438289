"""The price list on worlds with known answers: reading between strengths, budgets, and pools that all lines share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.data import Cases, Catalogue
from bowerbird.errors import DataError
from bowerbird.evaluation import evaluate
from bowerbird.evaluation.frontier import BUDGETS, allowed, calibrate, given_up, mixed, more_given_up, reach
from bowerbird.evaluation.frontier.pools import learned_chances, pooled, similarities
from bowerbird.evaluation.frontier.running import calibrated
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.ranking import Chances, DppSettings, ExchangeSettings, MmrSettings
from bowerbird.types import History, Log, Query, Request, Scores

STRAIGHT = Chances(level=-2.0, middle=0.0, width=1.0, power=1.0, fall=0.3)
LOSSES = st.dictionaries(st.floats(0.01, 1), st.floats(-0.1, 1), min_size=1, max_size=12)


def test_between_two_strengths_users_are_mixed_alike() -> None:
    weights = reach([0.5, 0.75, 1.0], 0.875)
    assert weights is not None
    assert weights.tolist() == [0, 0.5, 0.5]
    assert mixed([np.array([9.0, 9.0]), np.array([1.0, 0.0]), np.array([0.0, 0.5])], weights).tolist() == [0.5, 0.25]


def test_the_first_strength_that_gets_there_counts_even_if_later_ones_fall_back() -> None:
    weights = reach([0.5, 0.75, 0.5, 1.0], 0.75)
    assert weights is not None
    assert weights.tolist() == [0, 1, 0, 0]


def test_not_reached_is_none() -> None:
    assert reach([0.5, 0.6, 0.7], 0.71) is None
    assert reach([float("nan")] * 3, 0.1) is None


def test_what_is_given_up_is_a_share_and_a_gain_is_below_zero() -> None:
    base, worse, better = np.array([0.4, 0.6]), np.array([0.4, 0.5]), np.array([0.5, 0.7])
    assert given_up(base, worse, seed=0).mean == pytest.approx(0.1)
    assert given_up(base, better, seed=0).mean == pytest.approx(-0.2)
    assert more_given_up(base, worse, better, seed=0).mean == pytest.approx(0.3)


@given(LOSSES, st.floats(0, 0.5))
def test_no_strength_is_allowed_behind_one_that_broke_the_budget(losses: dict[float, float], budget: float) -> None:
    kept = allowed(losses, budget)
    assert all(loss <= budget for strength, loss in losses.items() if strength <= kept)
    later = [strength for strength in losses if strength > kept]
    assert not later or losses[min(later)] > budget, "and no more is left on the table"


@given(st.lists(st.floats(-0.05, 0.5), min_size=101, max_size=101))
def test_budgets_hold_on_what_they_were_found_on_and_the_dial_never_falls(noise: list[float]) -> None:
    def loss(strength: float) -> float:
        return noise[round(100 * strength)]

    strengths, _ = calibrate(loss, {step / 10: loss(step / 10) for step in range(1, 11)})
    assert all(loss(strength) <= budget for strength, budget in zip(strengths[1:], BUDGETS[1:], strict=True) if strength > 0)
    assert RankingSettings(dial=strengths).dial == strengths
    assert strengths[0] == 0


def test_a_loss_that_cannot_be_said_allows_nothing() -> None:
    assert allowed({0.5: float("nan")}, 1.0) == 0


@dataclass(frozen=True)
class Falling:
    """The lower the number, the better; items 0 … 4 are alike, and so are 5 … 9."""

    def score(self, queries: Sequence[Query]) -> Scores:
        return np.tile(np.linspace(1, 0, 10, dtype=np.float32), (len(queries), 1))


def catalogue() -> Catalogue:
    halves = [number // 5 for number in range(10)]
    return Catalogue.of([f"i{n}" for n in range(10)], vectors=np.eye(2, dtype=np.float32)[halves], categories=[[f"c{n}"] for n in halves])


def log() -> Log:
    return Log(np.repeat(np.arange(2), 5), np.arange(10), np.ones(10, np.float32), np.arange(10.0), n_users=2, n_items=10)


def cases(wanted: int) -> Cases:
    return Cases([Query(History.of([]))] * 4, [np.array([wanted], np.int32)] * 4, np.arange(4))


def test_at_strength_zero_the_pools_answer_as_the_server_does() -> None:
    pipeline = Pipeline(Falling(), catalogue())
    pools = pooled(pipeline, cases(1), log(), k=4)
    tables = similarities(pools)
    assert list(tables) == ["language", "categories", "co-consumption"]
    server = evaluate(pipeline.recommend, cases(1), catalogue(), log(), ks=(4,), tables=tables)
    for rerank in (MmrSettings(), DppSettings(), ExchangeSettings()):
        here = pools.under(rerank, 0.0, tables)
        assert [slate.items.tolist() for slate in here.slates] == [slate.items.tolist() for slate in server.slates]
        assert here.values["ndcg@4"].tolist() == server.values["ndcg@4"].tolist()


@pytest.mark.parametrize("rerank", [MmrSettings(), DppSettings(), ExchangeSettings(chances=STRAIGHT)])
def test_a_list_is_what_a_request_for_it_would_get(rerank: MmrSettings | DppSettings | ExchangeSettings) -> None:
    settings = RankingSettings(rerank=rerank)
    pipeline = Pipeline(Falling(), catalogue(), settings)
    here = pooled(pipeline, cases(1), log(), k=4).under(rerank, 0.9, {})
    asked = pipeline.recommend([Request(Query(History.of([])), k=4, diversity=0.9)])[0]
    assert here.slates[0].items.tolist() == asked.items.tolist()


def test_a_calibrated_dial_does_not_pass_through_another_one() -> None:
    dialled = RankingSettings(rerank=MmrSettings(), dial=(0.0,) * 11)
    pools = pooled(Pipeline(Falling(), catalogue(), dialled), cases(1), log(), k=4)
    assert pools.under(MmrSettings(), 1.0, {}).slates[0].items.tolist() != [0, 1, 2, 3], "the raw strength is what is priced"


def test_variety_that_costs_too_much_is_not_allowed_and_what_costs_nothing_is() -> None:
    costly, free = (pooled(Pipeline(Falling(), catalogue()), cases(wanted), log(), k=4) for wanted in (1, 0))
    dear = calibrated(MmrSettings(), costly, costly)
    assert all(lost.high <= budget for lost, budget in zip(dear.validation, BUDGETS, strict=True))
    assert dear.strengths[-1] < 1, "at 1 item 1 makes way for item 5"
    assert calibrated(MmrSettings(), free, free).strengths[1:] == (1.0,) * 10, "item 0 is always picked first"


def test_a_loss_of_nothing_on_average_is_not_enough_where_it_may_be_chance() -> None:
    """Item 1, wanted by half of the users, makes way for item 5, wanted by the other half: one list in two gains what the other loses."""
    evenly = Cases([Query(History.of([]))] * 8, [np.array([wanted], np.int32) for wanted in (1, 5)] * 4, np.arange(8))
    pools = pooled(Pipeline(Falling(), catalogue()), evenly, log(), k=2)
    base, now = (pools.under(MmrSettings(), strength, {}).values["ndcg@2"] for strength in (0.0, 1.0))
    assert base.mean() == now.mean()
    assert base.tolist() != now.tolist()
    assert calibrated(MmrSettings(), pools, pools).strengths[3] < 1


@pytest.mark.parametrize("rerank", [MmrSettings(), DppSettings(), ExchangeSettings(chances=STRAIGHT)])
def test_by_appetite_each_gets_the_list_that_the_server_gives_without_a_dial(rerank: MmrSettings | DppSettings | ExchangeSettings) -> None:
    histories = [History.of([0, 1, 2, 3]), History.of([0, 1, 5, 6])]
    two = Cases([Query(history) for history in histories], [np.array([4], np.int32)] * 2, np.arange(2))
    settings = RankingSettings(rerank=rerank, diversity=0.3, appetite=True)
    asked = Pipeline(Falling(), catalogue(), settings).recommend([Request(query, k=4) for query in two.queries])
    here = pooled(Pipeline(Falling(), catalogue()), two, log(), k=4).under(rerank, 0.3, {}, appetite=True)
    assert [slate.items.tolist() for slate in here.slates] == [slate.items.tolist() for slate in asked]


def test_nothing_found_and_nothing_wanted_are_said() -> None:
    lost = pooled(Pipeline(Falling(), catalogue()), cases(9), log(), k=2)
    with pytest.raises(DataError, match="cannot be calibrated"):
        calibrated(MmrSettings(), lost, lost)
    narrow = pooled(Pipeline(Falling(), catalogue(), RankingSettings(pool=1)), cases(9), log(), k=1)
    with pytest.raises(DataError, match="chances"):
        learned_chances(narrow)
