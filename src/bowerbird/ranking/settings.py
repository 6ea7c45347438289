"""Which re-ranker the diversity dial drives."""

from typing import Annotated, Literal

from pydantic import Field

from bowerbird.config import Settings, Span
from bowerbird.data import Catalogue
from bowerbird.protocols import Reranker
from bowerbird.ranking.calibration import Calibration
from bowerbird.ranking.chances import Chances
from bowerbird.ranking.dpp import Dpp
from bowerbird.ranking.exchange import Exchange
from bowerbird.ranking.mmr import Mmr
from bowerbird.ranking.relevance import checked_dial
from bowerbird.ranking.space import ItemSpace
from bowerbird.ranking.ssd import Ssd
from bowerbird.ranking.xquad import Intents, Xquad


class MmrSettings(Settings):
    """The dial is the weight of likeness to the nearest pick: `Mmr` with trade = 1 − diversity."""

    kind: Literal["mmr"] = "mmr"

    def build(self, catalogue: Catalogue, diversity: float) -> Reranker:
        """The re-ranker for a dial of 0..1 over this catalogue. Costs nothing: no array is copied."""
        return Mmr(item_space(catalogue), 1 - checked_dial("diversity", diversity))


class DppSettings(Settings):
    """The dial is the weight of the room that the picks span: `Dpp` with trade = 1 − diversity.

    own     the part of an item that is like no other item; less makes doubles rarer
    window  how many of the last picks repel; None = all
    """

    kind: Literal["dpp"] = "dpp"
    own: float = Field(default=0.01, gt=0, le=1)
    window: int | None = Field(default=None, ge=1)

    def build(self, catalogue: Catalogue, diversity: float) -> Reranker:
        """The re-ranker for a dial of 0..1 over this catalogue. Costs nothing: no array is copied."""
        return Dpp(item_space(catalogue), 1 - checked_dial("diversity", diversity), self.own, self.window)


class SsdSettings(Settings):
    """The dial is the weight of what a pick adds to the last picks: `Ssd` with trade = 1 − diversity.

    window  how many of the last picks an item is held against
    """

    kind: Literal["ssd"] = "ssd"
    window: int = Field(default=10, ge=1)

    def build(self, catalogue: Catalogue, diversity: float) -> Reranker:
        """The re-ranker for a dial of 0..1 over this catalogue. Costs nothing: no array is copied."""
        return Ssd(item_space(catalogue), 1 - checked_dial("diversity", diversity), self.window)


class XquadSettings(Settings):
    """The dial is the weight of the user's intents: `Xquad` with strength = diversity.

    half_life_events  a liked event counts half once this many newer liked ones have followed; inf = no decay
    """

    kind: Literal["xquad"] = "xquad"
    half_life_events: Span = None

    def build(self, catalogue: Catalogue, diversity: float) -> Reranker:
        """The re-ranker for a dial of 0..1 over this catalogue. Costs nothing: no array is copied."""
        return Xquad(item_intents(catalogue), checked_dial("diversity", diversity), self.half_life_events)


class CalibrationSettings(Settings):
    """The dial is the weight of the history's proportions: `Calibration` with strength = diversity.

    smoothing  keeps the divergence finite while a category of the history is not in the slate yet
    """

    kind: Literal["calibration"] = "calibration"
    smoothing: float = Field(default=0.01, gt=0, lt=1)

    def build(self, catalogue: Catalogue, diversity: float) -> Reranker:
        """The re-ranker for a dial of 0..1 over this catalogue. Costs nothing: no array is copied."""
        return Calibration(catalogue.category_matrix, checked_dial("diversity", diversity), self.smoothing)


class ExchangeSettings(Settings):
    """The dial is what distance is worth beside the accuracy that is expected: `Exchange` with price = `dearest` · diversity³.

    chances     what an item is worth by its score and place, as `bowerbird frontier` learns it from validation; None = as a softmax says
    categories  0..1, share of the categories in how alike two items are, beside their language vectors
    dearest     the price where the dial stands at 1
    """

    kind: Literal["exchange"] = "exchange"
    chances: Chances | None = None
    categories: float = Field(default=0.3, ge=0, le=1)
    dearest: float = Field(default=1.0, gt=0)

    def build(self, catalogue: Catalogue, diversity: float) -> Reranker:
        """The re-ranker for a dial of 0..1 over this catalogue. Costs nothing: no array is copied."""
        space = ItemSpace(catalogue.vectors, catalogue.category_matrix, self.categories)
        return Exchange(space, self.dearest * checked_dial("diversity", diversity) ** 3, self.chances)


RerankSettings = Annotated[
    MmrSettings | DppSettings | SsdSettings | ExchangeSettings | XquadSettings | CalibrationSettings,
    Field(discriminator="kind"),
]
"""Any of them, told apart by `kind`."""


def item_space(catalogue: Catalogue) -> ItemSpace:
    """The catalogue's vectors, with its categories to fall back on."""
    return ItemSpace(catalogue.vectors, catalogue.category_matrix)


def item_intents(catalogue: Catalogue) -> Intents:
    """How far each item serves each intent. Where none were found, categories stand for them, an item of several serving each alike."""
    return catalogue.category_matrix if catalogue.intents is None else catalogue.intents.named
