"""The layers that are tuned, and what it costs them that a history's next item is not the nearest."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from bowerbird.errors import ConfigError
from bowerbird.language.tokens import batches
from bowerbird.language.vectors import Pooling
from bowerbird.language.whitening import spread
from bowerbird.reader.backbone import Backbone, pooled, through
from bowerbird.reader.settings import ReaderSettings
from bowerbird.reader.states import TOKENS_A_BATCH, States
from bowerbird.training import losses


class Reader(nn.Module):
    """Reads items from the states of the frozen layers below; all items keep the vectors of their last reading.

    backbone  LoRA is put into its topmost layers and its head, in place
    states    of all texts that take part, one a row
    """

    table: Tensor

    def __init__(self, backbone: Backbone, states: States, settings: ReaderSettings) -> None:
        super().__init__()
        self.tuned = add_lora(nn.ModuleList([*backbone.top(settings.layers), backbone.head]), settings)
        self.states, self.pooling, self.temperature = states, backbone.pooling, settings.temperature
        self.register_buffer("table", torch.empty(0))
        with torch.no_grad():
            self.table = self.eval().everything()

    @property
    def n_trained(self) -> int:
        """Parameters that training changes."""
        return sum(one.numel() for one in self.parameters() if one.requires_grad)

    def encode(self, rows: NDArray[np.intp]) -> Tensor:
        """(n, d), of unit length: the vectors of these items."""
        *layers, head = self.tuned
        return F.normalize(head(unfinished(layers, self.states, rows, self.pooling, self.table.device)), dim=1)

    def everything(self) -> Tensor:
        """The vectors of all items, (n, d)."""
        return self.encode(np.arange(len(self.states.lengths)))

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """−ln of the share that the softmax over the items read, but those of the history, gives the target: see `Pairs.batches`.

        All that compete have been read with the weights as they are: vectors of an earlier reading would be told apart by their age.
        """
        read, targets, events, starts = (batch[name] for name in ("read", "targets", "events", "starts"))
        fresh = self.encode(read.cpu().numpy())
        table = self.table.index_put((read,), fresh)
        queries = F.embedding_bag(events, table, starts, mode="sum", per_sample_weights=batch["worth"].to(table.dtype))
        scores = F.normalize(queries, dim=1) @ fresh.T / self.temperature
        place = torch.full((len(table),), -1, device=read.device).index_put((read,), torch.arange(len(read), device=read.device))
        owner = torch.repeat_interleave(torch.diff(starts, append=starts.new_tensor([len(events)])))
        there = place[events] >= 0
        own = torch.zeros_like(scores, dtype=torch.bool)
        own[owner[there], place[events[there]]] = True
        self.table[read] = fresh.detach()
        return losses.softmax(scores.masked_fill(own, losses.NEVER), targets)


def unfinished(
    layers: Sequence[nn.Module] | nn.ModuleList, states: States, rows: NDArray[np.intp], pooling: Pooling, device: torch.device
) -> Tensor:
    """(n, d): the vectors of these texts as the layers leave them, without head and of any length."""
    parts, order = [], []
    for chosen in batches(states.lengths[rows], TOKENS_A_BATCH):
        several, mask = (one.to(device) for one in states.batch(rows[chosen]))
        parts.append(pooled(through(layers, several, mask), mask, pooling))
        order.append(chosen)
    return torch.cat(parts)[torch.from_numpy(np.argsort(np.concatenate(order))).to(device)]


def plain_head(width: int) -> nn.Linear:
    """A head that changes nothing."""
    head = nn.Linear(width, width)
    head.load_state_dict({"weight": torch.eye(width), "bias": torch.zeros(width)})
    return head


def evening_head(vectors: Tensor) -> nn.Linear:
    """A head that centres these vectors, (n, d), and evens out half of how they vary: see `spread`."""
    centre, axes = (torch.from_numpy(one) for one in spread(vectors.cpu().numpy(), 0.5))
    head = nn.Linear(*axes.shape)
    head.load_state_dict({"weight": axes.T, "bias": -centre @ axes})
    return head


def add_lora(layers: nn.ModuleList, settings: ReaderSettings) -> nn.ModuleList:
    """The layers with LoRA in each of their weight matrices, which alone is trained.

    raises  ConfigError if there is none
    """
    from peft import LoraConfig, inject_adapter_in_model  # noqa: PLC0415 seconds

    names = sorted({name for name, one in layers.named_modules() if isinstance(one, nn.Linear)})
    if not names:
        raise ConfigError(f"reader.layers: must be at least 1 where no head is tuned, got {settings.layers}")
    config = LoraConfig(r=settings.rank, lora_alpha=settings.strength, lora_dropout=settings.dropout, target_modules=names)
    tuned: Any = inject_adapter_in_model(config, layers.requires_grad_(False))
    return tuned


def merge(layers: nn.ModuleList) -> None:
    """Add what was learned to the weights themselves, and take LoRA out again."""
    from peft.tuners.lora import LoraLayer  # noqa: PLC0415

    for name, one in list(layers.named_modules()):
        if isinstance(one, LoraLayer):
            one.merge()
            parent, _, own = name.rpartition(".")
            setattr(layers.get_submodule(parent), own, one.get_base_layer())
