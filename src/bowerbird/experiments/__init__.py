"""Experiments: users are dealt to arms by a hash, slates say which, and what came of it may be looked at at any time."""

from bowerbird.experiments.dealing import dealt, place
from bowerbird.experiments.outcomes import METRICS, Outcomes, outcomes
from bowerbird.experiments.plots import draw
from bowerbird.experiments.report import said, table, to_json
from bowerbird.experiments.sequences import Sequence, difference_sequence, mean_sequence, mismatch
from bowerbird.experiments.settings import Arm, Experiment, Shadow, Trial, WatchSettings
from bowerbird.experiments.shadow import Compared, Shadowed
from bowerbird.experiments.split import Split, Tally
from bowerbird.experiments.warden import Warden

__all__ = [
    "METRICS",
    "Arm",
    "Compared",
    "Experiment",
    "Outcomes",
    "Sequence",
    "Shadow",
    "Shadowed",
    "Split",
    "Tally",
    "Trial",
    "Warden",
    "WatchSettings",
    "dealt",
    "difference_sequence",
    "draw",
    "mean_sequence",
    "mismatch",
    "outcomes",
    "place",
    "said",
    "table",
    "to_json",
]
