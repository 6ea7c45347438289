"""Named arrays in one safetensors file, read back without copying."""

import json
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save_file

DTYPES = {
    "BOOL": np.bool_,
    "I8": np.int8,
    "I16": np.int16,
    "I32": np.int32,
    "I64": np.int64,
    "U8": np.uint8,
    "U16": np.uint16,
    "U32": np.uint32,
    "U64": np.uint64,
    "F16": np.float16,
    "F32": np.float32,
    "F64": np.float64,
}
"""The format's names of the types that numpy has too."""

PREFIX = 8
"""The file begins with the length of its JSON header: 8 bytes, little-endian."""


def write_tensors(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write the arrays to a file.

    raises  ValueError if an array is of a type that the format does not have; OSError if the disk does not let us
    """
    plain = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    for name, array in plain.items():
        if array.dtype.newbyteorder("=") not in DTYPES.values():
            raise ValueError(f"the array {name!r} must hold numbers or truth values, got {array.dtype}")
    try:
        save_file(plain, path)
    except SafetensorError as error:
        raise OSError(str(error)) from error
    path.chmod(path.parent.stat().st_mode & 0o666)  # the library makes the file its writer's alone


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file, as read-only views of it: memory is taken page by page, as they are read, and shared between processes.

    raises  ValueError if the file is not safetensors; OSError if it cannot be read
    cost    O(number of arrays), whatever their size
    """
    with path.open("rb") as file:
        buffer = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    start = PREFIX + int.from_bytes(buffer[:PREFIX], "little")
    header = json.loads(bytes(buffer[PREFIX:start]))
    header.pop("__metadata__", None)
    return {name: _view(buffer[start:], entry) for name, entry in header.items()}


def _view(data: memoryview, entry: dict[str, Any]) -> NDArray[Any]:
    try:
        dtype, (begin, end) = np.dtype(DTYPES[entry["dtype"]]), entry["data_offsets"]
    except (KeyError, TypeError):
        raise ValueError(f"not a tensor that numpy has: {entry!r:.80}") from None
    view: NDArray[Any] = np.frombuffer(data[begin:end], dtype.newbyteorder("<")).reshape(entry["shape"])
    return view if view.flags.aligned else view.copy()
