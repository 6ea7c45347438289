"""Ratings hidden by chance: none is lost, none is told twice."""

import models_world as world
import numpy as np
import pytest

from bowerbird.data import folds, hide, marks
from bowerbird.errors import DataError
from bowerbird.types import Log


def test_every_rating_is_hidden_in_one_fold() -> None:
    log = world.log()
    seen = np.zeros((log.n_users, log.n_items), int)
    for told, rated in folds(log, 5, np.random.default_rng(0)):
        assert len(told) + sum(map(len, rated.items)) == len(log)
        for query, items in zip(rated.queries, rated.items, strict=True):
            [user] = {user for user in range(log.n_users) if np.array_equal(told.history(user).times, query.history.times)}
            seen[user, items] += 1
    assert seen[log.users, log.items].tolist() == [1] * len(log)


def test_hidden_ratings_come_with_their_marks_in_the_order_of_the_log() -> None:
    log = world.log()
    for number, (_, rated) in enumerate(folds(log, 3, np.random.default_rng(0))):
        here = np.random.default_rng(0).permutation(len(log)) % 3 == number
        assert np.concatenate(rated.items).tolist() == log.items[here].tolist()
        assert np.concatenate(rated.marks).tolist() == marks(log.weights[here]).tolist()


def test_what_says_nothing_is_not_asked_for() -> None:
    log = Log(np.zeros(4, np.int32), np.arange(4, dtype=np.int32), np.array([1, 0, 0, 1], np.float32), np.full(4, np.nan), 1, 4)
    told, rated = hide(log, 0.999, np.random.default_rng(0))
    assert told.items.tolist() == [1, 2]
    assert np.concatenate(rated.items).tolist() == [0, 3]


def test_one_fold_is_no_fold() -> None:
    with pytest.raises(DataError, match="k must be at least 2, got 1"):
        next(folds(world.log(), 1, np.random.default_rng(0)))
