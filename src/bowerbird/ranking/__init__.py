"""Slate → slate: diversity, calibration and rules. A re-ranker reorders or shortens one slate and never adds to it."""

from bowerbird.ranking.calibration import Calibration, category_shares, divergence
from bowerbird.ranking.dpp import Dpp
from bowerbird.ranking.mmr import Mmr
from bowerbird.ranking.rules import MaxPerCategory, allowed_items
from bowerbird.ranking.settings import CalibrationSettings, DppSettings, MmrSettings, RerankSettings, RulesSettings, item_space
from bowerbird.ranking.space import ItemSpace

__all__ = [
    "Calibration",
    "CalibrationSettings",
    "Dpp",
    "DppSettings",
    "ItemSpace",
    "MaxPerCategory",
    "Mmr",
    "MmrSettings",
    "RerankSettings",
    "RulesSettings",
    "allowed_items",
    "category_shares",
    "divergence",
    "item_space",
]
