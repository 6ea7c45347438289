"""Slates of a large catalogue, of which few items are scored, against those for which all are."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import numpy as np
import polars as pl
import pytest

from bowerbird.bundle import Bundle, Config
from bowerbird.data import Catalogue, ValueScale
from bowerbird.errors import BundleError
from bowerbird.explain import ExplainSettings
from bowerbird.fitting import retriever_of
from bowerbird.models import Blend, Ials, Popular, Text
from bowerbird.models.linear import LinearModel, strongest
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.retrieval import Retriever, RetrieveSettings
from bowerbird.types import History, Log, Query, Request

pytest.importorskip("faiss", reason="large catalogues need faiss: pip install 'bowerbird[index]'")

N_ITEMS, N_USERS, TASTES, LATER = 6000, 400, 30, 200


@cache
def log() -> Log:
    """Users who take twenty items of two tastes each; the last items are new."""
    rng = np.random.default_rng(0)
    users, items = [], []
    for user in range(N_USERS):
        mine = np.flatnonzero(np.isin(taste()[: N_ITEMS - LATER], rng.choice(TASTES, 2, replace=False)))
        users += [user] * 20
        items += rng.choice(mine, 20, replace=False, p=weight(mine)).tolist()
    n = len(items)
    times = np.tile(np.arange(20.0), N_USERS)
    return Log(np.array(users, np.int32), np.array(items, np.int32), np.ones(n, np.float32), times, N_USERS, N_ITEMS)


def weight(items: np.ndarray) -> np.ndarray:
    worth = 1 / (1 + items % 37)
    return worth / worth.sum()


@cache
def taste() -> np.ndarray:
    return np.random.default_rng(1).integers(TASTES, size=N_ITEMS)


@cache
def catalogue() -> Catalogue:
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(TASTES, 12))[taste()] + rng.normal(size=(N_ITEMS, 12))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Catalogue.of([f"i{number}" for number in range(N_ITEMS)]).with_vectors(vectors.astype(np.float32))


@cache
def settings(nominees: int = 100) -> RankingSettings:
    return RankingSettings(retrieve=RetrieveSettings(from_items=1000, nominees=nominees))


@cache
def model(kind: str):
    if kind == "ials":
        return Ials(factors=16, iterations=4).fit(log(), catalogue(), np.random.default_rng(0))
    if kind == "linear":
        weights = np.random.default_rng(3).gamma(0.2, size=(N_ITEMS, N_ITEMS)).astype(np.float32)
        np.fill_diagonal(weights, 0)
        return LinearModel.of(strongest(iter([weights]), N_ITEMS, 20), half_life_events=5)
    members = (Popular(), Ials(factors=16, iterations=4), Text(half_life_events=3))
    return Blend(members=members, cases=200).fit(log(), catalogue(), np.random.default_rng(0))


@cache
def pipelines(kind: str) -> tuple[Pipeline, Pipeline]:
    """Which scores few items, and which all."""
    found = retriever_of(model(kind), log(), Config(ranking=settings()))
    assert found is not None
    return Pipeline(model(kind), catalogue(), settings(), retriever=found), Pipeline(model(kind), catalogue(), settings())


def requests(diversity: float = 0.0) -> list[Request]:
    return [Request(Query(log().history(user), time=20.0), k=20, diversity=diversity) for user in range(0, N_USERS, 10)]


@pytest.mark.parametrize("kind", ["ials", "linear", "blend"])
def test_slates_are_nearly_those_of_all_items_and_scores_the_same(kind):
    few, whole = pipelines(kind)
    shared = []
    for got, wanted in zip(few.recommend(requests()), whole.recommend(requests()), strict=True):
        same = np.isin(got.items, wanted.items)
        shared.append(same.mean())
        places = {item: place for place, item in enumerate(wanted.items.tolist())}
        told = [places[item] for item in got.items[same].tolist()]
        np.testing.assert_allclose(got.scores[same], wanted.scores[told], rtol=1e-3, atol=1e-3)
        assert got.considered is not None
        assert len(got.considered) < N_ITEMS / 4
        assert np.isin(got.items, got.considered).all()
    assert np.mean(shared) > 0.97


def test_a_newcomer_and_an_empty_batch_are_answered():
    few, whole = pipelines("blend")
    nobody = [Request(Query(History.of([])), k=10)]
    assert few.recommend(nobody)[0].items.tolist() == whole.recommend(nobody)[0].items.tolist()
    assert few.recommend([]) == []


def test_nominees_that_do_not_fill_a_slate_are_not_all_there_is():
    weights = np.zeros((N_ITEMS, N_ITEMS), np.float32)
    weights[7, [3, 4]] = 1
    weights[8] = 0.5
    weights[8, 8] = 0
    lone = LinearModel.of(weights)
    pipeline = Pipeline(lone, catalogue(), settings(), retriever=Retriever(lone, settings().retrieve))
    [short] = pipeline.recommend([Request(Query(History.of([7])), k=20)])
    assert (len(short), short.items[:2].tolist(), short.considered) == (20, [3, 4], None)
    [full] = pipeline.recommend([Request(Query(History.of([8])), k=20)])
    assert full.considered is not None
    assert len(pipeline.recommend([Request(Query(History.of([])), k=20)])[0]) == 0


def test_where_few_items_may_be_shown_all_of_them_are_scored():
    few, whole = pipelines("ials")
    allowed = np.arange(N_ITEMS) % 7 == 0
    asked = [replace(request, allowed=allowed) for request in requests()]
    for got, wanted in zip(few.recommend(asked), whole.recommend(asked), strict=True):
        assert got.considered is not None
        assert len(got.considered) >= allowed.sum() - 20
        np.testing.assert_allclose(got.scores, wanted.scores, rtol=1e-3)


def test_new_items_find_their_place():
    few, _ = pipelines("blend")
    assert few.retriever is not None
    new = ~model("blend").known
    assert new[-LATER:].all()
    named = few.retriever.nominees(requests()[0].query, np.ones(N_ITEMS, bool))
    assert np.count_nonzero(new[named]) >= 100


def test_a_wish_or_an_edit_is_heard_by_all_items():
    few, whole = pipelines("blend")
    bonus = np.zeros(N_ITEMS, np.float32)
    bonus[[5, 4000]] = 50
    asked = [replace(requests()[0], bonus=bonus)]
    assert set(few.recommend(asked)[0].items[:2].tolist()) == {5, 4000}
    assert few.recommend(asked)[0].items.tolist() == whole.recommend(asked)[0].items.tolist()


def test_reasons_are_tested_among_the_items_that_were_scored():
    few, whole = pipelines("ials")
    request = requests()[0]
    slate, same = few.recommend([request])[0], whole.recommend([request])[0]
    told, wholly = few.explain(request, slate, ExplainSettings()), whole.explain(request, same, ExplainSettings())
    by_item = {reason.item: reason for reason in wholly}
    assert any(reason.verified for reason in told)
    for reason in told:
        other = by_item[reason.item]
        assert reason.rank_with <= other.rank_with <= reason.rank_with + 2
        if reason.because.tolist() == other.because.tolist() and reason.rank_without and other.rank_without:
            assert reason.rank_without <= other.rank_without


def test_interests_are_asked_for_one_by_one():
    few, whole = pipelines("ials")
    field = few._nominated(replace(requests()[0], diversity=0.5))
    assert field.items is not None
    assert field.scores.shape == field.items.shape
    assert field.parts.shape == (0, len(field.items))
    assert whole.retriever is None


def bundle(kind: str = "ials") -> Bundle:
    few, _ = pipelines(kind)
    nothing = pl.DataFrame(schema={"user": pl.String, "item": pl.String, "time": pl.Datetime("us", "UTC"), "kind": pl.String})
    created = datetime(2026, 1, 1, tzinfo=UTC)
    return Bundle(Config(ranking=settings()), catalogue(), model(kind), ValueScale(), nothing, "drawn", 0, created, retriever=few.retriever)


def test_a_bundle_keeps_its_indices(tmp_path):
    kept = bundle()
    kept.save(tmp_path / "b")
    back = Bundle.load(tmp_path / "b")
    assert back.fingerprint == kept.fingerprint
    assert back.facts()["retrieval"] == "nominees"
    for got, wanted in zip(back.pipeline.recommend(requests(0.3)), kept.pipeline.recommend(requests(0.3)), strict=True):
        assert got.items.tolist() == wanted.items.tolist()


def test_an_index_of_another_member_is_refused():
    packed = {"3": np.zeros(4, np.uint8)}
    with pytest.raises(BundleError, match=r"must be of members \[0\], got \['3'\]"):
        Retriever.of(model("ials"), packed, RetrieveSettings())


def test_items_put_in_later_are_found():
    kept = bundle("blend")
    vectors = catalogue().vectors
    assert vectors is not None
    history = log().history(0)
    wider = np.concatenate((vectors, vectors[history.items[-1:]]))
    grown = kept.with_catalogue(
        Catalogue.of([f"i{number}" for number in range(N_ITEMS + 1)]).with_vectors(wider), kept.model.with_vectors(wider)
    )
    retriever = grown.pipeline.retriever
    assert retriever is not None
    assert N_ITEMS in retriever.nominees(Query(history, time=20.0), np.ones(N_ITEMS + 1, bool))


def test_small_catalogues_and_models_that_name_nothing_are_scored_whole():
    assert retriever_of(model("ials"), log(), Config()) is None
