import json
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from bowerbird.data import Catalogue
from bowerbird.models import slim
from bowerbird.models.linear import LinearModel
from bowerbird.models.slim import Slim
from bowerbird.types import History, Log, Query

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "slim.json").read_text(encoding="utf-8"))


def fit(recipe: Slim, X: np.ndarray, weight: float = 1.0) -> LinearModel:
    users, items = (places.astype(np.int32) for places in np.nonzero(X))
    n = len(users)
    log = Log(users, items, np.full(n, weight, np.float32), np.full(n, np.nan), *X.shape)
    return recipe.fit(log, Catalogue.of([str(item) for item in range(X.shape[1])]), np.random.default_rng(0))


def world(n_users: int = 120, n_items: int = 40) -> np.ndarray:
    rng = np.random.default_rng(6)
    tastes = rng.random((n_users, 4)) @ rng.random((4, n_items))
    return (rng.random((n_users, n_items)) < 0.4 * tastes).astype(np.float32)


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 3.0), (1.0, 0.5), (2.5, 20.0)])
def test_the_optimality_conditions(l1: float, l2: float) -> None:
    """At the minimum no weight can move: slope 0 where w > 0, and no slope down where w = 0."""
    X = world().astype(np.float64)
    W = fit(Slim(l1=l1, l2=l2, tolerance=1e-9), X.astype(np.float32)).weights.toarray().astype(np.float64)
    G = X.T @ X
    slope = G @ W - G + l2 * W + l1
    off = ~np.eye(len(W), dtype=bool)
    assert W.min() >= 0
    assert np.abs(np.diag(W)).max() == 0
    assert np.abs(slope[off & (W > 0)]).max() < 1e-3
    assert slope[off & (W == 0)].min() > -1e-3
    assert 0 < (W > 0).sum() < off.sum()


def test_weights_are_those_of_a_reference_library() -> None:
    recipe = Slim(l1=GOLDEN["l1"], l2=GOLDEN["l2"], tolerance=1e-9)
    np.testing.assert_allclose(fit(recipe, np.array(GOLDEN["X"], np.float32)).weights.toarray(), GOLDEN["weights"], atol=1e-6)


def test_few_neighbours_are_the_most_alike() -> None:
    X = world()
    G = X.T @ X
    W = fit(Slim(l1=0.1, l2=1, neighbours=5), X).weights.toarray()
    for item in range(X.shape[1]):
        alike = G[item] / np.sqrt(np.maximum(np.diag(G), 1e-9))
        alike[item] = -1
        assert (alike[W[:, item] > 0] >= np.sort(alike)[-5] - 1e-6).all()


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    X = world()
    whole = fit(Slim(), X).weights.toarray()
    monkeypatch.setattr(slim, "CHUNK", 7)
    np.testing.assert_array_equal(fit(Slim(), X).weights.toarray(), whole)


def test_more_regularisation_leaves_fewer_weights() -> None:
    counts = [fit(Slim(l1=l1, l2=5), world()).weights.nnz for l1 in (0.5, 2.0, 5.0)]
    assert counts[0] > counts[1] > counts[2]


def test_a_log_without_interest_gives_a_model_that_cannot_say() -> None:
    model = fit(Slim(), world(), weight=-1.0)
    assert model.weights.shape == (40, 40)
    assert np.isnan(model.score([Query(History.of([1]))])).all()


def test_the_less_popular_items_beyond_the_limit_cannot_be_scored() -> None:
    X = world()
    model = fit(Slim(l1=0, l2=1, max_items=10), X)
    most = np.argsort(-X.sum(axis=0), kind="stable")[:10]
    assert set(np.flatnonzero(model.scorable)) == set(most.tolist())


def test_kernels_take_any_gram_matrix() -> None:
    gram = sparse.csr_array(np.array([[4.0, 2, 0], [2, 3, 1], [0, 1, 2]]))
    parts = (gram.indptr.astype(np.int64), gram.indices.astype(np.int32), gram.data, gram.diagonal())
    items, sources, values = slim._solve(*parts, 0, 3, 0.0, 1.0, 10, 1e-10)
    W = np.zeros((3, 3))
    W[sources, items] = values
    np.testing.assert_allclose(W[1, 0], 2 / 4)  # alone: (2 − 0) / (3 + 1)
    np.testing.assert_allclose(W[1, 2], 1 / 4)
    np.testing.assert_allclose(W[[0, 2], 1], [2 / 5, 1 / 3])  # 0 and 2 share no user
