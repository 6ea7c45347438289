"""From behaviour and texts to layers that read the texts as the behaviour goes."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from bowerbird.config import Settings
from bowerbird.data.sequences import decayed_rows
from bowerbird.errors import ConfigError, DataError
from bowerbird.protocols import Progress, silent
from bowerbird.reader.backbone import Backbone
from bowerbird.reader.net import Reader, evening_head, merge, plain_head, unfinished
from bowerbird.reader.pairs import Pairs, hold_out_items
from bowerbird.reader.settings import ReaderSettings
from bowerbird.reader.states import States
from bowerbird.training.runs import open_run
from bowerbird.training.trainer import Batch, train
from bowerbird.training.validation import Held
from bowerbird.types import Log, Query, Scores

MOST_TRAINED = 0.02
"""Share of the encoder's parameters that may be trained."""

Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Taught:
    """How the teaching went.

    n_trained     parameters that training changed
    n_parameters  of the whole transformer
    before        NDCG@10 on held-out items untuned; None without validation
    evened        the same with the vectors evened out, which needs no behaviour
    after         the same as it is now
    epochs        that were run; `epoch` is the one whose weights were kept
    seconds       of training and validation
    held          what validation asks, on the item numbers of `items`
    items         (n,) the items that took part
    """

    n_trained: int
    n_parameters: int
    before: float | None
    evened: float | None
    after: float | None
    epoch: int
    epochs: int
    seconds: float
    held: Held
    items: NDArray[np.intp]


class _Facts(Settings):
    """What names the folder of a run besides the log and the seed."""

    kind: str = "reader"
    settings: ReaderSettings
    source: str
    texts: str


def chosen_items(log: Log, most: int) -> NDArray[np.intp]:
    """The `most` items with the most events, by number; those without one are left out.

    >>> log = Log(np.zeros(4, int), np.array([2, 2, 1, 0]), np.ones(4, np.float32), np.full(4, np.nan), 1, 4)
    >>> chosen_items(log, 2).tolist()
    [0, 2]
    """
    counts = np.bincount(log.items, minlength=log.n_items)
    return np.sort(np.argsort(-counts, kind="stable")[: min(most, int((counts > 0).sum()))])


def teach(
    backbone: Backbone,
    states: States,
    log: Log,
    items: NDArray[np.intp],
    settings: ReaderSettings,
    *,
    seed: int,
    progress: Progress = silent,
) -> Taught:
    """Tune the topmost layers of `backbone` in place, and give it a head.

    states  one row for each of `items`: what the layers below say of its text
    raises  ConfigError if more than 2 % of the parameters would be trained, or a library is missing
            DataError if no history has an item that is trained on
    cost    an epoch reads each of `items` once for a gradient and once for validation: with 2 of MiniLM's 6 layers and 64 tokens, 30 ms
            an item and core
    """
    began = time.perf_counter()
    total = backbone.n_parameters
    told, held, trained = _divided(renumbered(log, items), settings, seed)
    pairs = Pairs.of(told, trained, settings.half_life_events)
    if not len(pairs):
        raise DataError(f"tune-encoder: some user must have liked two different items, got {len(log)} events that tell of no such user")
    before, evened = _add_head(backbone, states, held, settings)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = Reader(backbone, states, settings)
    if net.n_trained > MOST_TRAINED * total:
        raise ConfigError(f"reader: at most 2 % of {total:,} parameters may be trained, got {net.n_trained:,}; lower rank or layers")
    judge = _judge(net, held, settings.half_life_events)
    with_text = _Facts(settings=settings, source=backbone.source, texts=_fingerprint(states))

    def batches(chance: np.random.Generator) -> Iterator[Batch]:
        yield from pairs.batches(np.flatnonzero(trained), settings.batch_items, chance)

    with open_run(with_text, settings.train, log, seed) as run:
        done = train(net, batches, settings.train, run, seed=seed, judge=judge if len(held) else None, progress=progress)
    n_trained = net.n_trained
    merge(net.tuned)
    seconds = time.perf_counter() - began
    return Taught(n_trained, total, before, evened, done.best, done.best_epoch, len(done.curve), seconds, held, items)


def ndcg(vectors: Vectors, held: Held, half_life_events: float | None) -> float:
    """NDCG@10 on held-out items: all of `vectors` compete, by the cosine to the recency-weighted sum of the history's."""

    def score(queries: Sequence[Query]) -> Scores:
        rows = decayed_rows([query.history for query in queries], len(vectors), half_life_events=half_life_events)
        scores: Scores = (rows @ vectors) @ vectors.T
        return scores

    return held.ndcg(score)


def renumbered(log: Log, items: NDArray[np.intp]) -> Log:
    """The events on these items, which are numbered by their places.

    >>> log = Log(np.zeros(3, int), np.array([5, 1, 3]), np.ones(3, np.float32), np.full(3, np.nan), 1, 6)
    >>> renumbered(log, np.array([3, 5])).items.tolist()
    [1, 0]
    """
    places = np.full(log.n_items, -1, np.int32)
    places[items] = np.arange(len(items))
    kept = log.where(places[log.items] >= 0)
    return Log(kept.users, places[kept.items], kept.weights, kept.times, kept.n_users, len(items), kept.kinds)


def _divided(log: Log, settings: ReaderSettings, seed: int) -> tuple[Log, Held, NDArray[np.bool_]]:
    """The events to learn from, what validation asks, and the items that are trained on."""
    every = np.arange(log.n_items)
    told, held = hold_out_items(log, every, settings.holdout_items, np.random.default_rng(seed))
    return told, held, np.bincount(told.items, minlength=log.n_items) > 0


def _add_head(backbone: Backbone, states: States, held: Held, settings: ReaderSettings) -> tuple[float | None, float | None]:
    """Give the backbone a head that evens out, unless validation says that this harms.

    A head works on a text's tokens as on its vector only where pooling is linear; where it is not, there is none.

    returns  NDCG@10 on held-out items of the vectors as they were, and evened out; None without validation
    """
    every = np.arange(len(states.lengths))
    with torch.no_grad():
        raw = unfinished(backbone.top(settings.layers), states, every, backbone.pooling, torch.device("cpu"))
        head = evening_head(raw)
        ways = [F.normalize(one, dim=1).numpy() for one in (raw, head(raw))]
    before, evened = (ndcg(one, held, settings.half_life_events) if len(held) else None for one in ways)
    if backbone.pooling != "max":
        harms = before is not None and evened is not None and evened < before
        backbone.head.append(plain_head(raw.shape[1]) if harms else head)
    return before, evened


def _judge(net: Reader, held: Held, half_life_events: float | None) -> Callable[[], float]:
    """NDCG@10 of the net as it is; all its vectors are renewed on the way."""

    def judge() -> float:
        with torch.no_grad():
            net.table.copy_(net.everything())
        return ndcg(net.table.cpu().numpy(), held, half_life_events)

    return judge


def _fingerprint(states: States) -> str:
    digest = hashlib.sha256(json.dumps(states.starts.tolist()).encode())
    digest.update(states.flat.numpy().view(np.uint8).data)
    return digest.hexdigest()[:16]
