"""From what a network says of each token to one vector of unit length a text."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Pooling = Literal["mean", "cls", "max", "last"]


def pool(states: NDArray[np.float32], mask: NDArray[np.int64], how: Pooling) -> NDArray[np.float32]:
    """One vector a text.

    states   (n, tokens, d)
    mask     (n, tokens), 1 for a token and 0 for padding, which stands at the end; no row is all padding
    how      mean of the tokens, the first (cls), the largest of each dimension, or the last token
    returns  (n, d)

    >>> pool(np.float32([[[1, 0], [3, 2], [9, 9]]]), np.array([[1, 1, 0]]), "mean").tolist()
    [[2.0, 1.0]]
    """
    real = mask[:, :, None] > 0
    pooled: NDArray[np.float32]
    match how:
        case "cls":
            pooled = states[:, 0]
        case "last":
            pooled = states[np.arange(len(states)), mask.sum(1) - 1]
        case "max":
            pooled = np.where(real, states, np.float32(-np.inf)).max(1)
        case "mean":
            pooled = np.where(real, states, np.float32(0)).sum(1) / mask.sum(1, keepdims=True).astype(np.float32)
    return pooled


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, d): each row at length 1; a row of zeros stays zeros.

    >>> unit(np.float32([[3, 4], [0, 0]])).round(1).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    lengths = np.sqrt(np.square(vectors, dtype=np.float64).sum(1, keepdims=True))
    scaled: NDArray[np.float32] = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return scaled
