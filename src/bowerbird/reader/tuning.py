"""`bowerbird tune-encoder`, as a function: read, teach, write."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bowerbird.errors import ConfigError, DataError
from bowerbird.language import EncoderSettings, SentenceTransformer
from bowerbird.protocols import Progress, silent
from bowerbird.reader.backbone import open_backbone
from bowerbird.reader.packing import packed
from bowerbird.reader.settings import ReaderSettings
from bowerbird.reader.states import read_states
from bowerbird.reader.teaching import Taught, chosen_items, ndcg, teach
from bowerbird.reader.writing import MARK, as_graph, check_place, write_layout
from bowerbird.store.files import replacing
from bowerbird.types import Log

HARMLESS = 0.995
"""The share of its NDCG that a reader must keep for its weights to be rounded."""


@dataclass(frozen=True)
class Tuned:
    """How a tuning went: the parameters that were trained and all, NDCG@10 on held-out items before, evened out, after, and with the
    weights written, the epoch kept and how many were run, seconds, the items trained or asked for, events asked, and bits of a weight.
    """

    n_trained: int
    n_parameters: int
    before: float | None
    evened: float | None
    after: float | None
    written: float | None
    epoch: int
    epochs: int
    seconds: float
    items: int
    asked: int
    bits: int


def tune_encoder(
    log: Log,
    texts: Sequence[str],
    encoder: EncoderSettings,
    settings: ReaderSettings,
    folder: Path,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> Tuned:
    """Tune the encoder on behaviour and write it to `folder`, whole or not at all.

    texts   of all items, by number
    raises  LanguageError if the encoder has no weights that can be tuned
            ConfigError if `settings` do not fit the encoder
            DataError if there is nothing to learn from, if validation says that it was no use, or `folder` is something else
    """
    check_place(folder)
    backbone = open_backbone(encoder, settings.max_tokens)
    if settings.layers > len(backbone.layers):
        raise ConfigError(f"reader.layers: must be at most the encoder's {len(backbone.layers)}, got {settings.layers}")
    items = chosen_items(log, settings.most_items)
    read = [texts[item] for item in items.tolist()]
    states = read_states(backbone, read, settings.layers, progress)
    taught = teach(backbone, states, log, items, settings, seed=seed, progress=progress)
    _check_gain(taught)
    graph = as_graph(backbone)
    with replacing(folder) as fresh:
        write_layout(fresh, backbone, packed(graph) if settings.int8 else graph)
        bits, written = 8 if settings.int8 else 32, taught.after
        if settings.int8 and taught.after is not None:
            written = _asked_of(fresh, read, taught, settings)
            if written < HARMLESS * taught.after:
                bits, written = 32, taught.after
                _overwrite(fresh, graph)
        tuned = _summary(taught, written, bits)
        facts = {"encoder": encoder.model_dump(mode="json"), "reader": settings.model_dump(mode="json"), "seed": seed}
        versions = {name: version(name) for name in ("bowerbird", "torch", "transformers", "peft")}
        (fresh / MARK).write_text(json.dumps({**asdict(tuned), **facts, "versions": versions}, indent=1), encoding="utf-8")
    return tuned


def _check_gain(taught: Taught) -> None:
    """raises  DataError if behaviour has taught nothing"""
    if taught.before is None or taught.evened is None or taught.after is None or taught.after > max(taught.before, taught.evened):
        return
    raise DataError(
        f"tune-encoder: NDCG@10 on held-out items is {taught.before:.4f} untuned, {taught.evened:.4f} evened out without behaviour, "
        f"and {taught.after:.4f} tuned, so nothing was written; more events or a lower reader.train.learning_rate may help"
    )


def _asked_of(folder: Path, texts: Sequence[str], taught: Taught, settings: ReaderSettings) -> float:
    """NDCG@10 on the held-out items of the encoder as it was written."""
    return ndcg(SentenceTransformer(model=str(folder)).open().encode(texts), taught.held, settings.half_life_events)


def _overwrite(folder: Path, graph: Any) -> None:
    import onnx  # noqa: PLC0415 of the extra `train`

    onnx.save(graph, folder / "onnx" / "model.onnx")


def _summary(taught: Taught, written: float | None, bits: int) -> Tuned:
    return Tuned(
        taught.n_trained,
        taught.n_parameters,
        taught.before,
        taught.evened,
        taught.after,
        written,
        taught.epoch,
        taught.epochs,
        taught.seconds,
        len(taught.items),
        len(taught.held),
        bits,
    )
