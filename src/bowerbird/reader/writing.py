"""A tuned transformer as a folder that `kind = "sentence-transformers"` opens without torch."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bowerbird.errors import DataError
from bowerbird.nets.export import to_onnx
from bowerbird.reader.backbone import Backbone, through
from bowerbird.types import Json

MARK = "tuning.json"
"""The file that says how an encoder was tuned; only a folder that has it is written over."""

FLAGS = {"mean": "mean", "cls": "cls", "max": "max", "last": "lasttoken"}
STEPS = ("Transformer", "Pooling", "Normalize")


class _Whole(nn.Module):
    """From token numbers to token states. The head goes over each of them: pooled, that is the head over what is pooled."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.embeddings, self.layers, self.head = backbone.net.embeddings, backbone.layers, backbone.head

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.head(through(self.layers, self.embeddings(input_ids=input_ids), attention_mask.float()))


def as_graph(backbone: Backbone) -> Any:
    """The transformer as an `onnx.ModelProto`: input_ids, attention_mask (batch, tokens) int64 → token states."""
    import onnx  # noqa: PLC0415 of the extra `train`

    ones = torch.ones((2, 3), dtype=torch.int64)
    both = ("batch", "tokens")
    example = {"input_ids": 2 * ones, "attention_mask": ones}
    file = to_onnx(_Whole(backbone), example, {"input_ids": both, "attention_mask": both})
    model = onnx.load_from_string(file.tobytes())
    sides = model.graph.output[0].type.tensor_type.shape.dim
    for side, value in zip(sides, (*both, int(backbone.net.config.hidden_size)), strict=True):
        side.Clear()
        setattr(side, "dim_value" if isinstance(value, int) else "dim_param", value)
    return model


def check_place(folder: Path) -> None:
    """raises  DataError if something stands at `folder` that no tuning has written"""
    if folder.exists() and not (folder.is_dir() and ((folder / MARK).is_file() or not any(folder.iterdir()))):
        raise DataError(f"{folder}: must be a new folder or one that tune-encoder has written, got something else")


def write_layout(folder: Path, backbone: Backbone, model: Any) -> None:
    """Fill an empty folder: the network, the tokenizer, and what `language.layout` reads of them."""
    import onnx  # noqa: PLC0415

    (folder / "onnx").mkdir()
    onnx.save(model, folder / "onnx" / "model.onnx")
    shutil.copyfile(backbone.files / "tokenizer.json", folder / "tokenizer.json")
    paths = ("", "1_Pooling", "2_Normalize")
    steps = [
        {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{step}"}
        for at, (path, step) in enumerate(zip(paths, STEPS, strict=True))
    ]
    said: dict[str, Json | list[Json]] = {
        "modules.json": steps,
        "config.json": {"hidden_size": int(backbone.net.config.hidden_size), "pad_token_id": backbone.pad},
        "sentence_bert_config.json": {"max_seq_length": backbone.max_tokens},
        "1_Pooling/config.json": {"pooling_mode": FLAGS[backbone.pooling]},
    }
    if backbone.prompt:
        said["config_sentence_transformers.json"] = {"prompts": {"text": backbone.prompt}, "default_prompt_name": "text"}
    for name, value in said.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(value, indent=1), encoding="utf-8")
