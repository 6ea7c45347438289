"""Breaks of interest and fading, drift. What is recomputed from a history keeps no state at all."""

from bowerbird.adaptation.bandit import Bandit, BanditSettings
from bowerbird.adaptation.breaks import Break, Breaks, Watch
from bowerbird.adaptation.drift import Adwin, Drift, PageHinkley
from bowerbird.adaptation.fading import Fading
from bowerbird.adaptation.settings import LiveSettings
from bowerbird.adaptation.space import taste_vectors

__all__ = [
    "Adwin",
    "Bandit",
    "BanditSettings",
    "Break",
    "Breaks",
    "Drift",
    "Fading",
    "LiveSettings",
    "PageHinkley",
    "Watch",
    "taste_vectors",
]
