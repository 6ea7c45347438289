"""The map of interests as a value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from bowerbird.errors import DataError
from bowerbird.intents import OTHER, Intents, intent_shares
from bowerbird.types import History

TABLE = [[1, 0, 0], [0.25, 0.75, 0], [0, 0, 1], [0, 0, 0]]


def intents(names=("tea", "rope", OTHER), owners=(0, 1, 1, 2), spread=0.1, table=TABLE):
    centres = np.eye(len(owners), dtype=np.float32)
    return Intents(tuple(names), centres, np.array(owners, np.int32), spread, sparse.csr_array(np.array(table, np.float32)))


def test_what_an_item_is_for():
    assert [intents().of(item) for item in range(4)] == [("tea",), ("rope", "tea"), (), ()]
    assert intents().main.tolist() == [0, 1, 2, -1]
    assert intents().sizes.tolist() == [1, 1, 1]


def test_ties_go_to_the_lower_intent():
    tied = intents(table=[[0.5, 0.5, 0]])
    assert (tied.main.tolist(), tied.of(0)) == ([0], ("tea", "rope"))


def test_an_intent_pulls_by_the_nearest_of_its_centres():
    placed = intents().place(np.eye(4, dtype=np.float32))
    assert placed.toarray().tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]]


def test_what_is_between_two_belongs_to_both_in_the_proportion_of_their_pull():
    near = np.array([[0.75, 0.65, 0, 0]], np.float32)
    placed = intents(spread=0.1).place(near / np.linalg.norm(near)).toarray()[0]
    gap = 0.1 / np.linalg.norm(near)
    assert placed[1] / placed[0] == pytest.approx(np.exp(-gap / 0.1), rel=1e-4)
    assert intents(spread=0.01).place(near).toarray()[0].tolist() == [1, 0, 0]


@given(st.integers(0, 10**6))
def test_items_put_in_are_placed_and_the_others_stay(seed):
    rng = np.random.default_rng(seed)
    fresh = rng.standard_normal((2, 4)).astype(np.float32)
    grown = intents().with_items(np.array([1, 4]), fresh, 5)
    assert grown.membership.shape == (5, 3)
    assert grown.membership.toarray()[[0, 2, 3]].tolist() == np.array(TABLE, np.float32)[[0, 2, 3]].tolist()
    assert grown.membership.toarray()[[1, 4]].tolist() == intents().place(fresh).toarray().tolist()
    assert grown.names == intents().names


def test_many_items_are_placed_as_one_by_one(monkeypatch):
    vectors = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
    whole = intents().place(vectors).toarray()
    monkeypatch.setattr("bowerbird.intents.BLOCK", 2)
    assert intents().place(vectors).toarray() == pytest.approx(whole, abs=1e-5)
    assert intents().place(vectors[:0]).shape == (0, 3)


def test_shares_of_a_history_count_what_was_liked():
    shares = intent_shares(History.of([0, 1, 2, 3], [0.5, 1, -1, 1]), intents())
    assert shares == pytest.approx([0.75 / 1.5, 0.75 / 1.5, 0])
    for nothing in (History.of([]), History.of([2], [-1]), History.of([3])):
        assert intent_shares(nothing, intents()).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"names": ("tea", "tea", "x")}, "no two alike"),
        ({"names": ("tea", "rope")}, "one name for each of 3"),
        ({"owners": (0, 2, 1, 2)}, "must not fall"),
        ({"owners": (0, 1, 1, 1)}, "own a centre"),
        ({"spread": 0.0}, "above 0"),
    ],
)
def test_what_does_not_fit_is_refused(wrong, sentence):
    with pytest.raises(DataError, match=sentence):
        intents(**wrong)
