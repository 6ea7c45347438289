"""The transformer inside an encoder, as a torch module that can be tuned."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from bowerbird.errors import LanguageError
from bowerbird.language import EncoderSettings, Endpoint, MiniLm, SentenceTransformer, hub
from bowerbird.language.embedded import FOLDER, check
from bowerbird.language.layout import read_modules
from bowerbird.language.tokens import load_tokenizer, tokenize
from bowerbird.language.vectors import Pooling
from bowerbird.reader.embedded import minilm

FAR = -1e4
"""Added to the attention that padding gets."""


@dataclass(frozen=True, eq=False)
class Backbone:
    """A BERT-like transformer and how texts go in and vectors come out.

    source      what it was opened from
    net         a transformers module with `embeddings` and `encoder.layer`
    tokenizer   cuts at `max_tokens`
    files       where `tokenizer.json` lies
    pooling     how the states of a text's tokens become its vector
    max_tokens  that are read of a text, with the special ones
    pad         token number of padding
    prompt      put in front of every text
    head        empty, or the one linear layer that a pooled vector goes through before it is made of unit length
    """

    source: str
    net: Any
    tokenizer: Tokenizer
    files: Path
    pooling: Pooling
    max_tokens: int
    pad: int
    prompt: str
    head: nn.Sequential = field(default_factory=nn.Sequential)

    @property
    def layers(self) -> nn.ModuleList:
        """From the lowest to the topmost."""
        stack: nn.ModuleList = self.net.encoder.layer
        return stack

    @property
    def n_parameters(self) -> int:
        """All that the transformer has."""
        return sum(one.numel() for one in self.net.parameters())

    def top(self, n: int) -> nn.ModuleList:
        """The topmost `n` layers."""
        return self.layers[len(self.layers) - n :]

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The token numbers of each text."""
        return tokenize(self.tokenizer, texts, self.prompt)[0]


def open_backbone(settings: EncoderSettings, max_tokens: int) -> Backbone:
    """The transformer of an encoder's settings, its weights in float32 on the CPU.

    max_tokens  at most; less where the settings or the model say so
    raises      LanguageError if its weights cannot be had, or it is not built as BERT is
    """
    match settings:
        case MiniLm():
            manifest = check(FOLDER)
            limit = min(settings.max_tokens, max_tokens)
            tokenizer = load_tokenizer(FOLDER / "tokenizer.json", limit)
            return Backbone("minilm", minilm(FOLDER / "model.onnx"), tokenizer, FOLDER, manifest["pooling"], limit, 0, "")
        case SentenceTransformer():
            return _transformer(settings, max_tokens)
        case Endpoint():
            raise LanguageError(f"encoder {settings.model!r}: must have weights here to be tuned, got a server at {settings.url}")


def _transformer(settings: SentenceTransformer, max_tokens: int) -> Backbone:
    """raises  LanguageError"""
    from transformers import AutoModel  # noqa: PLC0415 seconds that the embedded model need not spend

    local = Path(settings.model).expanduser()
    folder = local if local.is_dir() else hub.fetch(settings.model, settings.revision, hub.WEIGHTS)
    modules = read_modules(folder)
    if modules is None:
        raise LanguageError(f"encoder {folder}: to be tuned it must have tokenizer.json and no steps besides transformer and plain pooling")
    try:
        net = AutoModel.from_pretrained(str(folder), local_files_only=True, dtype=torch.float32)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise LanguageError(f"encoder {folder}: transformers cannot load its weights ({str(error).splitlines()[0]:.200})") from None
    if not hasattr(net, "embeddings") or not isinstance(getattr(getattr(net, "encoder", None), "layer", None), nn.ModuleList):
        raise LanguageError(f"encoder {folder}: must be built as BERT is (embeddings, encoder.layer) to be tuned, got {type(net).__name__}")
    limit = min(settings.max_tokens or modules.max_tokens, modules.max_tokens, max_tokens)
    prompt = modules.prompt if settings.prompt is None else settings.prompt
    tokenizer = load_tokenizer(modules.tokenizer, limit)
    return Backbone(settings.model, net.eval(), tokenizer, folder, modules.pooling, limit, modules.pad, prompt)


def through(layers: Sequence[nn.Module] | nn.ModuleList, states: Tensor, mask: Tensor) -> Tensor:
    """(n, tokens, d) states after these layers; `mask` (n, tokens) is 1 for a token and 0 for padding."""
    wall = ((1 - mask.to(states.dtype)) * FAR)[:, None, None, :]
    for layer in layers:
        states = layer(states, wall)
    return states


def pooled(states: Tensor, mask: Tensor, how: Pooling) -> Tensor:
    """(n, d): as `language.vectors.pool`, with a gradient, of the length that it has."""
    real = mask[:, :, None] > 0
    match how:
        case "cls":
            rows = states[:, 0]
        case "last":
            rows = states[torch.arange(len(states), device=states.device), mask.sum(1).long() - 1]
        case "max":
            rows = states.masked_fill(~real, -torch.inf).amax(1)
        case "mean":
            rows = states.masked_fill(~real, 0).sum(1) / mask.sum(1, keepdim=True)
    return rows.float()


def padded_tensors(ids: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor]:
    """(n, longest) token numbers, and 1 where they are real."""
    longest = max(len(one) for one in ids)
    numbers: NDArray[np.int64] = np.full((len(ids), longest), pad, np.int64)
    mask: NDArray[np.float32] = np.zeros((len(ids), longest), np.float32)
    for at, one in enumerate(ids):
        numbers[at, : len(one)] = one
        mask[at, : len(one)] = 1
    return torch.from_numpy(numbers), torch.from_numpy(mask)
