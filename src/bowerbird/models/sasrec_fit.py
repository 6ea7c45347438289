"""Training `Sasrec`: apart from the recipe, since it needs torch."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from bowerbird.data import Catalogue
from bowerbird.models.graph import answered_by
from bowerbird.models.sasrec import SasrecModel, item_table
from bowerbird.models.whitening import Texts
from bowerbird.nets.contrast import Contrast
from bowerbird.nets.export import AsSession, to_int8, to_onnx
from bowerbird.nets.items import Items
from bowerbird.nets.objective import Objective
from bowerbird.nets.sasrec import Masked, Reader
from bowerbird.nets.sasrec import Sasrec as Net
from bowerbird.protocols import Progress
from bowerbird.training.negatives import Negatives
from bowerbird.training.runs import open_run
from bowerbird.training.trainer import Batch, train
from bowerbird.training.validation import Held, hold_out
from bowerbird.training.windows import Windows, targets
from bowerbird.types import Log

if TYPE_CHECKING:
    from bowerbird.models.sasrec import Sasrec

MOVES = 0.005
"""Share of its NDCG by which a net may move when its weights are rounded."""

logger = logging.getLogger(__name__)


def fit(recipe: "Sasrec", log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress) -> SasrecModel:
    """See the recipe."""
    seed = int(rng.integers(2**31))
    told, held = hold_out(log, recipe.train.holdout, np.random.default_rng(seed))
    counts = np.bincount(told.items[told.weights > 0], minlength=len(catalogue))
    texts = Texts.of(catalogue, recipe.whiten)
    known = counts > 0 if texts.rows is None else (counts > 0) | ~np.isnan(texts.rows[:, 0])
    windows = Windows.of(told.where(known[told.items] & (told.weights != 0)), recipe.length)
    net = make_net(recipe, counts, texts, seed, several_kinds=len(np.unique(told.kinds)) > 1)

    def batches(chance: np.random.Generator) -> Iterator[Batch]:
        for batch in windows.batches(recipe.train.batch_events, chance):
            if len(wanted := targets(batch)):
                yield net.objective.prepare(batch, wanted, chance)

    def judge() -> float:
        return held.ndcg(as_model(recipe, net, texts, AsSession(net.reader)).score)

    if len(windows.starts) and recipe.pretrain:
        before = recipe.train.model_copy(update={"epochs": recipe.pretrain, "runs": None})
        with open_run(recipe, before, log, seed) as run:
            train(Masked(net), batches, before, run, seed=seed, judge=None, progress=progress)
    if len(windows.starts):
        with open_run(recipe, recipe.train, log, seed) as run:
            train(net, batches, recipe.train, run, seed=seed, judge=judge if len(held) else None, progress=progress)
    model = as_model(recipe, net, texts)
    return smaller(model, held) if recipe.int8 else model


def smaller(model: SasrecModel, held: Held) -> SasrecModel:
    """The model with 8-bit weights, if it is as good in validation; without validation nobody knows, and it stays as it is."""
    small = replace(model, graph=to_int8(model.graph))
    before, after = held.ndcg(model.score), held.ndcg(small.score)
    good = abs(after - before) < MOVES * before
    decided = "8-bit weights" if good else "32-bit weights, for 8-bit ones are not as good"
    logger.info("sasrec: NDCG@10 in validation %.4f, with 8-bit weights %.4f: served with %s", before, after, decided)
    return small if good else model


def make_net(recipe: "Sasrec", counts: NDArray[np.int64], texts: Texts, seed: int, *, several_kinds: bool = False) -> Net:
    """The net, not trained yet."""
    features = None if texts.rows is None else np.nan_to_num(texts.rows, nan=0.0)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        items = Items(counts > 0, features, recipe.factors, recipe.hide)
        reader = Reader(recipe.factors, recipe.blocks, recipe.heads, recipe.dropout, recipe.length, recipe.block, kinds=several_kinds)
    negatives = None if recipe.loss == "softmax" else Negatives(recipe.sampling, counts, recipe.negatives)
    contrast = None if recipe.contrast is None else Contrast(recipe.contrast, recipe.temperature)
    return Net(items, reader, Objective(recipe.loss, negatives, recipe.trust), contrast, recipe.contrast_weight)


def as_model(recipe: "Sasrec", net: Net, texts: Texts, session: Any = None) -> SasrecModel:
    """The net as it is: answered by its graph, or, while it is trained, by `session`, which is torch itself."""
    own, project = net.items.arrays()
    learned = net.items.learned.cpu().numpy() > 0
    fields = (item_table(own, learned, project, texts.rows), own, learned, project, texts.centre, texts.axes)
    if session is not None:
        return answered_by(SasrecModel(*fields, np.zeros(0, np.uint8), recipe.length), session)
    vectors, ones, last = torch.randn(2, 2, recipe.factors), torch.ones(2, 2), torch.tensor([1, 0])  # no longer than any net reads
    example = {"vectors": vectors, "weights": ones, "ages": 0 * ones, "kinds": ones.long(), "last": last}
    both = ("queries", "events")
    sides = {"vectors": (*both, ""), "weights": both, "ages": both, "kinds": both, "last": ("queries",)}
    return SasrecModel(*fields, to_onnx(net.reader.cpu(), example, sides), recipe.length)
