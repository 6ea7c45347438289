"""Models that know items by their language vectors, centred and evened out."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.language.whitening import placed, spread


class Whitened(Protocol):
    """A model that knows items by their language vectors, in such a space."""

    kind: ClassVar[str]

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        ...

    @property
    def centre(self) -> NDArray[np.float32]:
        """(t,)"""
        ...

    @property
    def axes(self) -> NDArray[np.float32]:
        """(t, t)"""
        ...


def read_again(model: Whitened, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Another table of raw language vectors, in the space of the model.

    raises  DataError if they are of another dimension, or fewer than the model knows of
    """
    if vectors.ndim != 2 or vectors.shape[1] != len(model.centre) or len(vectors) < model.n_items:
        wanted = f"{model.n_items} rows of {len(model.centre)}"
        raise DataError(f"{model.kind} model: vectors must be at least {wanted}, got shape {vectors.shape}")
    return placed(np.asarray(vectors, np.float32), model.centre, model.axes)


@dataclass(frozen=True, eq=False)
class Texts:
    """The catalogue's language vectors as nets read them.

    rows          (n_items, t), NaN for an item without text; None where no texts were read
    centre, axes  how a raw vector comes into that space
    """

    rows: NDArray[np.float32] | None
    centre: NDArray[np.float32]
    axes: NDArray[np.float32]

    @staticmethod
    def of(catalogue: Catalogue, whiten: float) -> "Texts":
        """Even out the vectors, if there are any."""
        if catalogue.vectors is None:
            return Texts(None, np.zeros(0, np.float32), np.zeros((0, 0), np.float32))
        raw = np.asarray(catalogue.vectors, np.float32)
        centre, axes = spread(raw, whiten)
        return Texts(placed(raw, centre, axes), centre, axes)
