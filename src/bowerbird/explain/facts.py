"""What a reason's wording may say: nothing but this."""

from dataclasses import dataclass

from bowerbird.explain.features import Shared
from bowerbird.language.harmless import harmless
from bowerbird.types import Json

LONGEST = 120


@dataclass(frozen=True)
class Facts:
    """The facts of one reason that passed its test.

    cited         titles of the items that carry it, one to three, the strongest first
    liked         whether all of them were liked; else only touched
    common        what the item has in common with all of them
    rank_with     its rank among all items that may be shown
    rank_without  its rank without the cited ones; None = nothing would speak for it
    """

    cited: tuple[str, ...]
    liked: bool
    common: Shared
    rank_with: int
    rank_without: int | None

    @property
    def titles(self) -> tuple[str, ...]:
        """The cited titles as a model is told them: `harmless`, on one line."""
        return tuple(harmless(title, LONGEST) for title in self.cited)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Intent and categories, likewise."""
        intent = () if self.common.intent is None else (self.common.intent,)
        return tuple(harmless(name, LONGEST) for name in (*intent, *self.common.categories))

    @property
    def words(self) -> tuple[str, ...]:
        """Words that stand in all the titles, likewise."""
        return tuple(harmless(word, LONGEST) for word in self.common.words)

    def told(self) -> Json:
        """As a model is told them."""
        fall = "nothing would speak for it" if self.rank_without is None else f"it drops from {self.rank_with} to {self.rank_without}"
        return {
            "liked" if self.liked else "touched": list(self.titles),
            "it and all of these are": list(self.attributes),
            "words in all the titles": list(self.words),
            f"without {'that one' if len(self.cited) == 1 else 'these'}": fall,
        }
