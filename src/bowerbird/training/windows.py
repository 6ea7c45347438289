"""Users' histories as windows of a fixed length at most, and windows as batches without much padding."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bowerbird.types import Log


def targets(batch: dict[str, Tensor]) -> Tensor:
    """(n,): the items that a batch asks for, all liked ones but each window's first."""
    return batch["items"][:, 1:][batch["there"][:, 1:] & (batch["weights"][:, 1:] > 0)]


@dataclass(frozen=True, eq=False)
class Windows:
    """Pieces of the log, the i-th of them the events from starts[i] on of one user.

    Windows of one user overlap by one event, which is history in the later one: so each event but a user's first is asked for once.

    starts   (n,) int64
    lengths  (n,) int64, from 2 to `length` + 1
    """

    log: Log
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @staticmethod
    def of(log: Log, length: int) -> "Windows":
        """Cut every user's events into windows of `length` questions, from the newest back.

        >>> log = Log(np.zeros(6, int), np.arange(6), np.ones(6), np.full(6, np.nan), 1, 6)
        >>> windows = Windows.of(log, 3)
        >>> windows.starts.tolist(), windows.lengths.tolist()
        ([2, 0], [4, 3])
        """
        starts, lengths = [], []
        for first, end in zip(log.starts[:-1].tolist(), log.starts[1:].tolist(), strict=True):
            while end - first > 1:
                start = max(end - 1 - length, first)
                starts.append(start)
                lengths.append(end - start)
                end = start + 1  # noqa: PLW2901 from the newest back
        return Windows(log, np.array(starts, np.int64), np.array(lengths, np.int64))

    def batches(self, events: int, rng: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        """Windows of about one length together, until they have so many questions; in an order of chance.

        Each batch has, right-padded: items (B, L) int64; weights (B, L) float32, 0 for padding; ages (B, L) float32, seconds before the
        newest event of the window, −1 = no clock; there (B, L) bool, False for padding; kinds (B, L) int64, 0 for padding.
        """
        near = self.lengths * (1 + 0.1 * rng.random(len(self.lengths))) + rng.random(len(self.lengths))
        order = np.argsort(near, kind="stable")
        cuts = np.flatnonzero(np.diff(np.cumsum(self.lengths[order] - 1) // events)) + 1
        groups = np.split(order, cuts)
        for place in rng.permutation(len(groups)).tolist():
            if len(groups[place]):
                yield self.batch(groups[place])

    def batch(self, chosen: NDArray[np.intp]) -> dict[str, Tensor]:
        """These windows as one batch."""
        starts, lengths = self.starts[chosen], self.lengths[chosen]
        steps = np.arange(int(lengths.max()))
        there = steps < lengths[:, None]
        places = np.where(there, starts[:, None] + steps, starts[:, None])
        times = self.log.times[places]
        ages = np.nan_to_num(times[np.arange(len(chosen)), lengths - 1][:, None] - times, nan=-1.0)
        arrays = {
            "items": self.log.items[places].astype(np.int64),
            "weights": np.where(there, self.log.weights[places], 0).astype(np.float32),
            "ages": ages.astype(np.float32),
            "there": there,
            "kinds": np.where(there, self.log.kinds[places], 0).astype(np.int64),
        }
        return {name: torch.from_numpy(array) for name, array in arrays.items()}
