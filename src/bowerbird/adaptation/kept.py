"""A map that is never changed: putting something in gives a new map, which shares all but a few small nodes with the old."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Generic, TypeVar, cast

V = TypeVar("V")
BITS = 5
WIDTH = 1 << BITS
LEVELS = 60 // BITS

Node = dict[int, Any]
"""Place → a node of the next level, or a leaf (key, value)."""


@dataclass(frozen=True, eq=False)
class Kept(Generic[V]):
    """Key → value. The order of iteration depends on the keys alone, not on the order in which they came.

    cost    `put` and `get` go down log₃₂ n levels, four for a million keys; `put` copies a node of at most 32 places at each
    source  Bagwell, Ideal Hash Trees, 2001

    >>> old = Kept().put("a", 1)
    >>> new = old.put("a", 2).put("b", 3)
    >>> old.get("a"), new.get("a"), new.get("c"), sorted(new.items())
    (1, 2, None, [('a', 2), ('b', 3)])
    """

    root: Node = field(default_factory=dict)

    def get(self, key: str) -> V | None:
        """The value, or None."""
        spread, node = _spread(key), self.root
        for level in range(LEVELS):
            child = node.get(_place(spread, level))
            if not isinstance(child, dict):
                return cast(V, child[1]) if child is not None and child[0] == key else None
            node = child
        return cast("V | None", node.get(key))  # type: ignore[call-overload]

    def put(self, key: str, value: V) -> "Kept[V]":
        """The map with this value for this key."""
        return Kept(_put(self.root, 0, _spread(key), key, value))

    def items(self) -> Iterator[tuple[str, V]]:
        """All keys and values."""
        return _leaves(self.root)


def _put(node: Node, level: int, spread: int, key: str, value: Any) -> Node:
    if level == LEVELS:  # keys whose digests are equal
        return {**node, key: value}  # type: ignore[dict-item]
    place = _place(spread, level)
    child = node.get(place)
    if child is None or (not isinstance(child, dict) and child[0] == key):
        below: Any = (key, value)
    elif isinstance(child, dict):
        below = _put(child, level + 1, spread, key, value)
    else:
        below = _put(_put({}, level + 1, _spread(child[0]), *child), level + 1, spread, key, value)
    return {**node, place: below}


def _leaves(node: Node) -> Iterator[tuple[str, Any]]:
    for place in sorted(node):
        child = node[place]
        if isinstance(child, dict):
            yield from _leaves(child)
        elif isinstance(place, str):
            yield place, child
        else:
            yield child


def _spread(key: str) -> int:
    """64 bits that look drawn by chance, the same in every process."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest())


def _place(spread: int, level: int) -> int:
    return spread >> (BITS * level) & (WIDTH - 1)
