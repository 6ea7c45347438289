"""Which re-ranker the diversity dial drives."""

from typing import Annotated, Literal

from pydantic import Field

from bowerbird.config import Settings
from bowerbird.data import Catalogue
from bowerbird.protocols import Reranker
from bowerbird.ranking.calibration import Calibration
from bowerbird.ranking.dpp import Dpp
from bowerbird.ranking.mmr import Mmr
from bowerbird.ranking.relevance import checked_dial
from bowerbird.ranking.space import ItemSpace


class MmrSettings(Settings):
    """The dial is the weight of likeness to the nearest pick: `Mmr` with trade = 1 − diversity."""

    kind: Literal["mmr"] = "mmr"

    def build(self, catalogue: Catalogue, diversity: float) -> Reranker:
        """The re-ranker for a dial of 0..1 over this catalogue. Costs nothing: no array is copied."""
        return Mmr(item_space(catalogue), 1 - checked_dial("diversity", diversity))


class DppSettings(Settings):
    """The dial is the weight of the room that the picks span: `Dpp` with trade = 1 − diversity.

    own  the part of an item that is like no other item; less makes doubles rarer
    """

    kind: Literal["dpp"] = "dpp"
    own: float = Field(default=0.01, gt=0, le=1)

    def build(self, catalogue: Catalogue, diversity: float) -> Reranker:
        """The re-ranker for a dial of 0..1 over this catalogue. Costs nothing: no array is copied."""
        return Dpp(item_space(catalogue), 1 - checked_dial("diversity", diversity), self.own)


class CalibrationSettings(Settings):
    """The dial is the weight of the history's proportions: `Calibration` with strength = diversity.

    smoothing  keeps the divergence finite while a category of the history is not in the slate yet
    """

    kind: Literal["calibration"] = "calibration"
    smoothing: float = Field(default=0.01, gt=0, lt=1)

    def build(self, catalogue: Catalogue, diversity: float) -> Reranker:
        """The re-ranker for a dial of 0..1 over this catalogue. Costs nothing: no array is copied."""
        return Calibration(catalogue.category_matrix, checked_dial("diversity", diversity), self.smoothing)


RerankSettings = Annotated[MmrSettings | DppSettings | CalibrationSettings, Field(discriminator="kind")]
"""Any of them, told apart by `kind`."""


class RulesSettings(Settings):
    """Rules that every slate keeps.

    max_per_category  at most this many items of one category; None = no such rule
    """

    max_per_category: int | None = Field(default=None, ge=1)


def item_space(catalogue: Catalogue) -> ItemSpace:
    """The catalogue's vectors, with its categories to fall back on."""
    return ItemSpace(catalogue.vectors, catalogue.category_matrix)
