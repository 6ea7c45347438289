"""How much variety one user wants, read out of the history: the strength of the dial where the request does not set it."""

import numpy as np
from numpy.typing import NDArray

from bowerbird.ranking.space import Vectors, rows_of
from bowerbird.types import History, Slate

READ = 50
"""The newest likes, and the newest dislikes, that are looked at."""

UNSURE = 8.0
"""As many likes, or dislikes, must speak before they count as much as the assumption that the slate is varied enough."""

LEAST, MOST = 0.2, 5.0


def appetite(history: History, offered: Slate, vectors: Vectors) -> float:
    """How varied what the user liked is, over how varied what the scorer offers is: 1 = alike, 2 = twice as varied. Between 0.2 and 5.

        appetite = variety / offered · paid
        variety  = (n · mean distance of the pairs of n liked items + 8 · offered) / (n + 8)
        paid     = (m · near / far + 8) / (m + 8)

    `offered` is the mean distance of the slate's pairs. `near` and `far` are the mean distances of liked and of m disliked items from the
    middle of the liked ones: who keeps disliking what lies far off has tried variety, and it did not pay. Of whom little is known the
    appetite is near 1.

    offered  the best-scored items, as many as are shown
    vectors  (n_items, d) float32, unit length, or an `ItemSpace`
    raises   DataError if the history or the slate names an item beyond `vectors`
    cost     O((likes + dislikes + k) · d), at most 50 of each are read

    >>> vectors = np.array([[1, 0], [1, 0], [0, 1], [.6, .8]], np.float32)
    >>> offered = Slate(np.array([0, 3], np.int32), np.zeros(2, np.float32))
    >>> one_sided, many_sided = History.of([0, 1]), History.of([0, 2])
    >>> [round(appetite(history, offered, vectors), 2) for history in (History.of([]), one_sided, many_sided)]
    [1.0, 0.8, 1.3]
    """
    liked = newest(history.items[history.weights > 0])
    disliked = newest(history.items[history.weights < 0])
    rows = np.asarray(rows_of(vectors, np.concatenate((offered.items, liked, disliked))), np.float64)
    shown, likes, dislikes = np.split(rows, np.cumsum([len(offered), len(liked)]))
    level = distance(shown)
    if not level > 0:
        return 1.0
    among = distance(likes)
    variety = level if np.isnan(among) else (len(likes) * among + UNSURE * level) / (len(likes) + UNSURE)
    return float(np.clip(variety / level * _paid(likes, dislikes), LEAST, MOST))


def stretched(strength: float, wanted: float) -> float:
    """A dial of 0..1 for a user of this appetite: 0 and 1 stay, and a small strength grows with the root of the appetite.

    >>> stretched(0.0, 4.0), stretched(0.1, 1.0), round(stretched(0.1, 4.0), 2), stretched(1.0, 0.2)
    (0.0, 0.1, 0.19, 1.0)
    """
    return strength if wanted == 1 else 1 - (1 - strength) ** float(np.sqrt(wanted))


def newest(items: NDArray[np.int32]) -> NDArray[np.int32]:
    """The last 50 of them, none twice, in the order of their numbers."""
    return np.unique(items[-READ:])


def distance(rows: NDArray[np.float64]) -> float:
    """The mean of 1 − v·v' over the pairs of unit vectors; NaN for fewer than two."""
    n, total = len(rows), rows.sum(axis=0)
    return float(1 - (total @ total - n) / (n * (n - 1))) if n > 1 else float("nan")


def _paid(likes: NDArray[np.float64], dislikes: NDArray[np.float64]) -> float:
    middle = likes.sum(axis=0)
    length = float(np.linalg.norm(middle))
    if not (length and len(dislikes)):
        return 1.0
    near, far = (float((1 - rows @ middle / length).mean()) for rows in (likes, dislikes))
    ratio = 1.0 if far <= near else near / far
    return (len(dislikes) * ratio + UNSURE) / (len(dislikes) + UNSURE)
