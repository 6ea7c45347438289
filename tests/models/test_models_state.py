"""Models as JSON plus arrays."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from bowerbird.errors import BundleError
from bowerbird.models import unpack as unpack_model
from bowerbird.models.state import pack, unpack


@dataclass(frozen=True, eq=False)
class Leaf:
    kind: ClassVar[str] = "leaf"
    table: Any
    half_life_days: float | None = None


@dataclass(frozen=True, eq=False)
class Tree:
    kind: ClassVar[str] = "tree"
    leaves: tuple[Leaf, ...]
    name: str
    grown: bool


KINDS = {"leaf": Leaf, "tree": Tree}


def through_json(model: Any) -> Any:
    shape, arrays = pack(model)
    return unpack(json.loads(json.dumps(shape)), arrays, KINDS)


@given(hnp.arrays(st.sampled_from([np.float32, np.int32, np.bool_, np.float64]), hnp.array_shapes(min_dims=1, max_dims=3, min_side=0)))
def test_arrays_come_back_as_they_were(table: Any) -> None:
    again = through_json(Leaf(table)).table
    assert again.dtype == table.dtype
    np.testing.assert_array_equal(again, table)


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csr_matrix])
def test_sparse_rows_come_back_as_they_were(kind: Any) -> None:
    table = kind(np.array([[0, 1.5, 0], [0, 0, 0]], np.float32))
    again = through_json(Leaf(table)).table
    assert type(again) is kind
    assert again.dtype == np.float32
    np.testing.assert_array_equal(again.toarray(), table.toarray())


@pytest.mark.parametrize("value", [None, 3, 0.25, "text", True, (1, "a", None), ()])
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    again = through_json(Leaf(value)).table
    assert again == value
    assert type(again) is type(value)


def test_models_within_a_model_name_their_arrays_by_path() -> None:
    tree = Tree((Leaf(np.arange(3)), Leaf(sparse.csr_array(np.eye(2)), 7.5)), "oak", True)
    _, arrays = pack(tree)
    assert sorted(arrays) == ["leaves.0.table", "leaves.1.table.data", "leaves.1.table.indices", "leaves.1.table.indptr"]
    again = through_json(tree)
    assert again.leaves[1].half_life_days == 7.5
    assert again.leaves[0].table.tolist() == [0, 1, 2]
    assert (again.name, again.grown) == ("oak", True)


def test_no_array_is_copied() -> None:
    table = np.arange(4)
    assert pack(Leaf(table))[1]["table"] is table


def test_a_field_of_another_kind_is_refused_by_its_path() -> None:
    with pytest.raises(BundleError, match=r"model field leaves\.0\.table: .* got set"):
        pack(Tree((Leaf({1, 2}),), "oak", False))


@pytest.mark.parametrize("shape", [{"model": "elm", "fields": {}}, {}, {"model": None}, {"model": ["leaf"]}, []])
def test_an_unknown_kind_is_refused(shape: Any) -> None:
    with pytest.raises(BundleError, match="kind must be one of leaf, tree, got"):
        unpack(shape, {}, KINDS)
    with pytest.raises(BundleError, match="kind must be one of"):
        unpack_model(shape, {})


def test_a_missing_array_is_refused() -> None:
    shape, _ = pack(Leaf(np.arange(3)))
    with pytest.raises(BundleError, match="the array 'table' is missing"):
        unpack(shape, {}, KINDS)


@pytest.mark.parametrize("fields", [{}, {"table": 1, "half_life_days": None, "colour": "red"}])
def test_fields_of_another_version_are_refused(fields: Any) -> None:
    with pytest.raises(BundleError, match="disagree on its fields"):
        unpack({"model": "leaf", "fields": fields}, {}, KINDS)
