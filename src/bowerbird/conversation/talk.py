"""What was said so far, and the handles by which items and lines are named in it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bowerbird.conversation.phrases import PHRASES
from bowerbird.conversation.seam import Recommender, title_of
from bowerbird.conversation.values import Result
from bowerbird.errors import DataError
from bowerbird.types import ItemId, UserId

HANDLE = re.compile(r"\[(f?\d{1,4})\]")
"""Where an item or a line should stand in a sentence."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one side said in a conversation.

    items  ids of what was recommended, as whoever sends the conversation has them; nothing that can be trusted
    """

    role: Literal["user", "assistant"]
    text: str
    items: tuple[ItemId, ...] = ()


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation up to the user's last words.

    user      whom it is with; None = somebody that nothing is known of
    language  of the engine's sentences; None = as it is set
    raises    DataError if the last words are not the user's, or for another language
    """

    turns: tuple[Message, ...]
    user: UserId | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        if not self.turns or self.turns[-1].role != "user":
            raise DataError(f"messages: the last one must be the user's, got {self.turns[-1].role if self.turns else 'none'}")

        if self.language is not None and self.language not in PHRASES:
            raise DataError(f"language: must be one of {', '.join(PHRASES)}, got {self.language!r:.40}")

    @property
    def last(self) -> str:
        """The user's last words."""
        return self.turns[-1].text

    @property
    def shown(self) -> tuple[ItemId, ...]:
        """What the last answer recommended."""
        return next((turn.items for turn in reversed(self.turns) if turn.role == "assistant"), ())


@dataclass(eq=False)
class Handles:
    """The items and lines of one conversation, each by its handle. Those of items are numbers from 1 in the order in which the conversation
    names them, so they are the same when it is sent again; an item has one only if the engine has it, and it can be had, now.

    engine  has the titles
    gone    items of earlier answers that cannot be had any more, or never were
    """

    engine: Recommender
    gone: int = 0
    titles: dict[ItemId, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    _handles: dict[ItemId, str] = field(default_factory=dict)
    _items: dict[str, ItemId] = field(default_factory=dict)

    @staticmethod
    def of(engine: Recommender, turns: Sequence[Message]) -> "Handles":
        """The handles of what earlier answers recommended."""
        handles = Handles(engine)
        named = dict.fromkeys(item for turn in turns for item in turn.items)
        handles.gone = len(named) - len(handles.add(named))
        return handles

    def add(self, items: Iterable[ItemId]) -> list[str]:
        """The handles of these items, new ones where they have none; without those that cannot be had."""
        found = []
        for item in items:
            if item not in self._handles and (title := title_of(self.engine, item)) is not None:
                handle = str(len(self._handles) + 1)
                self._handles[item], self._items[handle], self.titles[item] = handle, item, title
            if item in self._handles:
                found.append(self._handles[item])
        return found

    def take(self, result: Result) -> list[str]:
        """Give handles to a result's items and lines; the handles of the lines."""
        self.add(hit.item for hit in result.items)
        self.lines += result.lines
        return [f"f{place + 1}" for place in range(len(self.lines) - len(result.lines), len(self.lines))]

    def known(self, handle: str) -> ItemId | None:
        """The item of a handle, None if nothing in this conversation has it."""
        return self._items.get(handle.strip().strip("[]"))

    def item(self, handle: str) -> ItemId:
        """The item of a handle.

        raises  DataError if nothing in this conversation has it
        """
        found = self.known(handle)
        if found is None:
            raise DataError(f"item {handle!r:.40}: must be the handle of an item of this conversation, 1 to {len(self._items)}")
        return found

    def stands(self, handle: str) -> str | None:
        """What stands for a handle in a sentence: a title or a line; None if nothing has it."""
        if handle.startswith("f"):
            place = int(handle[1:]) - 1
            return self.lines[place] if 0 <= place < len(self.lines) else None
        item = self._items.get(handle)
        return None if item is None else self.titles[item]

    def of_items(self, items: Iterable[ItemId]) -> list[str]:
        """The handles of those of the items that have one."""
        return [self._handles[item] for item in items if item in self._handles]
