"""What tools ask of an engine; `bowerbird.engine.Engine` has it."""

from collections.abc import Sequence
from typing import Protocol

from bowerbird.answers import Answer, Recommended, UserProfile
from bowerbird.types import Event, ItemId, Json, Offset, UserId


class Recommender(Protocol):
    """A live recommender."""

    def recommend(
        self,
        *,
        user: UserId | None = None,
        history: Sequence[Event] | None = None,
        k: int = 10,
        diversity: float | None = None,
        exclude: Sequence[ItemId] = (),
        explain: bool = False,
        language: str | None = None,
        text: str | None = None,
    ) -> Answer:
        """A slate for a user of the log, or for a history given here."""
        ...

    def search(self, text: str, user: UserId | None = None, k: int = 10) -> list[Recommended]:
        """Items found by words and by what they mean."""
        ...

    def similar(self, item: ItemId, k: int = 10) -> list[Recommended]:
        """What goes with an item."""
        ...

    def why(self, item: ItemId, user: UserId | None = None, language: str | None = None) -> Recommended:
        """What speaks for an item; its score is NaN where it may not be shown."""
        ...

    def item(self, item: ItemId) -> Json | None:
        """The catalogue's row of an item, or None."""
        ...

    def profile(self, user: UserId, language: str | None = None) -> UserProfile:
        """What a user's log says they are after."""
        ...

    def edit_profile(self, user: UserId, edits: str, language: str | None = None) -> UserProfile:
        """Correct a profile by words."""
        ...

    def observe(self, events: Sequence[Event]) -> Offset:
        """Store events."""
        ...


def title_of(engine: Recommender, item: ItemId) -> str | None:
    """The title of an item that can be had now; None for any other."""
    row = engine.item(item)
    return None if row is None or row.get("available") is False else str(row.get("title") or item)
