import numpy as np
import pytest
from implicit.nearest_neighbours import bm25_weight
from scipy import sparse

from bowerbird.data import Catalogue
from bowerbird.models.itemknn import ItemKnn
from bowerbird.types import Log

#                 item 0  1  2  3
TAKEN = np.array([[1, 1, 0, 0],
                  [1, 1, 1, 0],
                  [1, 0, 1, 0],
                  [1, 0, 0, 1]], np.float32)  # fmt: skip


def log_of(taken: np.ndarray) -> Log:
    users, items = (places.astype(np.int32) for places in np.nonzero(taken))
    return Log(users, items, np.ones(len(users), np.float32), np.full(len(users), np.nan), *taken.shape)


def weights(recipe: ItemKnn, taken: np.ndarray = TAKEN) -> np.ndarray:
    return recipe.fit(
        log_of(taken), Catalogue.of([str(item) for item in range(taken.shape[1])]), np.random.default_rng(0)
    ).weights.toarray()


def wide() -> np.ndarray:
    return (np.random.default_rng(4).random((50, 30)) < np.linspace(0.05, 0.5, 30)).astype(np.float32)


def test_cosine_by_hand() -> None:
    got = weights(ItemKnn(weighting="cosine", shrink=0))
    half, root = 1 / 2, 2 / np.sqrt(8)  # shared 1 of 2·2 and so on
    expected = [[0, root, root, half], [root, 0, half, 0], [root, half, 0, 0], [half, 0, 0, 0]]
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_shrinking_by_hand() -> None:
    got = weights(ItemKnn(weighting="cosine", shrink=4))
    assert got[1, 2] == pytest.approx(1 / (2 + 4))
    assert got[0, 1] == pytest.approx(2 / (np.sqrt(8) + 4))


def test_a_picky_user_says_more_by_tfidf() -> None:
    taken = np.zeros((3, 12), np.float32)
    taken[0, [0, 1]] = taken[1, [0, 2]] = taken[1, 3:9] = 1
    got = weights(ItemKnn(weighting="tfidf", shrink=0), taken)
    assert got[0, 1] > got[0, 2] > 0
    picky, other = np.log(12 / 3), np.log(12 / 9)
    assert got[0, 1] == pytest.approx(picky / np.hypot(picky, other))


def test_bm25_is_that_of_a_reference_library() -> None:
    taken = wide()
    W = bm25_weight(sparse.csr_array(taken.T), K1=1.2, B=0.75).toarray()
    expected = W @ W.T
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(weights(ItemKnn(weighting="bm25", k1=1.2, b=0.75, neighbours=30), taken), expected, rtol=1e-4)


@pytest.mark.parametrize("weighting", ["cosine", "tfidf"])
def test_likeness_is_symmetric_and_at_most_one(weighting: str) -> None:
    got = weights(ItemKnn(weighting=weighting, neighbours=30, shrink=0), wide())
    np.testing.assert_allclose(got, got.T, atol=1e-6)
    assert got.max() <= 1 + 1e-6


def test_the_nearest_neighbours_of_the_item_scored_are_kept() -> None:
    whole = weights(ItemKnn(weighting="cosine", neighbours=30), wide())
    few = weights(ItemKnn(weighting="cosine", neighbours=3), wide())
    for scored in range(30):
        kept = np.flatnonzero(few[:, scored])
        assert len(kept) <= 3
        np.testing.assert_array_equal(np.sort(few[kept, scored]), np.sort(whole[:, scored])[::-1][: len(kept)][::-1])


def test_a_user_of_everything_says_nothing_by_tfidf() -> None:
    taken = np.vstack((TAKEN, np.ones(4))).astype(np.float32)
    assert np.isfinite(weights(ItemKnn(weighting="tfidf"), taken)).all()
    assert np.isfinite(weights(ItemKnn(weighting="bm25"), np.zeros((2, 3), np.float32))).all()
