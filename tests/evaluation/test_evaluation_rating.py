"""Errors of predicted ratings: over ratings, not over users, with the users drawn."""

import numpy as np
import pytest

from bowerbird.errors import DataError
from bowerbird.evaluation import rating_errors


def test_every_rating_counts_alike() -> None:
    errors = rating_errors(
        [np.array([1.0]), np.array([2.0, 2.0, 2.0])], [np.array([4.0]), np.array([2.0, 3.0, 2.0])], np.random.default_rng(0)
    )
    assert errors.rmse.mean == pytest.approx(np.sqrt((9 + 1) / 4))
    assert errors.mae.mean == pytest.approx(1)


def test_the_interval_holds_the_mean_and_is_a_point_where_users_are_alike() -> None:
    rng = np.random.default_rng(0)
    given = [rng.normal(size=5) for _ in range(40)]
    errors = rating_errors([user + rng.normal(size=5) for user in given], given, rng)
    assert errors.rmse.low < errors.rmse.mean < errors.rmse.high
    alike = rating_errors([user + 0.5 for user in given], given, rng)
    np.testing.assert_allclose([alike.rmse.low, alike.rmse.high, alike.mae.low, alike.mae.high], 0.5)


def test_a_user_with_too_few_predictions_is_refused() -> None:
    with pytest.raises(DataError, match="as many predictions as ratings"):
        rating_errors([np.zeros(2)], [np.zeros(3)], np.random.default_rng(0))
