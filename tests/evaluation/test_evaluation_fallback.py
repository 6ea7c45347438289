import numpy as np

from bowerbird.evaluation.fallback import Fallback
from bowerbird.types import History, Query

SAID = np.array([[0.5, np.nan], [np.nan, np.nan], [np.nan, 0.25]], np.float32)
POPULAR = np.array([2, 1], np.float32)


class Said:
    def score(self, queries):
        return SAID[: len(queries)]


class Popular:
    def score(self, queries):
        assert all(len(query.history) == 2 for query in queries)  # is asked only what the other cannot say
        return np.tile(POPULAR, (len(queries), 1))


def test_fills_only_those_of_whom_nothing_can_be_said():
    queries = [Query(History.of(items)) for items in ([0], [0, 1], [1])]
    filled = Fallback(Said(), Popular()).score(queries)
    np.testing.assert_array_equal(filled, [[0.5, np.nan], [2, 1], [np.nan, 0.25]])
    assert np.isnan(SAID[1]).all()  # reading changes nothing


def test_is_out_of_the_way_where_something_can_be_said():
    np.testing.assert_array_equal(Fallback(Said(), None).score([Query(History.of([0]))]), SAID[:1])
