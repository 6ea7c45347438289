from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.types import History, Log

NOTHING = -1
"""The item number of a place that a short history leaves empty."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Histories of likes and dislikes, each with one more item and whether it was liked.

    items    (n, window) int32, oldest first, −1 before a short history
    likes    (n, window) bool, False where there is no item
    targets  (n,) int32
    labels   (n,) bool
    users    (n,) int32, told apart by this alone
    """

    items: NDArray[np.int32]
    likes: NDArray[np.bool_]
    targets: NDArray[np.int32]
    labels: NDArray[np.bool_]
    users: NDArray[np.int32]

    def __post_init__(self) -> None:
        if self.items.shape != self.likes.shape or len({len(self.items), len(self.targets), len(self.labels), len(self.users)}) > 1:
            raise DataError(f"examples: must have as many histories as targets, labels and users, got {len(self.items)} histories")

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def there(self) -> NDArray[np.bool_]:
        """(n, window): the places that have an item."""
        return self.items >= 0

    def take(self, places: NDArray[np.intp]) -> Self:
        """These examples, in this order."""
        return replace(self, **{name: getattr(self, name)[places] for name in self.__dataclass_fields__})

    def renumbered(self, items: NDArray[np.int32]) -> Self:
        """The same on a table of these items alone, which are numbered by their places and must be all that take part.

        >>> Examples.of([History.of([4])], [9], [True], window=2).renumbered(np.array([4, 9])).items.tolist()
        [[-1, 0]]
        """
        there = self.there
        places = np.where(there, np.searchsorted(items, np.where(there, self.items, items[0])), NOTHING).astype(np.int32)
        return replace(self, items=places, targets=np.searchsorted(items, self.targets).astype(np.int32))

    @staticmethod
    def of(histories: list[History], targets: list[int], labels: list[bool], users: list[int] | None = None, *, window: int) -> "Examples":
        """From histories whose weights tell likes (above 0) from dislikes (below 0); each is its own user unless told.

        >>> one = Examples.of([History.of([4, 7, 8], weights=[1, 0, -1])], [9], [True], window=4)
        >>> one.items.tolist(), one.likes.tolist()
        ([[-1, -1, 4, 8]], [[False, False, True, False]])
        """
        items = np.full((len(histories), window), NOTHING, np.int32)
        likes = np.zeros(items.shape, bool)
        for row, history in enumerate(histories):
            told = history.take(np.flatnonzero(history.weights)).last(window)
            if len(told):
                items[row, -len(told) :], likes[row, -len(told) :] = told.items, told.weights > 0
        numbers = np.arange(len(histories)) if users is None else np.asarray(users)
        return Examples(items, likes, np.asarray(targets, np.int32), np.asarray(labels, bool), numbers.astype(np.int32))

    @staticmethod
    def of_log(log: Log, window: int) -> "Examples":
        """Each like and dislike of the log that its user's earlier ones can be asked about.

        >>> log = Log(np.zeros(3, int), np.array([4, 7, 5]), np.array([1, -1, 1], np.float32), np.full(3, np.nan), 1, 8)
        >>> Examples.of_log(log, window=2).items.tolist()
        [[-1, 4], [4, 7]]
        """
        told = log.where(log.weights != 0)
        first = told.starts[told.users]
        places = np.arange(len(told))[:, None] + np.arange(-window, 0)
        there = places >= first[:, None]
        before = np.maximum(places, 0)
        items = np.where(there, told.items[before], NOTHING).astype(np.int32)
        likes = there & (told.weights[before] > 0)
        every = Examples(items, likes, told.items.astype(np.int32), told.weights > 0, told.users.astype(np.int32))
        return every.take(np.flatnonzero(there.any(axis=1)))
