"""Later: models are fitted again on what has happened, and go live if they are better."""

from bowerbird.retraining.audit import Audit, Step
from bowerbird.retraining.beside import Beside, beside
from bowerbird.retraining.contest import Contest, Standing, challenge, compare
from bowerbird.retraining.due import Due, due, new_events
from bowerbird.retraining.guard import Guard, Rate
from bowerbird.retraining.heldout import newest_learned
from bowerbird.retraining.log import logged
from bowerbird.retraining.promoting import NotBetterError, promote
from bowerbird.retraining.reckoning import Reckoner
from bowerbird.retraining.report import Outcome, figures, read_outcome, table, to_json
from bowerbird.retraining.retrainer import Retrainer, State
from bowerbird.retraining.run import Retrained, as_served, retrain
from bowerbird.retraining.sentry import Sentry
from bowerbird.retraining.settings import ContestSettings, GuardSettings, RetrainSettings, ScheduleSettings
from bowerbird.retraining.shelf import POINTER, Entry, Shelf
from bowerbird.retraining.versions import Version, found, gc, versions
from bowerbird.retraining.watcher import Watcher, newest_good

__all__ = [
    "POINTER",
    "Audit",
    "Beside",
    "Contest",
    "ContestSettings",
    "Due",
    "Entry",
    "Guard",
    "GuardSettings",
    "NotBetterError",
    "Outcome",
    "Rate",
    "Reckoner",
    "RetrainSettings",
    "Retrained",
    "Retrainer",
    "ScheduleSettings",
    "Sentry",
    "Shelf",
    "Standing",
    "State",
    "Step",
    "Version",
    "Watcher",
    "as_served",
    "beside",
    "challenge",
    "compare",
    "due",
    "figures",
    "found",
    "gc",
    "logged",
    "new_events",
    "newest_good",
    "newest_learned",
    "promote",
    "read_outcome",
    "retrain",
    "table",
    "to_json",
    "versions",
]
