"""The text model: cosines in an evened-out space, summed event by event."""

import models_world as world
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.config import parse
from bowerbird.data import Catalogue
from bowerbird.errors import ConfigError, DataError
from bowerbird.models import Text, TextModel
from bowerbird.types import History, Log, Query

NO_LOG = Log(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0), 0, world.N_ITEMS)


def fitted(recipe: Text | None = None) -> TextModel:
    return (recipe or Text()).fit(NO_LOG, world.catalogue(), np.random.default_rng(0))


@pytest.mark.parametrize("whiten", [0.0, 0.5, 1.0])
def test_items_have_unit_length_and_scores_are_cosines(whiten: float) -> None:
    model = fitted(Text(whiten=whiten))
    np.testing.assert_allclose(np.linalg.norm(model.item_vectors, axis=1), 1, rtol=1e-5)
    scores = model.score([Query(History.of([3]))])[0]
    assert scores[3] == pytest.approx(1)
    assert np.abs(scores).max() <= 1 + 1e-5


def test_a_query_is_the_decayed_sum() -> None:
    model = fitted(Text(half_life_events=1))
    wanted = 0.25 * model.item_vectors[0] - 0.5 * model.item_vectors[9] + model.item_vectors[4]
    got = model.query_vectors([Query(History.of([0, 9, 4], weights=[1, -1, 1]))])[0]
    np.testing.assert_allclose(got, wanted / np.linalg.norm(wanted), rtol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, world.N_ITEMS - 1), st.sampled_from([-1.0, 0.0, 0.5, 1.0])), min_size=1, max_size=9))
def test_contributions_sum_to_the_score(events: list[tuple[int, float]]) -> None:
    model, items = fitted(), np.arange(world.N_ITEMS, dtype=np.int32)
    query = Query(History.of([item for item, _ in events], [weight for _, weight in events]))
    np.testing.assert_allclose(model.contributions(query, items).sum(axis=0), np.nan_to_num(model.score([query])[0]), atol=1e-4)


def test_whitening_evens_out_the_spread() -> None:
    """With full whitening of many vectors, all directions vary alike; with none, as they did."""
    rng = np.random.default_rng(0)
    raw = (rng.normal(size=(5000, 4)) * [9, 3, 1, 0.5] + [5, 0, 0, 0]).astype(np.float32)
    shop = Catalogue.of([str(number) for number in range(5000)], vectors=raw)
    for whiten, power in ((1.0, 0.0), (0.5, 0.5), (0.0, 1.0)):
        model = Text(whiten=whiten).fit(NO_LOG, shop, np.random.default_rng(0))
        spread = ((raw - model.centre) @ model.axes).std(axis=0)
        np.testing.assert_allclose(spread / spread[-1], (np.array([9, 3, 1, 0.5]) / 0.5) ** power, rtol=0.1)


def test_few_items_are_not_blown_up() -> None:
    """Directions in which three items do not differ at all are not taken to be infinitely telling."""
    raw = np.zeros((3, 50), np.float32)
    raw[:, :3] = np.eye(3)
    model = Text(whiten=1.0).fit(NO_LOG, Catalogue.of(["a", "b", "c"], vectors=raw), np.random.default_rng(0))
    assert np.linalg.eigvalsh(model.axes).max() < 10 * np.linalg.eigvalsh(model.axes).min()


def test_an_item_without_text_has_no_score() -> None:
    vectors = world.vectors()
    vectors[5] = 0
    model = Text().fit(NO_LOG, world.catalogue().with_vectors(vectors), np.random.default_rng(0))
    scores = model.score([Query(History.of([0])), Query(History.of([5]))])
    assert np.flatnonzero(np.isnan(scores[0])).tolist() == [5]
    assert np.isnan(scores[1]).all()
    assert not model.scorable[5]


def test_a_history_that_cancels_itself_says_nothing() -> None:
    model = fitted(Text(half_life_events=None))
    query = Query(History.of([4, 4], weights=[1, -1]))
    assert np.isnan(model.score([query])).all()
    assert not model.contributions(query, np.arange(3, dtype=np.int32)).any()


def test_a_new_table_is_read_in_the_fitted_space() -> None:
    model = fitted()
    again = model.with_vectors(np.concatenate((world.vectors(), world.vectors()[[2]])))
    np.testing.assert_allclose(again.item_vectors[-1], model.item_vectors[2], rtol=1e-5)
    assert model.n_items == world.N_ITEMS


@pytest.mark.parametrize("shape", [(world.N_ITEMS, 4), (world.N_ITEMS - 1, 5), (5,)])
def test_a_table_that_does_not_fit_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="vectors must be at least 24 rows of 5, got shape"):
        fitted().with_vectors(np.ones(shape, np.float32))


def test_texts_must_have_been_read() -> None:
    with pytest.raises(DataError, match="the catalogue has no vectors"):
        Text().fit(NO_LOG, Catalogue.of(["a"]), np.random.default_rng(0))


def test_whitening_is_a_share() -> None:
    with pytest.raises(ConfigError, match=r"whiten: input should be less than or equal to 1, got 1\.5"):
        parse(Text, {"whiten": 1.5})
