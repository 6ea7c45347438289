from math import ceil, log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from bowerbird.data import Catalogue
from bowerbird.models import sequential
from bowerbird.models.linear import LinearModel, interactions
from bowerbird.models.sequential import Sequential, moments, solve
from bowerbird.types import History, Log, Query

RNG = np.random.default_rng(0)
SEQUENCES = st.lists(st.lists(st.integers(0, 5), max_size=9), max_size=5)


def log_of(sequences: list[list[int]], n_items: int, weights: list[list[float]] | None = None) -> Log:
    users = np.repeat(np.arange(len(sequences)), [len(one) for one in sequences]).astype(np.int32)
    items = np.array([item for one in sequences for item in one], np.int32)
    told = np.ones(len(items), np.float32) if weights is None else np.array([weight for one in weights for weight in one], np.float32)
    return Log(users, items, told, np.full(len(items), np.nan), len(sequences), n_items)


def written_out(sequences: list[list[int]], n_items: int, half_life: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """S and T themselves: one row for each event that has something before it."""
    past, target = [], []
    for one in sequences:
        for t in range(1, len(one)):
            row = np.zeros(n_items)
            for place in range(max(t - ceil(half_life * log2(1 / sequential.FADED)), 0), t):
                row[one[place]] += 0.5 ** ((t - 1 - place) / half_life)
            past.append(row)
            target.append(np.eye(n_items)[one[t]])
    return np.array(past).reshape(-1, n_items), np.array(target).reshape(-1, n_items)


def fit(recipe: Sequential, log: Log) -> LinearModel:
    return recipe.fit(log, Catalogue.of([str(item) for item in range(log.n_items)]), RNG)


def wandering(n_users: int = 80, n_items: int = 12) -> list[list[int]]:
    """Users walk up the items, now and then two at a time, from anywhere."""
    rng = np.random.default_rng(5)
    return [
        [int(item) % n_items for item in rng.integers(n_items) + np.cumsum(rng.integers(1, 3, rng.integers(2, 8)))] for _ in range(n_users)
    ]


@settings(max_examples=40, deadline=None)
@given(SEQUENCES, st.sampled_from([0.1, 0.3, 1.0, 2.5]))
def test_moments_are_those_of_the_rows_written_out(sequences: list[list[int]], half_life: float) -> None:
    log = log_of(sequences, 6)
    squares, nexts = moments(log.items, log.starts, 6, half_life)
    S, T = written_out(sequences, 6, half_life)
    np.testing.assert_allclose(squares.toarray(), S.T @ S, atol=1e-9)
    np.testing.assert_allclose(nexts.toarray(), S.T @ T, atol=1e-9)


@pytest.mark.parametrize("together", [0.0, 0.7])
def test_the_defining_equation(together: float) -> None:
    """(SᵀS + together XᵀX + l2 I) B = SᵀT + together XᵀX, up to the diagonal of B, which is set to 0 afterwards."""
    sequences, l2 = wandering(), 4.0
    log = log_of(sequences, 12)
    X = interactions(log)
    B = np.vstack(list(solve(*moments(log.items, log.starts, 12, 2.0), X, together, l2))).T.astype(np.float64)
    S, T = written_out(sequences, 12, 2.0)
    G = together * (X.T @ X).toarray()
    A = S.T @ S + G + l2 * np.eye(12)
    rest = S.T @ T + G - A @ B
    assert np.abs(np.diag(B)).max() == 0
    removed = np.einsum("ij,ij->j", A, rest) / np.einsum("ij,ij->j", A, A)
    np.testing.assert_allclose(rest, A * removed, atol=0.02)
    assert np.abs(rest).max() > 1


def test_what_comes_next_is_told_from_what_came_before() -> None:
    model = fit(Sequential(l2=1, together=0), log_of([[0, 1, 2]] * 5 + [[3, 4, 5]] * 5, 6))
    scores = model.score([Query(History.of([0])), Query(History.of([0, 1])), Query(History.of([3]))])
    assert np.nanargmax(scores, axis=1).tolist() == [1, 2, 4]
    assert not model.scorable[[0, 3]].any()


def test_together_tells_of_what_came_before_too() -> None:
    log = log_of([[0, 1]] * 5 + [[2, 3]] * 5, 4)
    assert np.isnan(fit(Sequential(l2=1, together=0), log).score([Query(History.of([1]))])).all()
    assert np.nanargmax(fit(Sequential(l2=1, together=1), log).score([Query(History.of([1]))])[0]) == 0


def test_dislikes_are_no_part_of_the_sequences() -> None:
    plain = fit(Sequential(), log_of([[0, 1], [1, 2]], 4))
    mixed = fit(Sequential(), log_of([[0, 3, 1], [3, 1, 2]], 4, [[1, -1, 1], [-0.5, 1, 1]]))
    np.testing.assert_array_equal(plain.weights.toarray(), mixed.weights.toarray())


def test_the_query_fades_as_learned_unless_told_otherwise() -> None:
    log = log_of(wandering(), 12)
    assert fit(Sequential(half_life_events=3), log).half_life_events == 3
    assert fit(Sequential(half_life_events=3, ask_events=1.5, half_life_days=9), log).half_life_events == 1.5
    assert fit(Sequential(half_life_days=9), log).half_life_days == 9


def test_items_beyond_the_limit_cannot_be_scored_and_take_no_place() -> None:
    model = fit(Sequential(max_items=3, l2=1), log_of([[0, 5, 1, 2]] * 3 + [[0, 1, 2]], 6))
    assert not model.scorable[[3, 4, 5]].any()
    assert model.scorable[[1, 2]].all()


def test_a_log_without_interest_gives_a_model_that_cannot_say() -> None:
    model = fit(Sequential(), log_of([[0, 1]], 3, [[-1, -1]]))
    assert np.isnan(model.score([Query(History.of([1]))])).all()
    assert model.weights.shape == (3, 3)


def test_rows_of_sparse_input_are_not_changed() -> None:
    X = sparse.csr_array(np.eye(3, dtype=np.float32))
    squares, nexts = moments(np.array([0, 1, 2], np.int32), np.array([0, 3]), 3, 1.0)
    before = squares.toarray().copy(), nexts.toarray().copy()
    list(solve(squares, nexts, X, 0.5, 1.0))
    np.testing.assert_array_equal(squares.toarray(), before[0])
    np.testing.assert_array_equal(nexts.toarray(), before[1])
