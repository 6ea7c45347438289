"""Weights of 8 bits in an ONNX file, multiplied out when it is loaded, so that all arithmetic is float32."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 64
"""Weights of a column that share one scale."""

FLOAT = 1
"""ONNX's number of float32."""


def packed(model: Any) -> Any:
    """An `onnx.ModelProto` like `model`, with the matrices of its products and its tables of rows as 8-bit numbers.

    A file of a quarter of the size. A text's vector does not depend on the texts beside it, as it does where activations are rounded too.
    Matrices whose height is no multiple of 64 stay as they are.
    """
    from onnx import helper, numpy_helper  # noqa: PLC0415 of the extra `train`

    graph = model.graph
    matrices = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    matrices = {name: value for name, value in matrices.items() if value.dtype == np.float32 and value.ndim == 2}
    uses: dict[str, set[tuple[str, int]]] = {name: set() for name in matrices}
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name in uses:
                uses[name].add((node.op_type, place))
    factors = {name for name, value in matrices.items() if uses[name] == {("MatMul", 1)} and len(value) % BLOCK == 0}
    tables = {name for name in matrices if uses[name] == {("Gather", 0)}}
    constants: dict[str, NDArray[Any]] = {}
    for name in factors:
        constants[f"{name}.int8"], constants[f"{name}.scale"] = rounded(matrices[name], BLOCK)
        constants[f"{name}.shape"] = np.array(matrices[name].shape, np.int64)
    for name in tables:
        numbers, scale = rounded(matrices[name].T, matrices[name].shape[1])
        constants[f"{name}.int8"], constants[f"{name}.scale"] = numbers[0].T, scale[0].T
    nodes = [made for name in sorted(factors) for made in _multiplied_out(name)]
    for node in graph.node:
        nodes += _rows(node) if node.op_type == "Gather" and node.input[0] in tables else [node]
    initial = [one for one in graph.initializer if one.name not in factors | tables]
    initial += [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()]
    smaller = helper.make_graph(nodes, graph.name, graph.input, graph.output, initial)
    return helper.make_model(smaller, opset_imports=model.opset_import, ir_version=model.ir_version, producer_name="bowerbird")


def rounded(matrix: NDArray[np.float32], block: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Whole numbers (n / block, block, m) and scales (n / block, 1, m), symmetric: matrix ≈ scale · numbers.

    >>> numbers, scale = rounded(np.float32([[1.0], [-0.5]]), 2)
    >>> numbers.ravel().tolist(), round(float(scale.item() * 127), 3)
    ([127, -64], 1.0)
    """
    blocks = matrix.reshape(-1, block, matrix.shape[1])
    largest = np.abs(blocks).max(1, keepdims=True)
    scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.rint(blocks / scale).clip(-127, 127).astype(np.int8), scale


def _multiplied_out(name: str) -> list[Any]:
    """The nodes that make a matrix of its numbers and scales."""
    from onnx import helper  # noqa: PLC0415

    return [
        helper.make_node("Cast", [f"{name}.int8"], [f"{name}.floats"], to=FLOAT),
        helper.make_node("Mul", [f"{name}.floats", f"{name}.scale"], [f"{name}.blocks"]),
        helper.make_node("Reshape", [f"{name}.blocks", f"{name}.shape"], [name]),
    ]


def _rows(gather: Any) -> list[Any]:
    """In place of a node that takes rows of a table: only the rows that are asked for are multiplied out."""
    from onnx import helper  # noqa: PLC0415

    (name, ids), out = gather.input, gather.output[0]
    return [
        helper.make_node("Gather", [f"{name}.int8", ids], [f"{out}.int8"], axis=0),
        helper.make_node("Cast", [f"{out}.int8"], [f"{out}.floats"], to=FLOAT),
        helper.make_node("Gather", [f"{name}.scale", ids], [f"{out}.scale"], axis=0),
        helper.make_node("Mul", [f"{out}.floats", f"{out}.scale"], [out]),
    ]
