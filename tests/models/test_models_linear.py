import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from scipy import sparse

from bowerbird.data.sequences import DAY
from bowerbird.errors import DataError
from bowerbird.models.linear import LinearModel, block_rows, interactions, most_popular, spread, strongest
from bowerbird.types import History, Log, Query

N = 7
HISTORIES = st.lists(st.tuples(st.integers(0, N + 1), st.sampled_from([-1.0, 0.0, 0.4, 1.0])), max_size=8)


@pytest.fixture(scope="module")
def model() -> LinearModel:
    """Items 0–5 have weights in both directions, not symmetric; item 6 has none."""
    rng = np.random.default_rng(3)
    table = rng.normal(size=(N, N)).astype(np.float32) * (rng.random((N, N)) < 0.6)
    np.fill_diagonal(table, 0)
    table[6] = table[:, 6] = 0
    return LinearModel.of(table, half_life_events=2.0, half_life_days=5.0)


def query(events: list[tuple[int, float]]) -> Query:
    times = np.arange(len(events)) * DAY
    return Query(History.of([item for item, _ in events], [weight for _, weight in events], times), 10 * DAY)


def log_of(rows: list[tuple[int, int, float]], n_users: int, n_items: int) -> Log:
    users, items, weights = (list(column) for column in zip(*rows, strict=True))
    times = np.full(len(rows), np.nan)
    return Log(np.array(users, np.int32), np.array(items, np.int32), np.array(weights, np.float32), times, n_users, n_items)


@settings(max_examples=40, deadline=None)
@given(events=HISTORIES)
def test_contributions_sum_to_the_scores(model: LinearModel, events: list[tuple[int, float]]) -> None:
    items = np.arange(N, dtype=np.int32)
    parts = model.contributions(query(events), items)
    assert parts.shape == (len(events), N)
    assert parts.dtype == np.float32
    scores = model.score([query(events)])[0]
    np.testing.assert_allclose(parts.sum(axis=0), np.nan_to_num(scores), atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(many=st.lists(HISTORIES, max_size=5))
def test_a_batch_is_a_loop_of_singles(model: LinearModel, many: list[list[tuple[int, float]]]) -> None:
    together = model.score([query(events) for events in many])
    assert together.shape == (len(many), N)
    assert together.dtype == np.float32
    for row, events in zip(together, many, strict=True):
        np.testing.assert_array_equal(row, model.score([query(events)])[0])


def test_weights_go_from_the_item_taken_to_the_item_scored() -> None:
    one_way = LinearModel.of(np.array([[0, 3.0], [0, 0]], np.float32))
    np.testing.assert_array_equal(one_way.score([Query(History.of([0]))])[0], [np.nan, 3])
    np.testing.assert_array_equal(one_way.score([Query(History.of([1]))])[0], [np.nan, np.nan])


def test_a_dislike_takes_away_what_a_like_adds(model: LinearModel) -> None:
    for_it, against = model.score([query([(0, 1.0)]), query([(0, -1.0)])])
    np.testing.assert_array_equal(for_it, -against)


@pytest.mark.parametrize("events", [[], [(6, 1.0)], [(N, 1.0)], [(0, 0.0)]], ids=["nothing", "no weights", "unknown", "says nothing"])
def test_a_history_that_says_nothing_is_not_scored(model: LinearModel, events: list[tuple[int, float]]) -> None:
    assert np.isnan(model.score([query(events)])).all()


def test_an_item_without_weights_is_never_scored(model: LinearModel) -> None:
    assert np.flatnonzero(~model.scorable).tolist() == [6]
    assert np.flatnonzero(np.isnan(model.score([query([(0, 1.0), (3, 1.0)])])[0])).tolist() == [6]


def test_contributions_of_items_beyond_the_table_are_nought(model: LinearModel) -> None:
    parts = model.contributions(query([(0, 1.0), (N + 1, 1.0)]), np.array([1, N + 3, 1], np.int32))
    assert parts[:, 1].tolist() == [0, 0]
    assert parts[1].tolist() == [0, 0, 0]
    assert parts[0, 0] == parts[0, 2]


def test_a_weight_for_itself_is_refused() -> None:
    with pytest.raises(DataError, match="no item may have a weight for itself, item 1 has one"):
        LinearModel.of(np.diag([0, 2]).astype(np.float32))


def test_a_table_of_another_size_is_refused() -> None:
    with pytest.raises(DataError, match=r"weights must be \(3, 3\) as there are 3 items, got \(2, 2\)"):
        LinearModel(sparse.csr_array((2, 2), dtype=np.float32), np.ones(3, bool))


@settings(max_examples=40, deadline=None)
@given(
    npst.arrays(np.float32, st.tuples(st.just(5), st.integers(5, 12)), elements=st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0])),
    st.integers(1, 14),
)
def test_strongest_keeps_the_greatest_of_each_scored_item(block: NDArray[np.float32], keep: int) -> None:
    n = block.shape[1]
    got = strongest(iter([block[:2].copy(), block[2:].copy()]), n, keep).T.toarray()
    for row, whole in zip(got, block, strict=True):
        kept = row != 0
        np.testing.assert_array_equal(row[kept], whole[kept])
        np.testing.assert_array_equal(np.sort(np.abs(row))[::-1][:keep], np.sort(np.abs(whole))[::-1][:keep])
        assert kept.sum() <= keep


def test_strongest_of_no_item() -> None:
    assert strongest(iter([]), 0, 5).shape == (0, 0)
    assert strongest(iter([np.eye(2, dtype=np.float32)]), 2, None).nnz == 2


def test_interest_is_counted_once_and_dislikes_never() -> None:
    log = log_of([(0, 1, 0.3), (0, 1, 0.8), (0, 1, 0.5), (0, 2, -1.0), (1, 2, 0.0), (2, 0, 0.2)], 4, 3)
    assert interactions(log).toarray().tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 0]]
    np.testing.assert_allclose(interactions(log, weighted=True).toarray(), [[0, 0.8, 0], [0, 0, 0], [0.2, 0, 0], [0, 0, 0]], rtol=1e-6)


def test_most_popular_leaves_out_what_nobody_took() -> None:
    X = interactions(log_of([(0, 1, 1), (0, 3, 1), (1, 3, 1), (1, 4, 1)], 2, 6))
    assert most_popular(X, None).tolist() == [1, 3, 4]
    assert most_popular(X, 2).tolist() == [1, 3]
    assert most_popular(X, 1).tolist() == [3]


def test_spread_puts_weights_at_their_items() -> None:
    wide = spread(sparse.csr_array(np.array([[0, 2.0], [3.0, 0]])), np.array([1, 4]), 6).toarray()
    assert wide[1, 4] == 2
    assert wide[4, 1] == 3
    assert np.count_nonzero(wide) == 2


@pytest.mark.parametrize("n", [0, 1, 5000])
def test_blocks_of_rows_cover_every_item_once(n: int) -> None:
    covered = [item for rows in block_rows(n) for item in range(rows.start, rows.stop)]
    assert covered == list(range(n))
