"""Will this user like this item? A probability from the history's likes and dislikes, the items' texts, and what other people like.

Not to be taken for `bowerbird.ranking`, which re-orders slates. What needs torch is imported only where an encoder is tuned.
"""

from bowerbird.liking.behaviour import Behaviour, Crossed, Others, behaviour_of
from bowerbird.liking.distil import Student
from bowerbird.liking.examples import Examples
from bowerbird.liking.fitting import Fitted, fit
from bowerbird.liking.judge import Judge
from bowerbird.liking.measures import auc, auc_at_equal, calibration_error
from bowerbird.liking.settings import LikingSettings

__all__ = [
    "Behaviour",
    "Crossed",
    "Examples",
    "Fitted",
    "Judge",
    "LikingSettings",
    "Others",
    "Student",
    "auc",
    "auc_at_equal",
    "behaviour_of",
    "calibration_error",
    "fit",
]
