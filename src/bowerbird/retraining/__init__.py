"""Later: models are fitted again on what has happened, and go live if they are better."""

from bowerbird.retraining.beside import Beside, beside
from bowerbird.retraining.contest import Contest, Standing, challenge
from bowerbird.retraining.due import Due, due, new_events
from bowerbird.retraining.guard import Guard, Rate
from bowerbird.retraining.heldout import newest_learned
from bowerbird.retraining.log import logged
from bowerbird.retraining.reckoning import Reckoner
from bowerbird.retraining.report import Outcome, read_outcome, table, to_json
from bowerbird.retraining.retrainer import Retrainer, State
from bowerbird.retraining.run import Retrained, as_served, retrain
from bowerbird.retraining.sentry import Sentry
from bowerbird.retraining.settings import ContestSettings, GuardSettings, RetrainSettings, ScheduleSettings
from bowerbird.retraining.shelf import Entry, Shelf

__all__ = [
    "Beside",
    "Contest",
    "ContestSettings",
    "Due",
    "Entry",
    "Guard",
    "GuardSettings",
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
    "as_served",
    "beside",
    "challenge",
    "due",
    "logged",
    "new_events",
    "newest_learned",
    "read_outcome",
    "retrain",
    "table",
    "to_json",
]
