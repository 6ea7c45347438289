"""Fitting again from a model that was fitted before, where a recipe can."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bowerbird.data import Catalogue
from bowerbird.protocols import Progress, silent
from bowerbird.types import Log


@dataclass(frozen=True, eq=False, slots=True)
class Start:
    """A model to begin with, and where it knows the items of the new catalogue.

    items  (n_items,) int32, the number that each item of the new catalogue has in the model; −1 = it is new
    """

    model: Any
    items: NDArray[np.int32]

    @staticmethod
    def between(model: Any, of: Catalogue, to: Catalogue) -> "Start":
        """A model over the items of one catalogue as a start over another's.

        >>> Start.between(None, Catalogue.of(["a", "b"]), Catalogue.of(["b", "z"])).items.tolist()
        [1, -1]
        """
        return Start(model, of.numbers(to.ids))


@runtime_checkable
class Warms(Protocol):
    """A recipe that can begin with the parameters of a model of its kind; one of another kind or size is passed over."""

    def fit_from(self, start: Start, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> Any:
        """As `fit`: the same objective, from another beginning."""
        ...


def fit_again(
    recipe: Any, start: Start | None, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent
) -> Any:
    """Fit from `start` where there is one and the recipe can, else from nothing."""
    if start is not None and isinstance(recipe, Warms):
        return recipe.fit_from(start, log, catalogue, rng, progress)
    return recipe.fit(log, catalogue, rng, progress)
