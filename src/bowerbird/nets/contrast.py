"""Self-supervision by contrast: two views of one history should be read alike, and unlike those of others."""

from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from bowerbird.training.losses import info_nce

if TYPE_CHECKING:
    from bowerbird.nets.sasrec import Sasrec

Views = Literal["augmented", "dropout"]
Batch = dict[str, Tensor]

CROPPED, MASKED, REORDERED = 0.6, 0.3, 0.6


class Contrast:
    """What two views of the histories of a batch cost, if they are not read alike.

    views        "augmented": each view is the history cropped, with some events masked, or partly reordered (CL4SRec, Xie et al.,
                 ICDE 2022); "dropout": the same history twice, under two draws of drop-out (DuoRec, Qiu et al., WSDM 2022)
    temperature  of the softmax over cosines

    Histories that were followed by the same item are no contrast to each other, and are left out.
    """

    def __init__(self, views: Views, temperature: float) -> None:
        self.views, self.temperature = views, temperature

    def cost(self, net: "Sasrec", batch: Batch, shown: Tensor) -> Tensor:
        """The mean InfoNCE of the histories before each window's last event."""
        history = {name: batch[name][:, :-1] for name in ("items", "weights", "ages", "kinds", "there")}
        history["there"] = history["there"] & batch["there"][:, 1:]  # without the last event, which is the answer
        views = [augmented(history) if self.views == "augmented" else history for _ in range(2)]
        left, right = (net.summary(view, shown) for view in views)
        last = batch["there"].sum(dim=1) - 1
        answers = batch["items"].gather(1, last[:, None])
        return info_nce(left, right, self.temperature, same=answers == answers.T)


def augmented(history: Batch) -> Batch:
    """One of the three changes, by chance for the whole batch."""
    change = (crop, mask, reorder)[int(torch.randint(3, ()))]
    return change(history)


def crop(history: Batch) -> Batch:
    """A run of the events, 60 % of them, from a place of chance."""
    lengths = history["there"].sum(dim=1)
    kept = (lengths * CROPPED).ceil().long()
    start = (torch.rand(len(lengths), device=lengths.device) * (lengths - kept + 1)).long()
    return _taken(history, start[:, None] + torch.arange(history["items"].shape[1], device=lengths.device), kept)


def mask(history: Batch) -> Batch:
    """Of 30 % of the events it is told that there was one, and no more."""
    hidden = torch.rand(history["weights"].shape, device=history["weights"].device) < MASKED
    return {**history, "weights": history["weights"].masked_fill(hidden, 0.0), "kinds": history["kinds"].masked_fill(hidden, 0)}


def reorder(history: Batch) -> Batch:
    """A run of the events, 60 % of them, from a place of chance, is shuffled; ages stay where they are."""
    lengths = history["there"].sum(dim=1)
    run = (lengths * REORDERED).long()
    start = (torch.rand(len(lengths), device=lengths.device) * (lengths - run + 1)).long()[:, None]
    steps = torch.arange(history["items"].shape[1], device=lengths.device).expand(len(lengths), -1)
    inside = (steps >= start) & (steps < start + run[:, None])
    keys = torch.where(inside, start + torch.rand(steps.shape, device=lengths.device) * run[:, None], steps.float())
    return {**_taken(history, keys.argsort(dim=1, stable=True), lengths), "ages": history["ages"]}


def _taken(history: Batch, places: Tensor, lengths: Tensor) -> Batch:
    """The events at these places, the first `lengths` of them."""
    places = places.clamp_max(history["items"].shape[1] - 1)
    view = {name: part.gather(1, places) for name, part in history.items()}
    view["there"] = torch.arange(places.shape[1], device=places.device) < lengths[:, None]
    view["weights"] = view["weights"] * view["there"]
    return view
