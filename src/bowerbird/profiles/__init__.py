"""Profiles: what a history says somebody is after, in words that can be checked and corrected."""

from bowerbird.profiles.acting import Acting, acting
from bowerbird.profiles.claims import Claim, claims, supported
from bowerbird.profiles.edits import Edit, edit_of, event_of, standing
from bowerbird.profiles.fold import profile_of
from bowerbird.profiles.labels import Labels, labels_of
from bowerbird.profiles.polarity import Polarity, fit_polarity, sentences
from bowerbird.profiles.reading import read_edits
from bowerbird.profiles.values import Evidence, Interest, Profile, ProfileSettings, Topic

__all__ = [
    "Acting",
    "Claim",
    "Edit",
    "Evidence",
    "Interest",
    "Labels",
    "Polarity",
    "Profile",
    "ProfileSettings",
    "Topic",
    "acting",
    "claims",
    "edit_of",
    "event_of",
    "fit_polarity",
    "labels_of",
    "profile_of",
    "read_edits",
    "sentences",
    "standing",
    "supported",
]
