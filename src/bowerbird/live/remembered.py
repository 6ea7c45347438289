"""Vectors of what users write, kept in memory for as long as the process lives, and nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bowerbird.protocols import Encoder
from bowerbird.tracing import looked

KEPT = 4096
"""So many texts, the last ones; 6 MB with 384 numbers each."""


@dataclass(frozen=True, eq=False)
class Remembered:
    """An encoder that reads no text twice in a while.

    cost  the encoder's, for texts that are not among the last `KEPT`
    """

    encoder: Encoder
    _known: dict[str, NDArray[np.float32]] = field(init=False, repr=False, default_factory=dict)

    @property
    def name(self) -> str:
        """Of the encoder."""
        return self.encoder.name

    @property
    def dimension(self) -> int:
        """Of the encoder."""
        return self.encoder.dimension

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, d), unit length."""
        known = {text: self._known.get(text) for text in texts}
        new = [text for text, vector in known.items() if vector is None]
        looked("reviews", len(known) - len(new), len(new))
        read = self.encoder.encode(new) if new else np.zeros((0, self.dimension), np.float32)
        found = {text: vector for text, vector in known.items() if vector is not None} | dict(zip(new, read, strict=True))
        self._known.update((text, found[text]) for text in new)
        for text in list(self._known)[: max(len(self._known) - KEPT, 0)]:
            self._known.pop(text, None)
        return np.stack([found[text] for text in texts]) if texts else read
