"""What would another policy have earned? Estimates from the logs of the one that ran (`docs/off-policy.md`)."""

from bowerbird.evaluation.offpolicy.estimate import Estimate, Terms, estimate
from bowerbird.evaluation.offpolicy.estimators import Direct, DoublyRobust, Estimator, Ips, Snips
from bowerbird.evaluation.offpolicy.importance import Clip, Limit, Shrink, Switch, effective, unlimited
from bowerbird.evaluation.offpolicy.logged import Decisions, LoggedSlates
from bowerbird.evaluation.offpolicy.regression import RewardModel, RewardRegression, foretold
from bowerbird.evaluation.offpolicy.served import Served, served, target_chances
from bowerbird.evaluation.offpolicy.slates import SlateIps
from bowerbird.evaluation.offpolicy.verdict import sentences, table, verdict

__all__ = [
    "Clip",
    "Decisions",
    "Direct",
    "DoublyRobust",
    "Estimate",
    "Estimator",
    "Ips",
    "Limit",
    "LoggedSlates",
    "RewardModel",
    "RewardRegression",
    "Served",
    "Shrink",
    "SlateIps",
    "Snips",
    "Switch",
    "Terms",
    "effective",
    "estimate",
    "foretold",
    "sentences",
    "served",
    "table",
    "target_chances",
    "unlimited",
    "verdict",
]
