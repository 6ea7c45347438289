"""`bowerbird tune-ranker`, as a function: read, learn, tune the encoder where that helps, write."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.language import EncoderSettings, SentenceTransformer
from bowerbird.liking.behaviour import Crossed, Others
from bowerbird.liking.examples import Examples
from bowerbird.liking.fitting import fit
from bowerbird.liking.judge import Judge, Vectors, sigmoid
from bowerbird.liking.logistic import log_loss
from bowerbird.liking.measures import auc, auc_at_equal, calibration_error
from bowerbird.liking.settings import LikingSettings
from bowerbird.protocols import Progress, silent
from bowerbird.reader.settings import ReaderSettings
from bowerbird.store.files import replacing
from bowerbird.types import Log

RANKER, ENCODER, MARK = "ranker.safetensors", "encoder", "tuning.json"
FEWEST = 10
"""Users below which none are held out."""

HELD = 0.1
"""Of the users, to stop the tuning by, and as many again to be asked in the end."""


@dataclass(frozen=True)
class Asked:
    """Users that nothing was learned from: how many examples, the AUC of the share of likes alone and of the ranker, the ranker's
    at equal shares, its log loss, and its expected calibration error.
    """

    examples: int
    share: float
    auc: float
    at_equal: float
    log_loss: float
    error: float


@dataclass(frozen=True)
class TunedRanker:
    """How a tuning went.

    examples, users    learned from
    before, after      users that were held out, asked with the encoder as it was, and as it was tuned; None where there are too few
                       users, or where it was not tuned
    kept               whether the tuned encoder was written: only where the log loss of the users that stop the tuning fell
    n_trained, n_parameters  of the encoder
    """

    examples: int
    users: int
    before: Asked | None
    after: Asked | None
    kept: bool
    n_trained: int
    n_parameters: int


def tune_ranker(
    log: Log,
    texts: Sequence[str],
    encoder: EncoderSettings,
    liking: LikingSettings,
    reader: ReaderSettings,
    folder: Path,
    *,
    examples: int | None = None,
    start: Judge | None = None,
    tune: bool = True,
    seed: int = 0,
    progress: Progress = silent,
) -> TunedRanker:
    """Learn from likes and dislikes, and write a ranker to `folder`, whole or not at all.

    texts     of all items, by number
    examples  that are drawn by chance of those that the log has; None = all. What other people's likes say is read from the whole log
    start     the ranker whose weights these begin at; its encoder must be `encoder`
    tune      whether the encoder is tuned with LoRA too (needs the extra `train`)
    raises    DataError if the log has no likes or no dislikes with something before them, or `folder` is something else
    """
    _check_place(folder)
    rng = np.random.default_rng(seed)
    every = Examples.of_log(log, liking.window)
    if examples is not None and examples < len(every):
        every = every.take(np.sort(rng.choice(len(every), examples, replace=False)))
    liked = int(every.labels.sum())
    if not 0 < liked < len(every):
        raise DataError(f"tune-ranker: must have likes and dislikes after a user's first, got {liked} and {len(every) - liked}")
    items = np.unique(np.concatenate((every.items[every.there], every.targets)))
    task = _Task(
        every.renumbered(items), _renumbered(log, items), [texts[item] for item in items.tolist()], encoder, liking, reader, start, seed
    )
    vectors = encoder.open().encode(task.texts)
    told, stop, asked = _divided(task.every, rng)
    judge, others = task.fit(told, vectors, held=(stop, asked))
    found = TunedRanker(len(every), len(np.unique(every.users)), _ask(judge, asked, vectors, others), None, False, 0, 0)
    with replacing(folder) as fresh:
        if tune and len(stop):
            found, vectors = _tuned(found, task, (judge, others), (told, stop, asked), log, vectors, fresh, progress)
        task.fit(task.every, vectors)[0].save(fresh / RANKER)
        facts = {"encoder": encoder.model_dump(mode="json"), "liking": liking.model_dump(mode="json"), "seed": seed}
        said = {**asdict(found), **facts, "versions": {"bowerbird": version("bowerbird")}}
        (fresh / MARK).write_text(json.dumps(said, indent=1), encoding="utf-8")
    return found


@dataclass(frozen=True, eq=False)
class _Task:
    """What is asked for: examples and the log on the items that take part, and their texts; the rest as in `tune_ranker`."""

    every: Examples
    log: Log
    texts: Sequence[str]
    encoder: EncoderSettings
    liking: LikingSettings
    reader: ReaderSettings
    start: Judge | None
    seed: int

    def fit(self, told: Examples, vectors: Vectors, held: Sequence[Examples] = ()) -> tuple[Judge, Others | None]:
        """A judge, and what others say of all examples; nothing is learned from the users that are held."""
        rng = np.random.default_rng(self.seed)
        away = np.unique(np.concatenate([one.users for one in held])) if held else None
        others = Crossed.of(self.log, vectors, self.liking, rng, away) if self.liking.others else None
        return fit(told, vectors, self.liking, rng, start=self.start, others=others).judge, others


def _tuned(
    found: TunedRanker,
    task: _Task,
    said: tuple[Judge, Others | None],
    parts: tuple[Examples, Examples, Examples],
    log: Log,
    vectors: Vectors,
    folder: Path,
    progress: Progress,
) -> tuple[TunedRanker, Vectors]:
    """Tune the encoder and, if that helped, write it and read all texts with it."""
    from bowerbird.liking.lora import teach  # noqa: PLC0415 seconds, and of the extra `train`
    from bowerbird.reader.backbone import open_backbone  # noqa: PLC0415
    from bowerbird.reader.states import read_states  # noqa: PLC0415
    from bowerbird.reader.writing import as_graph, write_layout  # noqa: PLC0415

    (judge, others), (told, stop, asked) = said, parts
    backbone = open_backbone(task.encoder, task.reader.max_tokens)
    states = read_states(backbone, task.texts, task.reader.layers, progress)
    taught = teach(backbone, states, judge, told, stop, log, task.reader, others=others, seed=task.seed, progress=progress)
    found = replace(found, n_trained=taught.n_trained, n_parameters=taught.n_parameters)
    if taught.after >= taught.before:
        return found, vectors
    (folder / ENCODER).mkdir()
    write_layout(folder / ENCODER, backbone, as_graph(backbone))
    read = SentenceTransformer(model=str(folder / ENCODER)).open().encode(task.texts)
    judge, others = task.fit(told, read, held=(stop, asked))
    return replace(found, after=_ask(judge, asked, read, others), kept=True), read


def _renumbered(log: Log, items: NDArray[np.int32]) -> Log:
    """The log of these items alone, numbered by their places."""
    log = log.where(np.isin(log.items, items))
    return replace(log, items=np.searchsorted(items, log.items).astype(np.int32), n_items=len(items))


def _divided(every: Examples, rng: np.random.Generator) -> tuple[Examples, Examples, Examples]:
    """To learn from, to stop by and to ask: no user in two of them; all to learn from where there are few users."""
    names = rng.permutation(np.unique(every.users))
    n = max(1, round(HELD * len(names))) if len(names) >= FEWEST else 0
    parts: tuple[NDArray[Any], ...] = (names[2 * n :], names[:n], names[n : 2 * n])
    told, stop, asked = (every.take(np.flatnonzero(np.isin(every.users, part))) for part in parts)
    return told, stop, asked


def _ask(judge: Judge, asked: Examples, vectors: Vectors, others: Others | None) -> Asked | None:
    """None without a case."""
    if not len(asked):
        return None
    logits, shares = judge.logits(asked, vectors, others), judge.shares(asked)
    return Asked(
        len(asked),
        auc(shares, asked.labels),
        auc(logits, asked.labels),
        auc_at_equal(logits, shares, asked.labels),
        log_loss(logits, asked.labels.astype(float)),
        calibration_error(sigmoid(logits), asked.labels),
    )


def _check_place(folder: Path) -> None:
    """raises  DataError if something stands at `folder` that no tuning has written"""
    if folder.exists() and not (folder.is_dir() and ((folder / RANKER).is_file() or not any(folder.iterdir()))):
        raise DataError(f"{folder}: must be a new folder or one that tune-ranker has written, got something else")
