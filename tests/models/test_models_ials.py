"""iALS: the fold-in solves its equations, and agrees with the library that fitted the items."""

import warnings

import models_world as world
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from threadpoolctl import threadpool_limits

from bowerbird.models import Ials, IalsModel
from bowerbird.models.ials import gram
from bowerbird.types import History, Query

RNG = np.random.default_rng(3)
ITEMS = RNG.normal(size=(12, 5)).astype(np.float32)
ITEMS[11] = np.nan


def model(half_life_events: float | None = None, alpha: float = 4.0) -> IalsModel:
    return IalsModel(ITEMS, gram(ITEMS[:11]), 0.7, alpha, half_life_events)


histories = st.lists(st.tuples(st.integers(0, 11), st.sampled_from([-1.0, -0.25, 0.0, 0.5, 1.0])), min_size=0, max_size=8).map(
    lambda events: History.of([item for item, _ in events], [weight for _, weight in events])
)


def loss(user: np.ndarray, history: History, fitted: IalsModel) -> float:
    """The weighted squared error that a user's vector minimises, written out pair by pair."""
    interest = np.zeros(12)
    for age, (item, weight) in enumerate(zip(history.items[::-1], history.weights[::-1], strict=True)):
        newer = int((history.weights[len(history) - age :] != 0).sum())
        interest[item] += weight * (1 if fitted.half_life_events is None else 0.5 ** (newer / fitted.half_life_events))
    touched = np.isin(np.arange(12), history.items)
    total = fitted.l2 * float(user @ user)
    for item in range(11):
        sure = fitted.alpha * abs(interest[item]) if touched[item] else 1.0
        wanted = np.sign(interest[item]) if touched[item] else 0.0
        total += sure * float(user @ ITEMS[item] - wanted) ** 2
    return total


@settings(max_examples=40, deadline=None)
@given(histories, st.sampled_from([None, 2.0]))
def test_the_users_vector_minimises_the_loss(history: History, half_life: float | None) -> None:
    fitted = model(half_life)
    user = fitted.query_vectors([Query(history)])[0].astype(np.float64)
    if np.isnan(user).any():
        return
    least = loss(user, history, fitted)
    for step in np.concatenate((np.eye(5), -np.eye(5))) * 1e-2:
        assert loss(user + step, history, fitted) > least


@settings(max_examples=40, deadline=None)
@given(histories)
def test_the_normal_equations_hold(history: History) -> None:
    fitted = model(2.0)
    user = fitted.query_vectors([Query(history)])[0]
    system, side = fitted.equations(Query(history))
    if side.any():
        np.testing.assert_allclose(system @ user, side, rtol=1e-3, atol=1e-4)
    else:
        assert np.isnan(user).all()


def test_it_agrees_with_the_librarys_own_fold_in() -> None:
    with threadpool_limits(1, "blas"):
        from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415

        als = AlternatingLeastSquares(factors=5, regularization=0.7, alpha=1.0)
        als.item_factors = ITEMS[:11].copy()
        asked = [History.of([2, 5, 9], [1, 0.5, 1]), History.of([0], [1])]
        rows = np.zeros((2, 11), np.float32)
        for row, history in zip(rows, asked, strict=True):
            row[history.items] = 4.0 * history.weights
        wanted = als.recalculate_user(np.arange(2), sparse.csr_matrix(rows))
    np.testing.assert_allclose(model().query_vectors([Query(history) for history in asked]), wanted, rtol=1e-3, atol=1e-4)


def test_fitting_warns_of_nothing_and_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """`implicit` warns of BLAS threads once a process; with the warnings turned to errors and its memory wiped it must stay silent."""
    import implicit.utils  # noqa: PLC0415

    implicit.utils._checked_blas_config = False
    told: list[tuple[int, int]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Ials(factors=4, iterations=3).fit(
            world.log(), world.catalogue(), np.random.default_rng(0), lambda what, done, total: told.append((done, total))
        )
    assert told == [(1, 3), (2, 3), (3, 3)]
    out, err = capfd.readouterr()
    assert out == err == ""


def test_a_recent_event_is_worth_more() -> None:
    scores = model(1.0).score([Query(History.of([2, 5])), Query(History.of([5, 2]))])
    assert scores[0, 5] > scores[1, 5]
    assert scores[1, 2] > scores[0, 2]


def test_an_event_of_weight_zero_only_takes_its_item_out_of_account() -> None:
    """Nothing is known of the pair: neither interest nor the want of it."""
    fitted = model()
    system, side = fitted.equations(Query(History.of([3], [0.0])))
    row = ITEMS[3].astype(np.float64)
    np.testing.assert_allclose(system, fitted.gram + 0.7 * np.eye(5) - np.outer(row, row))
    assert not side.any()


def test_events_on_one_item_share_its_part() -> None:
    fitted = model()
    query = Query(History.of([2, 4, 2], [0.5, 1, 0.25]))
    parts = fitted.contributions(query, np.arange(11, dtype=np.int32))
    np.testing.assert_allclose(parts[0], 2 * parts[2], rtol=1e-5)
    np.testing.assert_allclose(parts.sum(axis=0), fitted.score([query])[0, :11], rtol=1e-4, atol=1e-5)
