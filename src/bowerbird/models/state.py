"""A fitted model as plain JSON plus named arrays, and back. Nothing is pickled."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bowerbird.errors import BundleError
from bowerbird.types import Json

Arrays = Mapping[str, NDArray[Any]]

SPARSE = {"csr_array": sparse.csr_array, "csr_matrix": sparse.csr_matrix}


def pack(model: Any) -> tuple[Json, dict[str, NDArray[Any]]]:
    """Take a model apart: a JSON tree of its fields, and its arrays, each named by its path (`members.0.vectors`).

    Fields may be arrays, compressed sparse rows, numbers, strings, booleans, None, models, and tuples of these.

    raises  BundleError for a field of another kind
    cost    no array is copied
    """
    arrays: dict[str, NDArray[Any]] = {}
    return _pack_model(model, "", arrays), arrays


def unpack(shape: Json, arrays: Arrays, models: Mapping[str, type]) -> Any:
    """Put a model together again from what `pack` gave.

    models  model classes by kind
    raises  BundleError for a kind that `models` does not name, a missing array, or fields that the kind does not have
    """
    kind = shape.get("model") if isinstance(shape, dict) else None
    if not isinstance(kind, str) or kind not in models:
        raise BundleError(f"model: kind must be one of {', '.join(sorted(models))}, got {kind!r}")
    values = {name: _unpack_value(value, arrays, models) for name, value in shape.get("fields", {}).items()}
    expected = {field.name for field in fields(models[kind]) if field.init}
    if set(values) != expected:
        odd = ", ".join(sorted(set(values) ^ expected))
        raise BundleError(f"model {kind!r}: the bundle and this version of bowerbird disagree on its fields ({odd})")
    return models[kind](**values)


def _pack_model(model: Any, path: str, arrays: dict[str, NDArray[Any]]) -> Json:
    packed = {field.name: _pack_value(getattr(model, field.name), path + field.name, arrays) for field in fields(model) if field.init}
    return {"model": model.kind, "fields": packed}


def _pack_value(value: Any, path: str, arrays: dict[str, NDArray[Any]]) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        arrays[path] = value
        return {"array": path}
    if isinstance(value, sparse.csr_array | sparse.csr_matrix):
        for part in ("data", "indices", "indptr"):
            arrays[f"{path}.{part}"] = getattr(value, part)
        return {"sparse": type(value).__name__, "path": path, "shape": [int(side) for side in value.shape]}
    if isinstance(value, tuple):
        return {"tuple": [_pack_value(part, f"{path}.{place}", arrays) for place, part in enumerate(value)]}
    if is_dataclass(value) and hasattr(value, "kind"):
        return _pack_model(value, f"{path}.", arrays)
    raise BundleError(f"model field {path}: must be an array, a number, a string, a model or a tuple of these, got {type(value).__name__}")


def _unpack_value(value: Any, arrays: Arrays, models: Mapping[str, type]) -> Any:
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return _array(value["array"], arrays)
    if "sparse" in value and value["sparse"] in SPARSE:
        parts = tuple(_array(f"{value['path']}.{part}", arrays) for part in ("data", "indices", "indptr"))
        return SPARSE[value["sparse"]](parts, shape=tuple(value["shape"]))
    if "tuple" in value:
        return tuple(_unpack_value(part, arrays, models) for part in value["tuple"])
    return unpack(value, arrays, models)


def _array(path: str, arrays: Arrays) -> NDArray[Any]:
    if path not in arrays:
        raise BundleError(f"model: the array {path!r} is missing from the bundle")
    return arrays[path]
