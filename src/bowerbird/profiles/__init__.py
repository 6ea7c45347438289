"""Profiles: what a history says somebody is after, in words that can be checked and corrected."""

from bowerbird.profiles.acting import Acting, acting
from bowerbird.profiles.claims import Claim, claims, supported
from bowerbird.profiles.edits import Does, Edit, edit_of, event_of, idle, standing
from bowerbird.profiles.fold import profile_of
from bowerbird.profiles.labels import Labels, labels_of
from bowerbird.profiles.polarity import Polarity, PolaritySettings, fit_polarity, sentences
from bowerbird.profiles.reading import read_edits
from bowerbird.profiles.values import Evidence, Interest, Profile, ProfileSettings, Sort, Topic, Trend

__all__ = [
    "Acting",
    "Claim",
    "Does",
    "Edit",
    "Evidence",
    "Interest",
    "Labels",
    "Polarity",
    "PolaritySettings",
    "Profile",
    "ProfileSettings",
    "Sort",
    "Topic",
    "Trend",
    "acting",
    "claims",
    "edit_of",
    "event_of",
    "fit_polarity",
    "idle",
    "labels_of",
    "profile_of",
    "read_edits",
    "sentences",
    "standing",
    "supported",
]
