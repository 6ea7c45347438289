"""What the layers below the tuned ones say of each text: computed once, for they do not change."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bowerbird.language.tokens import batches
from bowerbird.protocols import Progress, silent
from bowerbird.reader.backbone import Backbone, padded_tensors, through

TOKENS_A_BATCH = 1024


@dataclass(frozen=True, eq=False)
class States:
    """Token states of many texts, one text after the other.

    flat    (tokens of all texts, d) float16
    starts  (n + 1,) where each text's tokens begin, and the end
    """

    flat: Tensor
    starts: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(n,) tokens of each text."""
        return np.diff(self.starts)

    def batch(self, rows: NDArray[np.intp]) -> tuple[Tensor, Tensor]:
        """These texts: (n, longest, d) float32 states with zeros at the end, and (n, longest) their mask."""
        lengths = torch.from_numpy(self.lengths[rows])
        parts = [self.flat[self.starts[row] : self.starts[row + 1]] for row in rows.tolist()]
        states = torch.nn.utils.rnn.pad_sequence(parts, batch_first=True).float()
        return states, (torch.arange(states.shape[1]) < lengths[:, None]).float()

    def take(self, rows: NDArray[np.intp]) -> "States":
        """The states of these texts, in this order."""
        parts = [self.flat[self.starts[row] : self.starts[row + 1]] for row in rows.tolist()]
        return States(torch.cat(parts), np.concatenate(([0], np.cumsum(self.lengths[rows]))))


def read_states(backbone: Backbone, texts: Sequence[str], layers: int, progress: Progress = silent) -> States:
    """Read the texts with all but the topmost `layers`.

    cost  2·d bytes a token; time as the encoder's, times the share of its layers
    """
    ids = backbone.tokens(texts)
    lengths = np.array([len(one) for one in ids], np.int64)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    lower = backbone.layers[: len(backbone.layers) - layers]
    flat = torch.empty((int(starts[-1]), int(backbone.net.config.hidden_size)), dtype=torch.float16)
    done = 0
    with torch.no_grad():
        for rows in batches(lengths, TOKENS_A_BATCH):
            numbers, mask = padded_tensors([ids[row] for row in rows], backbone.pad)
            states = through(lower, backbone.net.embeddings(input_ids=numbers), mask).half()
            for row, text in zip(rows.tolist(), states, strict=True):
                flat[starts[row] : starts[row + 1]] = text[: lengths[row]]
            done += len(rows)
            progress("reading texts", done, len(ids))
    return States(flat, starts)
