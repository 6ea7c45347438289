"""How good is it? Metrics, protocols, tuning, and one table with the baselines in it."""

from bowerbird.evaluation.buckets import Bucket, by_history, by_item_age
from bowerbird.evaluation.judging import Judged, judge
from bowerbird.evaluation.leaderboard import BASELINES, Baseline, Leaderboard, Row, leaderboard
from bowerbird.evaluation.metrics import METRICS
from bowerbird.evaluation.protocol import Recommend, Result, evaluate
from bowerbird.evaluation.rating import RatingErrors, rating_errors
from bowerbird.evaluation.report import to_json
from bowerbird.evaluation.significance import Difference, Interval, differences, holm, intervals, paired
from bowerbird.evaluation.tables import tables
from bowerbird.evaluation.tuning import Bench, Trial, Tuned, tune

__all__ = [
    "BASELINES",
    "METRICS",
    "Baseline",
    "Bench",
    "Bucket",
    "Difference",
    "Interval",
    "Judged",
    "Leaderboard",
    "RatingErrors",
    "Recommend",
    "Result",
    "Row",
    "Trial",
    "Tuned",
    "by_history",
    "by_item_age",
    "differences",
    "evaluate",
    "holm",
    "intervals",
    "judge",
    "leaderboard",
    "paired",
    "rating_errors",
    "tables",
    "to_json",
    "tune",
]
