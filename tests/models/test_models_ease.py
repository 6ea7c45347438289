from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from bowerbird.data import Catalogue
from bowerbird.models.ease import Ease, through_items, through_users
from bowerbird.models.linear import LinearModel
from bowerbird.types import History, Log, Query

Solve = Callable[[sparse.csr_array, float], Iterator[NDArray[np.float32]]]
RNG = np.random.default_rng(0)


def world(n_users: int = 60, n_items: int = 25, seed: int = 1) -> sparse.csr_array:
    """Users who take items of very different popularity: nothing in it is symmetric."""
    rng = np.random.default_rng(seed)
    taken = rng.random((n_users, n_items)) < np.linspace(0.05, 0.6, n_items)
    taken[np.arange(n_items) % n_users, np.arange(n_items)] = True
    return sparse.csr_array(taken.astype(np.float32))


def log_of(X: sparse.csr_array, weights: float = 1.0) -> Log:
    users, items = X.nonzero()
    n = len(users)
    return Log(users.astype(np.int32), items.astype(np.int32), np.full(n, weights, np.float32), np.full(n, np.nan), *X.shape)


def fit(recipe: Ease, log: Log) -> LinearModel:
    return recipe.fit(log, Catalogue.of([str(item) for item in range(log.n_items)]), RNG)


@pytest.mark.parametrize("solve", [through_items, through_users])
@pytest.mark.parametrize("l2", [0.5, 20.0])
def test_the_defining_equation(solve: Solve, l2: float) -> None:
    """At the minimum under diag(B) = 0, (G + l2 I) B − G is diagonal."""
    X = world()
    B = np.vstack(list(solve(X, l2))).T.astype(np.float64)
    G = (X.T @ X).toarray().astype(np.float64)
    rest = (G + l2 * np.eye(len(G))) @ B - G
    assert np.abs(np.diag(B)).max() == 0
    assert np.abs(rest - np.diag(np.diag(rest))).max() < 2e-3
    assert np.abs(np.diag(rest)).min() > 0.1


@pytest.mark.parametrize("shape", [(10, 60), (30, 30), (60, 10)])
def test_both_ways_give_the_same_weights(shape: tuple[int, int]) -> None:
    X = world(*shape)
    by_items, by_users = (np.vstack(list(solve(X, 3.0))) for solve in (through_items, through_users))
    np.testing.assert_allclose(by_users, by_items, atol=1e-5)


def test_few_users_go_through_users_and_the_model_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    X = world(n_users=8, n_items=40)
    expected = np.vstack(list(through_items(X, 5.0))).T
    monkeypatch.delattr("bowerbird.models.ease.through_items")
    np.testing.assert_allclose(fit(Ease(l2=5, keep=None), log_of(X)).weights.toarray(), expected, atol=1e-5)


def test_many_users_go_through_items(monkeypatch: pytest.MonkeyPatch) -> None:
    X = world()
    expected = np.vstack(list(through_users(X, 5.0))).T
    monkeypatch.delattr("bowerbird.models.ease.through_users")
    np.testing.assert_allclose(fit(Ease(l2=5, keep=None), log_of(X)).weights.toarray(), expected, atol=1e-5)


def test_renumbering_the_items_renumbers_the_scores() -> None:
    X = world()
    order = np.random.default_rng(2).permutation(X.shape[1])
    plain, mixed = fit(Ease(l2=5), log_of(X)), fit(Ease(l2=5), log_of(X[:, order]))
    taken = np.array([3, 11, 20], np.int32)
    places = np.argsort(order)[taken]
    np.testing.assert_allclose(mixed.score([Query(History.of(places))]), plain.score([Query(History.of(taken))])[:, order], atol=1e-4)


def test_the_less_popular_items_beyond_the_limit_cannot_be_scored() -> None:
    X = world()
    model = fit(Ease(l2=5, max_items=10), log_of(X))
    users = X.sum(axis=0)
    assert model.n_items == 25
    assert model.scorable.sum() == 10
    assert users[model.scorable].min() >= users[~model.scorable].max()
    assert np.isnan(model.score([Query(History.of([24]))])[0, ~model.scorable]).all()


def test_an_item_that_is_only_disliked_is_not_learned() -> None:
    X = world()
    liked, disliked = log_of(X), log_of(X, -1.0)
    mixed = Log(liked.users, liked.items, np.where(liked.items == 4, disliked.weights, liked.weights), liked.times, 60, 25)
    assert not fit(Ease(), mixed).scorable[4]


def test_only_the_strongest_weights_are_kept() -> None:
    whole, pruned = fit(Ease(l2=5, keep=None), log_of(world())), fit(Ease(l2=5, keep=4), log_of(world()))
    assert (np.bincount(pruned.weights.indices, minlength=25) == 4).all()
    kept = pruned.weights.toarray()
    np.testing.assert_array_equal(kept[kept != 0], whole.weights.toarray()[kept != 0])


def test_a_log_without_interest_gives_a_model_that_cannot_say() -> None:
    model = fit(Ease(), log_of(world(), -1.0))
    assert not model.scorable.any()
    assert np.isnan(model.score([Query(History.of([1]))])).all()
