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
    apart = _Apart(np.zeros((n, 0), bool) if labels is None else labels.toarray() > 0, distance)
    left = list(range(n))
    shown: list[int] = []
    for place in range(n):
        may = _fitting(left, wishes, pinned, place)
        chosen = apart.first(may, left, shown)
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
    served = count_served(waiting)
    where = {item: row for row, item in enumerate(left)}
    free = [item for item in fit if not waiting[where[item]].any() or count_served(np.delete(waiting, where[item], axis=0)) == served]
    return free or fit


class _Apart:
    """Which items keep away from their like."""

    def __init__(self, labels: NDArray[np.bool_], distance: int) -> None:
        self.labels = labels
        self.distance = distance

    def first(self, may: list[int], left: list[int], shown: list[int]) -> int:
        """The first of the items that may stand next: at the full distance and leaving room for the others; else at the full distance;
        else at the greatest distance that there is."""
        for gap in range(self.distance - 1, 0, -1):
            near = self.labels[shown[-gap:]].any(axis=0)
            far = [item for item in may if not self.labels[item][near].any()]
            if far and gap == self.distance - 1:
                return next((item for item in far if self._leaves_room(item, left, shown)), far[0])
            if far:
                return far[0]
        return may[0]

    def _leaves_room(self, item: int, left: list[int], shown: list[int]) -> bool:
        """Whether each label has as many places still as it has items, were this one shown next."""
        line = [*shown, item]
        end, distance = len(line) + len(left) - 1, self.distance
        waiting = self.labels[left].sum(axis=0) - self.labels[item]
        starts = np.full(len(waiting), len(line))
        for back, one in enumerate(reversed(line[-distance + 1 :])):
            starts[self.labels[one]] = np.maximum(starts[self.labels[one]], len(line) - 1 - back + distance)
        return bool((waiting <= np.maximum(0, -(-(end - starts) // distance))).all())
