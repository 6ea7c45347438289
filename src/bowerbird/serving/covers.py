"""A typographic cover for an item that has no picture: colours and shapes that its title alone decides.

A cover is a palette, which the style sheet knows by number, and shapes as SVG path data. The same title has the same cover, always.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

PALETTES = 12
WIDTH, HEIGHT = 120, 80

_YEAR = re.compile(r"^(?P<name>.+?)\s*\((?P<year>[12]\d{3})\)\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of a cover.

    tone  "a", "b" or "c": which colour of the palette fills it
    path  SVG path data inside WIDTH × HEIGHT
    """

    tone: str
    path: str


@dataclass(frozen=True, slots=True)
class Cover:
    """What a card shows instead of a picture.

    name     the title without its year
    year     as in "Alien (1979)"; empty if the title has none
    size     "short", "middle" or "long": how large the name can be set
    """

    palette: int
    shapes: tuple[Shape, ...]
    name: str
    year: str
    size: str


@lru_cache(maxsize=4096)
def cover(title: str) -> Cover:
    """The cover of a title.

    >>> alien = cover("Alien (1979)")
    >>> alien.name, alien.year, alien.size, alien == cover("Alien (1979)")
    ('Alien', '1979', 'short', True)
    """
    dice = hashlib.blake2s(title.encode("utf-8", "replace")).digest()
    named = _YEAR.match(title)
    name, year = (named["name"], named["year"]) if named else (title, "")
    size = "short" if len(name) <= 14 else "middle" if len(name) <= 34 else "long"
    return Cover(dice[0] % PALETTES, tuple(PATTERNS[dice[1] % len(PATTERNS)](dice[2:])), name, year, size)


def disc(x: float, y: float, r: float) -> str:
    """Path data of a full circle."""
    return f"M{x - r:g} {y:g}a{r:g} {r:g} 0 1 0 {2 * r:g} 0a{r:g} {r:g} 0 1 0 {-2 * r:g} 0z"


def bar(x: float, y: float, width: float, height: float) -> str:
    """Path data of a rectangle."""
    return f"M{x:g} {y:g}h{width:g}v{height:g}h{-width:g}z"


def _arches(dice: bytes) -> list[Shape]:
    """Arches inside arches, like the rainbow over a stage."""
    middle = (36, 60, 84)[dice[0] % 3]
    return [Shape("abcab"[ring], disc(middle, HEIGHT, 70 - 14 * ring)) for ring in range(4 + dice[1] % 2)]


def _bower(dice: bytes) -> list[Shape]:
    """Two walls of leaning stems, and treasures between them: what a bowerbird builds."""
    stems = [
        Shape("ac"[n % 2], f"M{x:g} 80Q{x + lean:g} 40 {x + 2.2 * lean:g} {10 + dice[n] % 18:g}l2.4 1Q{x + lean + 3:g} 42 {x + 3.4:g} 80z")
        for n in range(9)
        for x, lean in ((6 + 4.5 * n, 7), (111 - 4.5 * n, -7))
    ]
    return [*stems, *(Shape("b", disc(46 + 7 * n, 74 - dice[10 + n] % 9, 2 + dice[14 + n] % 2)) for n in range(5))]


def _sun(dice: bytes) -> list[Shape]:
    """A sun over bands of water."""
    x, bands = 30 + dice[0] % 60, 4 + dice[1] % 3
    return [Shape("a", disc(x, 44, 24)), *(Shape("bc"[n % 2], bar(0, 46 + n * 34 / bands, WIDTH, 17 / bands + 1.5)) for n in range(bands))]


def _scatter(dice: bytes) -> list[Shape]:
    """Berries, caps and shells laid out on the forest floor."""
    spots = [(12 + 24 * (n % 5) + dice[n] % 9 - 4, 14 + 26 * (n // 5) + dice[n + 3] % 9 - 4) for n in range(15)]
    return [Shape("abc"[dice[n] % 3], disc(x, y, 3 + dice[n + 5] % 8)) for n, (x, y) in enumerate(spots)]


def _tiles(dice: bytes) -> list[Shape]:
    """Quarter circles, each turned by chance."""
    corners = (
        "M{x} {y}h20a20 20 0 0 1-20 20z",
        "M{r} {y}v20a20 20 0 0 1-20-20z",
        "M{r} {d}h-20a20 20 0 0 1 20-20z",
        "M{x} {d}v-20a20 20 0 0 1 20 20z",
    )
    shapes = []
    for n in range(24):
        x, y = 20 * (n % 6), 20 * (n // 6)
        turn = dice[n % 28] >> (n % 3)
        shapes.append(Shape("aabc"[turn % 4], corners[(turn >> 2) % 4].format(x=x, y=y, r=x + 20, d=y + 20)))
    return shapes


def _bands(dice: bytes) -> list[Shape]:
    """Slanting bands of uneven width."""
    x, shapes = -70.0, []
    for n in range(9):
        width = 8 + dice[n] % 16
        shapes.append(Shape("abc"[n % 3], f"M{x:g} 80l64-80h{width}l-64 80z"))
        x += width + 5 + dice[n + 9] % 6
    return shapes


def _petals(dice: bytes) -> list[Shape]:
    """A row of leaves, each the overlap of two circles."""
    tall = 26 + dice[0] % 10
    leaves = [(x, 40, n) for n, x in enumerate(range(12, WIDTH, 16))]
    return [
        *(Shape("abc"[(n + dice[1]) % 3], f"M{x} {y - tall}q16 {tall} 0 {2 * tall}q-16 {-tall} 0 {-2 * tall}z") for x, y, n in leaves),
        Shape("b", disc(12 + 16 * (dice[2] % 7), 40, 5)),
    ]


def _moons(dice: bytes) -> list[Shape]:
    """Three discs that cover one another."""
    x, y = 34 + dice[0] % 20, 30 + dice[1] % 16
    return [Shape("a", disc(x, y, 30)), Shape("b", disc(x + 34, y + 14, 22)), Shape("c", disc(x + 20 + dice[2] % 16, y + 4, 11))]


PATTERNS: tuple[Callable[[bytes], list[Shape]], ...] = (_arches, _bower, _sun, _scatter, _tiles, _bands, _petals, _moons)
