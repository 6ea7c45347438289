"""The same picks in plain numpy, straight from the definitions: what the compiled loops are tested and timed against.

Each takes positions' worth of arrays, best-scored first, and gives the positions picked; ties go to the earlier position.
"""

import numpy as np
from numpy.typing import NDArray


def mmr(rows: NDArray[np.float32], relevance: NDArray[np.float32], trade: float, k: int) -> NDArray[np.intp]:
    """`Mmr` with the likeness of all items to each new pick. O(k·n·d)."""
    gain = trade * relevance.astype(np.float64)
    near = np.full(len(rows), -1.0, np.float32)
    picked = np.empty(k, np.intp)
    for t in range(k):
        value = gain - (1 - trade) * near
        value[picked[:t]] = -np.inf
        picked[t] = np.argmax(value)
        np.maximum(near, rows @ rows[picked[t]], out=near)
    return picked


def dpp(rows: NDArray[np.float32], relevance: NDArray[np.float32], trade: float, own: float, k: int) -> NDArray[np.intp]:
    """`Dpp` by the published algorithm: all items' rows of the Cholesky factor grow with each pick. O(k·n·(k + d))."""
    gain = trade * relevance.astype(np.float64)
    lower = np.zeros((len(rows), k), np.float32)
    rest = np.ones(len(rows), np.float32)
    picked = np.empty(k, np.intp)
    for t in range(k):
        value = gain + (1 - trade) * np.log(rest)
        value[picked[:t]] = -np.inf
        j = picked[t] = np.argmax(value)
        lower[:, t] = ((1 - own) * (rows @ rows[j]) - lower[:, :t] @ lower[j, :t]) / np.sqrt(rest[j])
        np.maximum(rest - lower[:, t] ** 2, own, out=rest)
    return picked


def calibration(
    shares: NDArray[np.float64], relevance: NDArray[np.float32], wanted: NDArray[np.float64], strength: float, smoothing: float, k: int
) -> NDArray[np.intp]:
    """`Calibration` with the whole divergence of each candidate list; `shares` is (n, n_categories), rows sum to 1. O(k·n·n_categories)."""
    asked = wanted > 0
    shares, wanted = shares[:, asked], wanted[asked]
    sums = np.zeros(len(wanted))
    picked = np.empty(k, np.intp)
    for t in range(k):
        got = (1 - smoothing) * (sums + shares) / (t + 1) + smoothing * wanted
        value = (1 - strength) * relevance - strength * (wanted * np.log(wanted / got)).sum(axis=1)
        value[picked[:t]] = -np.inf
        picked[t] = np.argmax(value)
        sums += shares[picked[t]]
    return picked


def dpp_in_window(
    rows: NDArray[np.float32], relevance: NDArray[np.float32], trade: float, own: float, window: int, k: int
) -> NDArray[np.intp]:
    """`Dpp` with a window, the system of the window's picks solved anew for each pick. O(k·n·(w² + d))."""
    gain = trade * relevance.astype(np.float64)
    likeness = np.empty((k, len(rows)))
    picked = np.empty(k, np.intp)
    for t in range(k):
        last = slice(max(t - window, 0), t)
        near = likeness[last]
        among = (near[:, picked[last]] + near[:, picked[last]].T) / 2
        np.fill_diagonal(among, 1.0)
        rest = np.maximum(1 - np.einsum("sn,sn->n", near, np.linalg.solve(among, near)), own)
        value = gain + (1 - trade) * np.log(rest)
        value[picked[:t]] = -np.inf
        picked[t] = np.argmax(value)
        likeness[t] = (1 - own) * (rows @ rows[picked[t]])
    return picked


def ssd(rows: NDArray[np.float32], relevance: NDArray[np.float32], trade: float, window: int, k: int) -> NDArray[np.intp]:
    """`Ssd` with what is left of all vectors written out, taken away and given back. O(k·n·d)."""
    gain = trade * relevance.astype(np.float64)
    left = rows.astype(np.float64)
    left /= np.maximum(np.sqrt(np.einsum("ij,ij->i", left, left)), 1e-9)[:, None]  # unit length, to more digits than float32 has
    ring: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    picked = np.empty(k, np.intp)
    for t in range(k):
        squares = np.einsum("ij,ij->i", left, left).round(12)
        value = gain + (1 - trade) * np.sqrt(np.where(squares > 1e-5, squares, 0))
        value[picked[:t]] = -np.inf
        j = picked[t] = np.argmax(value)
        direction = left[j] / np.sqrt(squares[j]) if squares[j] > 1e-5 else np.zeros(left.shape[1])
        if len(ring) == window:
            oldest, parts = ring.pop(0)
            left += np.outer(parts, oldest)
        parts = left @ direction
        left -= np.outer(parts, direction)
        ring.append((direction, parts))
    return picked


def xquad(
    serves: NDArray[np.float64], relevance: NDArray[np.float32], wanted: NDArray[np.float64], strength: float, k: int
) -> NDArray[np.intp]:
    """`Xquad` over all intents of all items; `serves` is (n, n_intents), rows sum to at most 1. O(k·n·n_intents)."""
    unserved = np.ones(len(wanted))
    picked = np.empty(k, np.intp)
    for t in range(k):
        value = (1 - strength) * relevance + strength * (serves @ (wanted * unserved))
        value[picked[:t]] = -np.inf
        picked[t] = np.argmax(value)
        unserved *= 1 - serves[picked[t]]
    return picked
