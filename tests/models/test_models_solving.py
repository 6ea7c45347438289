import numpy as np
import pytest
from scipy import sparse

from bowerbird.errors import DataError
from bowerbird.models.solving import inverse, product


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 7, 1030])
def test_the_inverse_undoes_the_matrix(n: int, dtype: type) -> None:
    half = np.random.default_rng(1).normal(size=(n, n + 5))
    matrix = np.asfortranarray(half @ half.T / n + 2 * np.eye(n), dtype)
    result = inverse(matrix.copy(order="F"))
    assert result.dtype == dtype
    np.testing.assert_allclose(matrix @ result, np.eye(n), atol=1e-4 if dtype is np.float32 else 1e-10)
    np.testing.assert_array_equal(result, result.T)


def test_a_matrix_without_an_inverse_is_refused() -> None:
    with pytest.raises(DataError, match="must be positive definite"):
        inverse(np.asfortranarray([[1.0, 2.0], [2.0, 1.0]]))


@pytest.mark.parametrize("columns", [1, 64, 150])
def test_the_product_is_that_of_scipy(columns: int) -> None:
    rng = np.random.default_rng(2)
    left = sparse.random_array((31, 90), density=0.1, rng=rng, format="csr", dtype=np.float32)
    right = rng.normal(size=(90, columns)).astype(np.float32)
    np.testing.assert_allclose(product(left, right), left @ right, atol=1e-5)
    np.testing.assert_allclose(product(left, np.asfortranarray(right)), left @ right, atol=1e-5)


def test_nothing_times_nothing() -> None:
    assert product(sparse.csr_array((0, 3), dtype=np.float32), np.zeros((3, 0), np.float32)).shape == (0, 0)
