"""Language vectors, centred and evened out, so that what all texts of a catalogue share does not drown what tells them apart."""

import numpy as np
from numpy.typing import NDArray


def spread(vectors: NDArray[np.float32], whiten: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean (d,), and the symmetric matrix C^(−whiten/2) of the covariance C, of the vectors that are not all zero.

    C is shrunk as if d more vectors had been seen that vary alike in all directions, so that few vectors do not blow up the
    directions in which they happen not to differ.

    whiten  0..1: 0 only centres, 1 makes the vectors vary alike in all directions
    cost    O(n · d² + d³)
    """
    seen = vectors[vectors.any(axis=1)]
    n, d = seen.shape
    if n == 0:
        return np.zeros(d, np.float32), np.eye(d, dtype=np.float32)
    centre = np.asarray(seen.mean(axis=0, dtype=np.float64), np.float32)
    moved = seen - centre
    covariance = moved.T.astype(np.float64) @ moved
    level = max(float(np.trace(covariance)) / (n * d), 1e-12)
    values, directions = np.linalg.eigh((covariance + d * level * np.eye(d)) / (n + d) / level)
    axes: NDArray[np.float32] = ((directions * values ** (-whiten / 2)) @ directions.T).astype(np.float32)
    return centre, axes


def placed(raw: NDArray[np.float32], centre: NDArray[np.float32], axes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Raw vectors (n, d) in that space, of unit length; NaN where there is no text, which is a row of zeros."""
    moved = (raw - centre) @ axes
    lengths = np.linalg.norm(moved, axis=1)
    has_text = raw.any(axis=1) & (lengths > 0)
    rows: NDArray[np.float32] = np.full(moved.shape, np.nan, np.float32)
    rows[has_text] = moved[has_text] / lengths[has_text, None]
    return rows
