"""Raw logs and item tables in; clean events on numbers, a catalogue and a report out."""

from bowerbird.data.catalogue import Catalogue
from bowerbird.data.histories import history_of
from bowerbird.data.kinds import KINDS, Kind
from bowerbird.data.settings import CleaningSettings, DataSettings
from bowerbird.data.splits import Cases, Split, SplitSettings, split, split_last, split_time, split_users
from bowerbird.data.values import ValueScale, weigh

__all__ = [
    "KINDS",
    "Cases",
    "Catalogue",
    "CleaningSettings",
    "DataSettings",
    "Kind",
    "Split",
    "SplitSettings",
    "ValueScale",
    "history_of",
    "split",
    "split_last",
    "split_time",
    "split_users",
    "weigh",
]
