"""Raw logs and item tables in; clean events on numbers, a catalogue and a report out."""

from bowerbird.data.catalogue import Catalogue
from bowerbird.data.cleaning import clean
from bowerbird.data.dataset import Dataset
from bowerbird.data.fingerprint import fingerprint
from bowerbird.data.histories import held_events, histories_of, history_of
from bowerbird.data.kinds import KINDS, Kind
from bowerbird.data.rated import Rated, folds, hide
from bowerbird.data.reading import RawData, read, read_events
from bowerbird.data.report import CleaningReport, Finding
from bowerbird.data.sample import sample_path
from bowerbird.data.settings import CleaningSettings, DataSettings
from bowerbird.data.splits import Cases, Split, SplitSettings, split, split_labelled, split_last, split_time, split_users
from bowerbird.data.values import ValueScale, marks, marks_of, stars, weigh

__all__ = [
    "KINDS",
    "Cases",
    "Catalogue",
    "CleaningReport",
    "CleaningSettings",
    "DataSettings",
    "Dataset",
    "Finding",
    "Kind",
    "Rated",
    "RawData",
    "Split",
    "SplitSettings",
    "ValueScale",
    "clean",
    "fingerprint",
    "folds",
    "held_events",
    "hide",
    "histories_of",
    "history_of",
    "marks",
    "marks_of",
    "read",
    "read_events",
    "sample_path",
    "split",
    "split_labelled",
    "split_last",
    "split_time",
    "split_users",
    "stars",
    "weigh",
]
