"""What stands where: places that belong to certain items, and likes that stand apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from bowerbird.errors import DataError
from bowerbird.ranking.selection import Limit, count_served, select
from bowerbird.ranking.space import category_rows, checked_items
from bowerbird.types import Query, Slate


@dataclass(frozen=True, eq=False)
class Pin:
    """Places that only certain items may take.

    places  from 1, as they are shown
    fits    (n_items,) bool: the items that may stand there
    raises  DataError if a place is below 1, or stands twice
    """

    places: tuple[int, ...]
    fits: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if min(self.places, default=1) < 1 or len(set(self.places)) < len(self.places):
            raise DataError(f"pin: places must be 1 or more, and none twice, got {list(self.places)}")


@dataclass(frozen=True, eq=False)
class Pinned:
    """Keep the order, but give pinned places to items that may stand there.

    A pinned place takes the best item that fits. Items that fit are not used up on the free places before it while there are no others for
    it. Where nothing (more) fits, earlier places are served before later ones, and a place that is left over goes to the next item in
    order: a slate has no gaps. Pins beyond the end of the slate ask for nothing.

    pins    no place in two of them
    raises  DataError if a place stands in two pins, or a slate names an item beyond `fits`
    cost    O(n · pinned places) for a slate of n in the common case, O(n · k · pinned places²) at worst

    >>> from bowerbird.types import History
    >>> slate = Slate(np.arange(4, dtype=np.int32), np.array([.9, .8, .6, .5], np.float32))
    >>> Pinned([Pin((2,), np.array([False, False, False, True]))])(slate, Query(History.of([])), k=3).items.tolist()
    [0, 3, 1]
    """

    pins: Sequence[Pin]

    def __post_init__(self) -> None:
        places = [place for pin in self.pins for place in pin.places]
        if len(set(places)) < len(places):
            raise DataError(f"pin: no place may be pinned twice, got {sorted(places)}")

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate:  # noqa: ARG002
        """`k` items, or all that there are."""
        k = min(k, len(slate))
        wishes, places = self.wishes(slate, k)
        chosen = select(len(slate), k, wishes=wishes)
        return slate.take(chosen[arrange(len(chosen), wishes[chosen], places)])

    def wishes(self, slate: Slate, k: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """(n, n_places) bool, which items of the slate fit each pinned place among the first k; and the places, from 0, rising."""
        pinned = sorted((place - 1, at) for at, pin in enumerate(self.pins) for place in pin.places if place <= k)
        for pin in self.pins:
            checked_items(slate.items, len(pin.fits))
        wishes = np.zeros((len(slate), len(pinned)), bool)
        for column, (_, at) in enumerate(pinned):
            wishes[:, column] = self.pins[at].fits[slate.items]
        return wishes, np.array([place for place, _ in pinned], np.int64)


@dataclass(frozen=True, eq=False)
class Apart:
    """Keep the order as far as items of one category stand at least `distance` places apart; 2 is "never next to each other".

    Each place takes the first item that may stand there and leaves room for the others. Where the slate lacks the variety, the distance
    is shortened for that place alone, one step at a time: nothing is dropped. An item of several categories keeps away from all of them;
    one of none stands anywhere.

    categories  (n_items, n_categories) sparse, 1 where the item is of the category
    distance    at least 2
    raises      DataError if a slate names an item beyond `categories`
    cost        O(k² · (distance + n_categories of the slate)) time at worst

    >>> from bowerbird.types import History
    >>> categories = csr_array(np.array([[1, 0], [1, 0], [0, 1]], np.float32))
    >>> slate = Slate(np.arange(3, dtype=np.int32), np.array([.9, .8, .6], np.float32))
    >>> Apart(categories, distance=2)(slate, Query(History.of([])), k=3).items.tolist()
    [0, 2, 1]
    """

    categories: csr_array
    distance: int

    def __post_init__(self) -> None:
        if self.distance < 2:
            raise DataError(f"apart: distance must be at least 2, got {self.distance}")

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate:  # noqa: ARG002
        """`k` items, or all that there are."""
        k = min(k, len(slate))
        room = self.room(slate, k)
        chosen = select(len(slate), k, soft=[room])
        return slate.take(chosen[arrange(len(chosen), labels=room.labels[chosen], distance=self.distance)])

    def room(self, slate: Slate, k: int) -> Limit:
        """How many items of one category can stand apart in k places."""
        return Limit(category_rows(self.categories, slate.items), -(-k // self.distance))


def arrange(
    n: int,
    wishes: NDArray[np.bool_] | None = None,
    places: NDArray[np.int64] | None = None,
    labels: csr_array | None = None,
    distance: int = 1,
) -> NDArray[np.intp]:
    """The order in which n chosen items are shown: (n,) positions. What is pinned goes before what stands apart, and both before the order.

    wishes    (n, n_places) bool: the items that fit each pinned place
    places    (n_places,) rising, from 0
    labels    (n, n_labels) sparse: items that share one stand apart
    distance  how many places apart, at least; 1 = wherever

    >>> arrange(3, np.array([[True], [False], [False]]), np.array([2])).tolist()
    [1, 2, 0]
    """
    wishes = np.zeros((n, 0), bool) if wishes is None else wishes
    pinned = {} if places is None else {int(place): column for column, place in enumerate(places) if place < n}
    apart = _Apart(n, labels, distance)
    left = list(range(n))
    shown: list[int] = []
    for place in range(n):
        chosen = apart.first(_fitting(left, wishes, pinned, place), place)
        apart.show(chosen, place)
        left.remove(chosen)
        shown.append(chosen)
    return np.array(shown, np.intp)


def _fitting(left: list[int], wishes: NDArray[np.bool_], pinned: dict[int, int], place: int) -> list[int]:
    """The items that may take a place: those that fit it, if it is pinned and something does, and that no later pinned place needs."""
    here = pinned.get(place)
    fit = left if here is None else [item for item in left if wishes[item, here]] or left
    ahead = [column for later, column in pinned.items() if later > place]
    if not ahead:
        return fit
    waiting = wishes[np.ix_(left, ahead)]
    needed = {left[row] for row in np.flatnonzero(waiting.any(axis=1))}
    served = count_served(waiting)
    free = [item for item in fit if item not in needed or count_served(waiting[np.array(left) != item]) == served]
    return free or fit


class _Apart:
    """Which items keep away from their like: how many of each label wait to be shown, and from which place on the next one may stand."""

    def __init__(self, n: int, labels: csr_array | None, distance: int) -> None:
        self.n = n
        self.distance = distance
        self.labels = np.zeros((n, 0), bool)
        if labels is not None:
            used, columns = np.unique(labels.indices, return_inverse=True)
            self.labels = np.zeros((n, len(used)), bool)
            self.labels[np.repeat(np.arange(n), np.diff(labels.indptr)), columns] = True
        self.waiting = self.labels.sum(axis=0)
        self.free_from = np.zeros(self.labels.shape[1], np.int64)

    def first(self, may: list[int], place: int) -> int:
        """The first of the items that may stand next: at the full distance and leaving room for the others; else at the full distance;
        else at the greatest distance that there is."""
        for short in range(self.distance - 1):
            near = self.free_from - short > place
            far = [may[at] for at in np.flatnonzero(~(self.labels[may] & near).any(axis=1))]
            if far:
                return far[0] if short else next((item for item in far if self._leaves_room(item, place)), far[0])
        return may[0]

    def show(self, item: int, place: int) -> None:
        """An item takes a place."""
        self.waiting -= self.labels[item]
        self.free_from[self.labels[item]] = place + self.distance

    def _leaves_room(self, item: int, place: int) -> bool:
        """Whether each label has as many places still as it has items, were this one shown next."""
        free_from = np.where(self.labels[item], place + self.distance, np.maximum(self.free_from, place + 1))
        places = np.maximum(-((free_from - self.n) // self.distance), 0)
        return bool((self.waiting - self.labels[item] <= places).all())
