"""Slate → slate: diversity, calibration and rules. A re-ranker reorders or shortens one slate and never adds to it."""

from bowerbird.ranking.appetite import appetite, stretched
from bowerbird.ranking.calibration import Calibration, category_shares, divergence
from bowerbird.ranking.chances import Chances, fit_chances
from bowerbird.ranking.dpp import Dpp
from bowerbird.ranking.exchange import Exchange
from bowerbird.ranking.exploration import Exploration, ExploreSettings
from bowerbird.ranking.exposure import ExposureSettings, InverseExposure, MaxShare, column_labels
from bowerbird.ranking.fresh import FreshQuota
from bowerbird.ranking.interests import interests
from bowerbird.ranking.mmr import Mmr
from bowerbird.ranking.relevance import standing
from bowerbird.ranking.rulebook import Rulebook
from bowerbird.ranking.rules import MaxPerCategory, allowed_items
from bowerbird.ranking.rulesettings import FreshSettings, MaxShareSettings, PinSettings, RulesSettings
from bowerbird.ranking.settings import (
    CalibrationSettings,
    DppSettings,
    ExchangeSettings,
    MmrSettings,
    RerankSettings,
    SsdSettings,
    XquadSettings,
    item_intents,
    item_space,
)
from bowerbird.ranking.slots import Apart, Pin, Pinned
from bowerbird.ranking.space import ItemSpace
from bowerbird.ranking.ssd import Ssd
from bowerbird.ranking.xquad import Xquad, wanted_intents

__all__ = [
    "Apart",
    "Calibration",
    "CalibrationSettings",
    "Chances",
    "Dpp",
    "DppSettings",
    "Exchange",
    "ExchangeSettings",
    "Exploration",
    "ExploreSettings",
    "ExposureSettings",
    "FreshQuota",
    "FreshSettings",
    "InverseExposure",
    "ItemSpace",
    "MaxPerCategory",
    "MaxShare",
    "MaxShareSettings",
    "Mmr",
    "MmrSettings",
    "Pin",
    "PinSettings",
    "Pinned",
    "RerankSettings",
    "Rulebook",
    "RulesSettings",
    "Ssd",
    "SsdSettings",
    "Xquad",
    "XquadSettings",
    "allowed_items",
    "appetite",
    "category_shares",
    "column_labels",
    "divergence",
    "fit_chances",
    "interests",
    "item_intents",
    "item_space",
    "standing",
    "stretched",
    "wanted_intents",
]
