"""How near texts are, on one scale for all encoders."""

import numpy as np
from numpy.typing import NDArray

Near = tuple[float, NDArray[np.float32]]
"""The mean cosine of a text to all items' texts, and (n_items,) how near each is (`relative`), 0 for one that was not read."""


def relative(cosines: NDArray[np.float32], chance: float) -> NDArray[np.float32]:
    """Cosines on a scale that no encoder has to itself: 0 = as near as by chance, 1 = the same; never below −1.

    Some encoders put all texts into a narrow cone, so that a cosine of .8 says nothing. Squeezed so, the scale is the same.

    >>> relative(np.array([0.1, 0.55, 1.0], np.float32), 0.1).round(2).tolist(), relative(np.float32([0.91]), 0.82).round(2).tolist()
    ([0.0, 0.5, 1.0], [0.5])
    """
    scaled: NDArray[np.float32] = np.maximum((cosines - np.float32(chance)) / np.float32(max(1 - chance, 1e-6)), np.float32(-1))
    return scaled


def near_of(cosines: NDArray[np.float32]) -> Near:
    """Chance and nearness of a phrase, from its cosines to all items (n_items,); NaN = not read.

    >>> near_of(np.array([0.0, 1.0, np.nan], np.float32))
    (0.5, array([-1.,  1.,  0.], dtype=float32))
    """
    read = ~np.isnan(cosines)
    chance = float(cosines[read].mean(dtype=np.float64)) if read.any() else 0.0
    return chance, np.where(read, relative(cosines, chance), np.float32(0))
