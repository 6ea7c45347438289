"""What the pages show, in the words that they show it in: values only, the templates lay them out."""

from collections.abc import Sequence
from dataclasses import dataclass

from bowerbird.answers import Recommended
from bowerbird.engine import Engine
from bowerbird.serving.covers import Cover, cover
from bowerbird.types import Event, ItemId, Json

SLATE_SIZE = 12
HISTORY_SIZE = 30
SEARCH_SIZE = 8

DONE = {
    "like": "liked",
    "dislike": "disliked",
    "not_interested": "not for you",
    "seen": "seen",
    "view": "looked at",
    "click": "clicked",
    "play": "played",
    "purchase": "bought",
    "cart": "put in the cart",
    "save": "saved",
    "share": "shared",
    "skip": "skipped",
    "review": "reviewed",
}
"""A kind of event, as something that was done."""


@dataclass(frozen=True, slots=True)
class Card:
    """One item of the slate.

    intents      interests that it serves, but for those that its categories name
    cited        titles of the items that carried it
    certificate  what happened when they were taken away; empty without a reason that survived
    """

    item: ItemId
    title: str
    categories: tuple[str, ...]
    intents: tuple[str, ...]
    reason: str
    cited: tuple[str, ...]
    certificate: str
    cover: Cover


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the history."""

    title: str
    done: str
    tone: str
    cover: Cover


@dataclass(frozen=True, slots=True)
class Found:
    """One result of a search."""

    item: ItemId
    title: str
    categories: tuple[str, ...]
    done: str
    cover: Cover


@dataclass(frozen=True, slots=True)
class Stage:
    """All that changes when the visitor does something."""

    slate_id: str
    cards: tuple[Card, ...]
    deeds: tuple[Deed, ...]
    dial: float
    said: str

    @property
    def newcomer(self) -> bool:
        """Whether nothing is known of the visitor yet."""
        return not self.deeds


def cards(engine: Engine, items: Sequence[Recommended]) -> tuple[Card, ...]:
    """The slate as cards."""
    return tuple(
        Card(
            one.item,
            one.title,
            one.categories[:4],
            tuple(name for name in one.intents[:2] if name not in one.categories),
            one.reason or "",
            tuple(title_of(engine.item(cited), cited) for cited in one.because),
            certificate(one),
            cover(one.title),
        )
        for one in items
    )


def certificate(one: Recommended) -> str:
    """How a reason was checked, and what came out.

    >>> certificate(Recommended("1", 1, 0.5, "Heat", (), "Because you liked Ronin.", ("2",), rank_with=3, rank_without=41))
    'The engine took this one out of your history and scored everything again: 41st instead of 3rd.'
    """
    if not one.because or one.rank_with is None:
        return ""
    what = "this one" if len(one.because) == 1 else f"these {len(one.because)}"
    without = "out of reach" if one.rank_without is None else ordinal(one.rank_without)
    return f"The engine took {what} out of your history and scored everything again: {without} instead of {ordinal(one.rank_with)}."


def ordinal(n: int) -> str:
    """The number as a place.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 22, 113, 1041)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '22nd', '113th', '1,041st']
    """
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"


def deeds(engine: Engine, events: Sequence[Event]) -> tuple[Deed, ...]:
    """What a user did, newest first."""
    lines = []
    for event in reversed(events):
        title = title_of(engine.item(event.item), event.item)
        lines.append(Deed(title, done(event), tone(event), cover(title)))
    return tuple(lines)


def done(event: Event) -> str:
    """An event in words.

    >>> done(Event("ada", "1", kind="rating", value=4.0)), done(Event("ada", "1", kind="like")), done(Event("ada", "1", kind="pre_order"))
    ('rated 4', 'liked', 'pre order')
    """
    if event.kind == "rating" and event.value is not None:
        return f"rated {event.value:g}"
    return DONE.get(event.kind, event.kind.replace("_", " "))


def tone(event: Event) -> str:
    """Whether a line of the history is shown as a "yes", a "no" or neither."""
    if event.kind in ("like", "save", "purchase", "share"):
        return "yes"
    return "no" if event.kind in ("dislike", "not_interested", "skip") else ""


def found(rows: Sequence[Json], events: Sequence[Event]) -> tuple[Found, ...]:
    """Results of a search; those that the visitor did something with say so."""
    newest = {event.item: done(event) for event in events}
    return tuple(
        Found(
            row["item"],
            title_of(row, row["item"]),
            tuple(row.get("categories") or ())[:3],
            newest.get(row["item"], ""),
            cover(title_of(row, row["item"])),
        )
        for row in rows
    )


def title_of(row: Json | None, item: ItemId) -> str:
    """The title of a row of the catalogue; the id where there is none."""
    return str((row or {}).get("title") or item)
