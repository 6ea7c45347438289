import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import DataError
from bowerbird.evaluation.judging import judge
from bowerbird.types import Slate


def slate(items, scores=None):
    scores = np.arange(len(items), 0, -1) if scores is None else scores
    return Slate(np.array(items, np.int32), np.array(scores, np.float32))


def served(scores, k):
    """What the pipeline shows: best first, ties to the lower number."""
    order = np.lexsort((np.arange(len(scores)), -np.array(scores)))[:k]
    return slate(order, np.array(scores, np.float32)[order])


def wanted(*items):
    return np.array(items, np.int32)


def test_without_ties_the_list_is_as_shown():
    judged = judge([slate([4, 2, 9, 7])], [wanted(9, 4, 1)], k=3)
    assert judged.hits.tolist() == [[True, False, True]]
    assert judged.ranks.tolist() == [3, 1, 0]
    assert judged.sizes.tolist() == [3]


def test_a_wanted_item_goes_behind_those_of_its_score():
    judged = judge([slate([4, 2, 9, 7, 8], [5, 5, 5, 1, 0])], [wanted(4)], k=4)
    assert judged.hits.tolist() == [[False, False, True, False]]
    assert judged.ranks.tolist() == [3]


def test_two_wanted_items_of_one_score_take_the_last_two_places():
    judged = judge([slate([4, 2, 9, 7, 8], [5, 5, 5, 1, 0])], [wanted(2, 4)], k=4)
    assert judged.hits.tolist() == [[False, True, True, False]]
    assert sorted(judged.ranks) == [2, 3]


def test_a_tie_over_the_edge_is_a_miss():
    assert not judge([slate([4, 2, 9], [5, 3, 3])], [wanted(2)], k=2).hits.any()


def test_a_tie_that_ends_at_the_edge_is_a_hit():
    assert judge([slate([4, 2, 9], [3, 3, 1])], [wanted(4)], k=2).hits.tolist() == [[False, True]]


def test_a_list_of_just_k_that_ends_in_a_tie_may_go_on():
    assert not judge([slate([4, 2], [3, 3])], [wanted(4)], k=2).hits.any()
    assert judge([slate([4, 2], [3, 2])], [wanted(2)], k=2).hits.any()


def test_a_shorter_list_is_complete():
    assert judge([slate([4, 2], [3, 3])], [wanted(4)], k=3).hits.tolist() == [[False, True, False]]


def test_an_empty_list_has_no_hits():
    assert judge([slate([]), slate([1, 0])], [wanted(0), wanted(0)], k=1).ranks.tolist() == [0, 0]


def test_users_are_not_mixed_up():
    judged = judge([slate([1, 2, 3]), slate([3, 2, 1])], [wanted(1), wanted(1)], k=2)
    assert judged.ranks.tolist() == [1, 0]
    assert judged.owners.tolist() == [0, 1]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=14), st.integers(1, 12), st.data())
def test_one_wanted_item_has_the_worst_rank_of_the_whole_catalogue(scores, k, data):
    target = data.draw(st.integers(0, len(scores) - 1))
    better = sum(score > scores[target] for score in scores)
    tied = sum(score == scores[target] for score in scores) - 1
    rank = 1 + better + tied
    judged = judge([served(scores, k + 1)], [wanted(target)], k)
    if len(scores) == k:  # the list is exactly k long: it may seem to go on
        assert judged.ranks[0] in (rank, 0)
    else:
        assert judged.ranks[0] == (rank if rank <= k else 0)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=14), st.integers(1, 12), st.data())
def test_never_better_than_the_worst_order(scores, k, data):
    targets = data.draw(st.lists(st.integers(0, len(scores) - 1), min_size=1, unique=True))
    is_wanted = np.isin(np.arange(len(scores)), targets)
    worst = is_wanted[np.lexsort((is_wanted, -np.array(scores)))][:k]
    judged = judge([served(scores, k + 1)], [wanted(*targets)], k)
    assert (np.cumsum(judged.hits[0])[: len(worst)] <= np.cumsum(worst)).all()


@given(st.permutations(range(8)), st.permutations(range(8)))
def test_renumbering_the_items_changes_nothing(order, names):
    names = np.array(names, np.int32)
    plain = judge([slate(order)], [wanted(1, 5, 6)], k=5)
    renamed = judge([slate(names[list(order)])], [names[[1, 5, 6]]], k=5)
    assert plain.hits.tolist() == renamed.hits.tolist()
    assert plain.ranks.tolist() == renamed.ranks.tolist()


def test_refuses_what_it_cannot_judge():
    with pytest.raises(DataError, match="one list of targets for each slate, got 1 slates and 2 lists"):
        judge([slate([1])], [wanted(1), wanted(2)], k=1)
    with pytest.raises(DataError, match="user 1 wants none"):
        judge([slate([1]), slate([2])], [wanted(1), wanted()], k=1)
    with pytest.raises(DataError, match="k must be at least 1, got 0"):
        judge([slate([1])], [wanted(1)], k=0)
