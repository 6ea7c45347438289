import numpy as np
import pytest

from bowerbird.errors import BundleError
from bowerbird.retrieval import VectorIndex
from bowerbird.retrieval.index import recall_of

pytest.importorskip("faiss", reason="large catalogues need faiss: pip install 'bowerbird[index]'")

N, D = 5000, 16


def table(seed: int = 0, n: int = N) -> np.ndarray:
    """Vectors around some centres, some longer than others; a few items have none."""
    rng = np.random.default_rng(seed)
    vectors = (rng.normal(size=(40, D))[rng.integers(40, size=n)] + rng.normal(size=(n, D)) / 2) * rng.uniform(0.3, 1.5, (n, 1))
    vectors[::97] = np.nan
    return vectors.astype(np.float32)


def asked(n: int = 50, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, D)).astype(np.float32)


def exactly(vectors: np.ndarray, query: np.ndarray, allowed: np.ndarray, n: int) -> np.ndarray:
    scores = np.where(allowed & ~np.isnan(vectors[:, 0]), vectors @ query, -np.inf)
    return np.argsort(-scores, kind="stable")[:n]


def everything(vectors: np.ndarray) -> np.ndarray:
    return np.ones(len(vectors), bool)


@pytest.mark.parametrize("recall", [0.7, 0.98])
def test_it_finds_the_share_of_the_best_that_it_was_set_to(recall):
    vectors = table()
    index = VectorIndex.build(vectors, asked(), recall)
    found = index.search(asked(seed=2), everything(vectors), 100)
    best = [exactly(vectors, query, everything(vectors), 100) for query in asked(seed=2)]
    assert recall_of(found, best) >= recall - 0.03
    assert index.index.nprobe < index.index.nlist


def test_what_may_not_be_shown_and_what_has_no_vector_is_never_found():
    vectors = table()
    index = VectorIndex.build(vectors, asked(), 0.95)
    allowed = np.random.default_rng(3).random(N) < 0.05
    for items, query in zip(index.search(asked(), allowed, 100), asked(), strict=True):
        assert allowed[items].all()
        assert not np.isnan(vectors[items, 0]).any()
        assert len(items) == len(set(items.tolist())) == 100
        assert np.isin(exactly(vectors, query, allowed, 100), items).mean() > 0.9
    assert index.search(asked(1), np.zeros(N, bool), 100)[0].tolist() == []


def test_a_query_that_says_nothing_finds_nothing():
    vectors = table()
    index = VectorIndex.build(vectors, asked(), 0.9)
    queries = np.stack([np.full(D, np.nan, np.float32), asked(1)[0]])
    silent, heard = index.search(queries, everything(vectors), 10)
    assert (len(silent), len(heard)) == (0, 10)


def test_rows_that_changed_or_came_later_are_found_where_they_are_now():
    vectors = table()
    index = VectorIndex.build(vectors, asked(), 0.95)
    query = asked(1)[0]
    later = np.concatenate((vectors, 50 * query[None])).astype(np.float32)
    best, worst = exactly(vectors, query, everything(vectors), 1)[0], exactly(vectors, -query, everything(vectors), 1)[0]
    later[best], later[worst], later[0] = -later[best], 40 * query, 30 * query
    grown = index.onto(later)
    assert grown.since.tolist() == sorted([0, int(best), int(worst), N])
    [found] = grown.search(query[None], everything(later), 3)
    assert set(found.tolist()) >= {N, int(worst), 0}
    assert best not in found
    assert index.onto(vectors) is index
    allowed = everything(later)
    allowed[N] = False
    assert N not in grown.search(query[None], allowed, 3)[0]


def test_rounding_is_no_change():
    vectors = table()
    index = VectorIndex.build(vectors, asked(), 0.9)
    assert len(index.onto(vectors * np.float32(1 + 1e-6)).since) == 0


def test_the_same_vectors_give_the_same_bytes():
    one, other = (VectorIndex.build(table(), asked(), 0.9).packed for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_few_vectors_are_no_trouble():
    for n in (1, 2, 3, 30):
        vectors = np.random.default_rng(n).normal(size=(n, D)).astype(np.float32)
        index = VectorIndex.build(vectors, np.zeros((0, D), np.float32), 0.98)
        assert sorted(index.search(asked(1), everything(vectors), 50)[0].tolist()) == list(range(n))


def test_damaged_bytes_and_vectors_of_another_length_are_refused():
    vectors = table()
    index = VectorIndex.build(vectors, asked(), 0.9)
    with pytest.raises(BundleError, match="its bytes cannot be read"):
        VectorIndex(index.packed[:50], vectors, index.since).search(asked(1), everything(vectors), 5)
    with pytest.raises(BundleError, match="must be of vectors of 3 numbers, got 16"):
        VectorIndex(index.packed, vectors[:, :3].copy(), index.since).search(asked(1), everything(vectors), 5)
