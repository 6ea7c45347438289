"""Will this user like this item? A probability from the history's likes and dislikes and from the items' texts.

Not to be taken for `bowerbird.ranking`, which re-orders slates. What needs torch is imported only where an encoder is tuned.
"""

from bowerbird.liking.distil import Student, distil
from bowerbird.liking.examples import Examples
from bowerbird.liking.fitting import Fitted, fit
from bowerbird.liking.judge import Judge
from bowerbird.liking.measures import auc, auc_at_equal, calibration_error
from bowerbird.liking.settings import LikingSettings

__all__ = ["Examples", "Fitted", "Judge", "LikingSettings", "Student", "auc", "auc_at_equal", "calibration_error", "distil", "fit"]
