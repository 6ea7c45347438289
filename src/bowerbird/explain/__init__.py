"""Slate → reasons: what of the history carries each item, tested by taking it away, in words."""

from bowerbird.explain.attribution import Carriers, carriers, liked_items
from bowerbird.explain.certificate import Certificate, certify
from bowerbird.explain.facts import Facts
from bowerbird.explain.features import Shared, shared
from bowerbird.explain.reasons import Reason, explain
from bowerbird.explain.settings import ExplainSettings, Language
from bowerbird.explain.tongues import TONGUES, Tongue
from bowerbird.explain.worder import Tally, Worded, Worder
from bowerbird.explain.wording import ENGLISH, Phrases

__all__ = [
    "ENGLISH",
    "TONGUES",
    "Carriers",
    "Certificate",
    "ExplainSettings",
    "Facts",
    "Language",
    "Phrases",
    "Reason",
    "Shared",
    "Tally",
    "Tongue",
    "Worded",
    "Worder",
    "carriers",
    "certify",
    "explain",
    "liked_items",
    "shared",
]
