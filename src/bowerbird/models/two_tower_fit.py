"""Training `TwoTower`: apart from the recipe, since it needs torch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.models.circumstances import Circumstances, circumstances_of, told_of
from bowerbird.models.graph import answered_by
from bowerbird.models.two_tower import TwoTowerModel, clock, item_table
from bowerbird.models.whitening import Texts
from bowerbird.nets.export import AsSession, to_onnx
from bowerbird.nets.objective import Objective
from bowerbird.nets.two_tower import ItemTower, QueryTower
from bowerbird.nets.two_tower import TwoTower as Net
from bowerbird.protocols import Progress
from bowerbird.training.negatives import Negatives
from bowerbird.training.runs import open_run
from bowerbird.training.trainer import Batch, train
from bowerbird.training.validation import hold_out
from bowerbird.training.windows import Windows, targets
from bowerbird.types import Log

if TYPE_CHECKING:
    from bowerbird.models.two_tower import TwoTower


@dataclass(frozen=True, eq=False)
class Told:
    """What the catalogue tells of the items.

    texts     their language vectors
    labels    (n_items, m) int64: numbers of the categories and attribute values of each, `n_labels` where there are fewer than m
    """

    texts: Texts
    labels: NDArray[np.int64]
    n_labels: int

    @staticmethod
    def of(catalogue: Catalogue, recipe: "TwoTower") -> "Told":
        """Read it as the recipe says."""
        return Told(Texts.of(catalogue, recipe.whiten), *labels_of(catalogue, recipe.attributes))

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """(n_items,): items with a category or an attribute."""
        return np.asarray((self.labels < self.n_labels).any(axis=1), bool)

    @property
    def anything(self) -> NDArray[np.bool_]:
        """(n_items,): items of which it tells something."""
        return self.labelled if self.texts.rows is None else self.labelled | ~np.isnan(self.texts.rows[:, 0])


@dataclass(frozen=True, eq=False)
class Placed(Windows):
    """Windows whose batches tell the hour and the day of each event, clock (B, L, 4) float32, and its circumstances, context (B, L, ·).

    told  (n_events, ·) int64, as `told_of` has them
    """

    told: NDArray[np.int64]

    def batch(self, chosen: NDArray[np.intp]) -> Batch:
        """These windows as one batch."""
        steps = np.minimum(np.arange(int(self.lengths[chosen].max())), self.lengths[chosen, None] - 1)
        places = self.starts[chosen, None] + steps
        where = {"clock": clock(self.log.times[places]), "context": self.told[places]}
        return {**super().batch(chosen), **{name: torch.from_numpy(array) for name, array in where.items()}}


def fit(recipe: "TwoTower", log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress) -> TwoTowerModel:
    """See the recipe."""
    seed = int(rng.integers(2**31))
    log = log if recipe.clock else replace(log, times=np.full(len(log), np.nan))
    told, held = hold_out(log, recipe.train.holdout, np.random.default_rng(seed))
    counts = np.bincount(told.items[told.weights > 0], minlength=len(catalogue))
    known = Told.of(catalogue, recipe)
    says = (told.weights != 0) & ((counts > 0) | known.anything)[told.items]
    cut = Windows.of(told.where(says), recipe.length)
    circumstances, rows = circumstances_of(cut.log, recipe.context, recipe.kind)
    windows = Placed(cut.log, cut.starts, cut.lengths, rows)
    net = make_net(recipe, counts, known, seed, sum(len(values) for _, values in circumstances))

    def batches(chance: np.random.Generator) -> Iterator[Batch]:
        for batch in windows.batches(recipe.train.batch_events, chance):
            if len(wanted := targets(batch)):
                yield net.objective.prepare(batch, wanted, chance)

    def judge() -> float:
        return held.ndcg(as_model(recipe, net, known, circumstances, AsSession(net.query)).score)

    if len(windows.starts):
        with open_run(recipe, recipe.train, log, seed) as run:
            train(net, batches, recipe.train, run, seed=seed, judge=judge if len(held) else None, progress=progress)
    return as_model(recipe, net, known, circumstances)


def labels_of(catalogue: Catalogue, attributes: Sequence[str]) -> tuple[NDArray[np.int64], int]:
    """(n_items, m) numbers of categories and attribute values, padded with their count; and the count.

    raises  DataError for an attribute that the catalogue does not have

    >>> labels, count = labels_of(Catalogue.of(["a", "b"], categories=[["toy", "red"], []], brand=["x", "y"]), ["brand"])
    >>> labels.tolist(), count
    ([[0, 1, 2], [3, 4, 4]], 4)
    """
    for name in attributes:
        if name not in catalogue.frame.columns:
            raise DataError(f"two_tower: attributes must be columns of the catalogue, got {name!r}")
    values = [catalogue.frame[name].to_list() for name in attributes]
    named = [
        [*((0, name) for name in sorted(set(categories))), *((1 + place, value) for place, value in enumerate(row) if value is not None)]
        for categories, *row in zip(catalogue.categories, *values, strict=True)
    ]
    numbers = {label: number for number, label in enumerate(dict.fromkeys(label for row in named for label in row))}
    table = np.full((len(named), max((len(row) for row in named), default=0)), len(numbers), np.int64)
    for place, row in enumerate(named):
        table[place, : len(row)] = [numbers[label] for label in row]
    return table, len(numbers)


def make_net(recipe: "TwoTower", counts: NDArray[np.int64], known: Told, seed: int, n_values: int = 0) -> Net:
    """A net that has not learned yet; `counts` (n_items,) are the likes of each item, `n_values` the circumstances that are told apart."""
    texts = np.zeros((len(counts), 0), np.float32) if known.texts.rows is None else np.nan_to_num(known.texts.rows, nan=0.0)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        items = ItemTower(counts > 0, texts, known.labels, known.n_labels, recipe.factors, recipe.hide)
        query = QueryTower(texts.shape[1], recipe.factors, recipe.half_life_events, recipe.temperature, n_values)
    negatives = None if recipe.loss == "softmax" else Negatives(recipe.sampling, counts, recipe.negatives)
    return Net(items, query, Objective(recipe.loss, negatives), recipe.dropout)


def as_model(recipe: "TwoTower", net: Net, known: Told, context: Circumstances = (), session: Any = None) -> TwoTowerModel:
    """The net as it is: to be served from its graph, or, while it is trained, by torch itself, as `session`."""
    own, named, bias, unknown, project = (part.detach().float().cpu().numpy() for part in net.items.parts())
    texts = known.texts
    learned = net.items.learned.cpu().numpy() > 0
    bias, floor = np.where(learned, bias, bias + recipe.newness), float(unknown) + recipe.newness
    table = item_table(own, named, learned, bias, project, texts.rows)
    fields = (table, own, named, learned, bias, floor, project, texts.centre, texts.axes, context)
    if session is not None:
        return answered_by(TwoTowerModel(*fields, np.zeros(0, np.uint8), recipe.length), session)
    ones, last = torch.ones(2, 3), torch.tensor([2, 1])
    vectors, told = torch.randn(2, 3, len(project) + recipe.factors), torch.from_numpy(told_of([{}, {}], context))
    example = {"vectors": vectors, "weights": ones, "clock": torch.zeros(2, 4), "context": told, "last": last}
    one, both = ("queries", ""), ("queries", "events")
    sides = {"vectors": (*both, ""), "weights": both, "clock": one, "context": one, "last": ("queries",)}
    return TwoTowerModel(*fields, to_onnx(net.query.cpu(), example, sides), recipe.length)
