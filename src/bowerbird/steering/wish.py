"""A wish in words, as it was read: a value that goes with the answer, so that whoever asked sees how they were understood."""

from bowerbird.config import Settings


class Condition(Settings):
    """What must hold of a column of the items.

    column     `categories`, or a column of numbers or times
    values     one of these is among the item's categories; empty where it is about a number
    low, high  the number lies between them, both included; None = no bound. Of `created` it is the year
    exclude    whether it must not hold

    >>> Condition(column="year", low=1990, high=1999).words
    'year from 1990 to 1999'
    """

    column: str
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    exclude: bool = False

    @property
    def words(self) -> str:
        """The condition as it is shown."""
        if self.values:
            return f"{'not ' if self.exclude else ''}{' or '.join(self.values)}"
        bounds = [f"{word} {bound:g}" for word, bound in (("from", self.low), ("to", self.high)) if bound is not None]
        return f"{'not ' if self.exclude else ''}{self.column} {' '.join(bounds)}"


class Wish(Settings):
    """What was understood of a text.

    text        as it was read: normalised, and no longer than is read
    toward      phrases that the items' texts should be near to
    away        phrases that they should be far from
    than_usual  whether it is measured against what the user usually takes
    conditions  what must hold of the items, all of them
    without     words that must not stand in the items' texts
    diversity   0..1, where variety is asked for
    unheard     what was not understood, and has no part
    """

    text: str
    toward: tuple[str, ...] = ()
    away: tuple[str, ...] = ()
    than_usual: bool = False
    conditions: tuple[Condition, ...] = ()
    without: tuple[str, ...] = ()
    diversity: float | None = None
    unheard: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing was understood that could change a slate."""
        return not (self.toward or self.away or self.than_usual or self.conditions or self.without or self.diversity is not None)
