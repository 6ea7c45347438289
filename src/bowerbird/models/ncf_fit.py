"""Training `Ncf`: apart from the recipe, since it needs torch."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from bowerbird.data import Catalogue
from bowerbird.models.graph import answered_by
from bowerbird.models.ncf import NcfModel
from bowerbird.nets.export import AsSession, to_onnx
from bowerbird.nets.ncf import Ncf as Net
from bowerbird.nets.ncf import Scorer
from bowerbird.protocols import Progress
from bowerbird.training.negatives import Negatives
from bowerbird.training.runs import open_run
from bowerbird.training.trainer import Batch, train
from bowerbird.training.validation import hold_out
from bowerbird.training.windows import Windows, targets
from bowerbird.types import Log

if TYPE_CHECKING:
    from bowerbird.models.ncf import Ncf


def fit(recipe: "Ncf", log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress) -> NcfModel:
    """See the recipe."""
    seed = int(rng.integers(2**31))
    told, held = hold_out(log, recipe.train.holdout, np.random.default_rng(seed))
    counts = np.bincount(told.items[told.weights > 0], minlength=len(catalogue))
    windows = Windows.of(told.where((told.weights != 0) & (counts > 0)[told.items]), recipe.length)
    negatives = Negatives(recipe.sampling, counts, recipe.negatives)
    net = make_net(recipe, counts, seed)

    def batches(chance: np.random.Generator) -> Iterator[Batch]:
        for batch in windows.batches(recipe.train.batch_events, chance):
            if len(wanted := targets(batch)):
                sampled, log_expected = negatives.draw(wanted, chance)
                yield {**batch, "sampled": sampled, "log_expected": log_expected}

    def judge() -> float:
        return held.ndcg(as_model(recipe, net, counts, AsSession(net.scorer)).score)

    if len(windows.starts):
        with open_run(recipe, recipe.train, log, seed) as run:
            train(net, batches, recipe.train, run, seed=seed, judge=judge if len(held) else None, progress=progress)
    return as_model(recipe, net, counts)


def make_net(recipe: "Ncf", counts: NDArray[np.int64], seed: int) -> Net:
    """A net that has not learned yet; `counts` (n_items,) are the likes of each item."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        scorer = Scorer(recipe.architecture, recipe.factors, recipe.layers, recipe.dropout)
        return Net(scorer, len(counts), recipe.factors, recipe.loss, recipe.per_event)


def as_model(recipe: "Ncf", net: Net, counts: NDArray[np.int64], session: Any = None) -> NcfModel:
    """The net as it is: to be served from its graph, or, while it is trained, by torch itself, as `session`."""
    with torch.no_grad():
        items = net.items(torch.arange(len(counts), device=net.bias.weight.device)).float().cpu().numpy()
    fields = (net.context.weight.detach().float().cpu().numpy().copy(), items, counts > 0)
    if session is not None:
        return answered_by(NcfModel(*fields, np.zeros(0, np.uint8), recipe.length), session)
    rows, last = torch.randn(5, net.scorer.width), torch.tensor([2, 1])
    example = {"vectors": torch.randn(2, 3, net.scorer.read), "weights": torch.ones(2, 3), "last": last, "items": rows}
    sides = {"vectors": ("queries", "events", ""), "weights": ("queries", "events"), "last": ("queries",), "items": ("items",)}
    return NcfModel(*fields, to_onnx(net.scorer.cpu(), example, sides), recipe.length)
