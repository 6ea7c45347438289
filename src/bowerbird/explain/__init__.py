"""Slate → reasons: what of the history carries each item, tested by taking it away, in words."""

from bowerbird.explain.attribution import Carriers, carriers, liked_items
from bowerbird.explain.certificate import Certificate, certify
from bowerbird.explain.features import Shared, shared
from bowerbird.explain.reasons import Reason, explain
from bowerbird.explain.settings import ExplainSettings
from bowerbird.explain.wording import ENGLISH, Phrases

__all__ = [
    "ENGLISH",
    "Carriers",
    "Certificate",
    "ExplainSettings",
    "Phrases",
    "Reason",
    "Shared",
    "carriers",
    "certify",
    "explain",
    "liked_items",
    "shared",
]
