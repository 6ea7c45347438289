"""The embedded MiniLM, which is an ONNX file, as a torch module again."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

HEADS, LAYERS = 12, 6

Arrays = dict[str, NDArray[Any]]


def minilm(path: Path) -> Any:
    """A transformers `BertModel` of the weights in the file that `tools/make_minilm.py` writes: both give the same token states."""
    from transformers import BertConfig, BertModel  # noqa: PLC0415 seconds

    weights = bert_weights(path)
    words, width = weights["embeddings.word_embeddings.weight"].shape
    config = BertConfig(
        vocab_size=words,
        hidden_size=width,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=4 * width,
        max_position_embeddings=len(weights["embeddings.position_embeddings.weight"]),
    )
    net: Any = BertModel(config, add_pooling_layer=False)
    net.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return net.eval()


def bert_weights(path: Path) -> Arrays:
    """The file's constants under the names of `BertModel`: numbers times scales, in float32, and the queries' factor taken out again."""
    import onnx  # noqa: PLC0415 of the extra `train`

    kept = {one.name: onnx.numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer}
    weights: Arrays = {name: value.copy() for name, value in kept.items() if name.endswith((".bias", ".weight"))}
    for name in [name.removesuffix(".int8") for name in kept if name.endswith(".int8")]:
        values = kept[f"{name}.int8"].astype(np.float32) * kept[f"{name}.scale"]
        if f"{name}.shape" in kept:
            weights[f"{name}.weight"] = np.ascontiguousarray(values.reshape(kept[f"{name}.shape"]).T)
        else:
            weights[name] = values
    width = kept["places"].shape[1]
    for name in weights:
        if ".attention.self.query." in name:
            weights[name] = weights[name] * np.float32((width // HEADS) ** 0.5)
    weights["embeddings.position_embeddings.weight"] = kept["places"].copy()  # with the one segment's row in it
    weights["embeddings.token_type_embeddings.weight"] = np.zeros((2, width), np.float32)
    return weights
