"""What a folder of the sentence-transformers layout says about itself."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bowerbird.errors import LanguageError
from bowerbird.language.vectors import Pooling

ONNX_FILES = ("onnx/model.onnx", "model.onnx")
STEPS = {"Transformer", "Pooling", "Normalize"}
FLAGS: dict[str, Pooling] = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_lasttoken": "last",
}
NAMES: dict[str, Pooling] = {"mean": "mean", "cls": "cls", "max": "max", "lasttoken": "last"}


@dataclass(frozen=True)
class Modules:
    """How a plain folder's model is used: a transformer, pooling, and nothing else that matters.

    tokenizer   its tokenizer.json
    pooling     how token states become a vector
    max_tokens  the model's own limit
    pad         token number of padding
    prompt      what the model wants in front of every text
    """

    tokenizer: Path
    pooling: Pooling
    max_tokens: int
    pad: int
    prompt: str


@dataclass(frozen=True)
class Layout(Modules):
    """A folder that onnxruntime alone can run.

    onnx  the network
    """

    onnx: Path


def read_layout(folder: Path) -> Layout | None:
    """The layout, or None where torch is needed: no ONNX file, no tokenizer.json, or steps besides transformer, pooling and normalising.

    raises  LanguageError if a file of it is damaged
    """
    onnx = next((folder / name for name in ONNX_FILES if (folder / name).is_file()), None)
    modules = read_modules(folder)
    return None if onnx is None or modules is None else Layout(**vars(modules), onnx=onnx)


def read_modules(folder: Path) -> Modules | None:
    """How the model is used, or None where there is no tokenizer.json, or there are steps besides transformer, pooling and normalising.

    raises  LanguageError if a file of it is damaged
    """
    tokenizer = folder / "tokenizer.json"
    pooling = _pooling(folder)
    if pooling is None or not tokenizer.is_file():
        return None
    model = read_json(folder / "config.json")
    return Modules(tokenizer, pooling, _max_tokens(folder, model), int(model.get("pad_token_id") or 0), default_prompt(folder))


def fingerprint(folder: Path, *files: Path) -> str:
    """12 hex digits over the contents of `files`, or of every file in the folder that a model is made of. A gigabyte takes a second."""
    chosen = files or tuple(
        path for path in sorted(folder.rglob("*")) if path.suffix in (".json", ".txt", ".safetensors", ".bin", ".model", ".jinja")
    )
    digest = hashlib.sha256()
    for path in chosen:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12]


def default_prompt(folder: Path) -> str:
    """The prompt that the model names as its default; usually none."""
    said = read_json(folder / "config_sentence_transformers.json")
    return str((said.get("prompts") or {}).get(said.get("default_prompt_name")) or "")


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty if there is no such file.

    raises  LanguageError if it is no JSON object
    """
    if not path.is_file():
        return {}
    value = _json(path)
    if not isinstance(value, dict):
        raise LanguageError(f"encoder {path}: must hold a JSON object, got {type(value).__name__}")
    return value


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LanguageError(f"encoder {path}: cannot be read as JSON ({error})") from None


def _pooling(folder: Path) -> Pooling | None:
    """The one way of pooling; mean where the folder says nothing of its steps."""
    path = folder / "modules.json"
    if not path.is_file():
        return "mean"
    modules = _json(path)
    try:
        kinds = {str(module["type"]).rsplit(".", 1)[-1]: str(module["path"]) for module in modules}
    except (TypeError, KeyError):
        raise LanguageError(f"encoder {path}: must hold a list of steps, each with type and path") from None
    if not kinds.keys() <= STEPS or len(kinds) != len(modules) or "Pooling" not in kinds:
        return None
    said = read_json(folder / kinds["Pooling"] / "config.json")
    ways = (
        [said["pooling_mode"]] if "pooling_mode" in said else [flag for flag, on in said.items() if flag.startswith("pooling_mode_") and on]
    )
    if len(ways) != 1 or not isinstance(ways[0], str) or said.get("include_prompt") is False:
        return None
    return NAMES.get(ways[0]) or FLAGS.get(ways[0])


def _max_tokens(folder: Path, model: dict[str, Any]) -> int:
    """The least limit that any of the files names; 512 if none does."""
    limits = [
        read_json(folder / "sentence_bert_config.json").get("max_seq_length"),
        read_json(folder / "tokenizer_config.json").get("model_max_length"),
        model.get("max_position_embeddings"),
    ]
    return min((int(limit) for limit in limits if isinstance(limit, int | float) and 0 < limit < 1e6), default=512)
