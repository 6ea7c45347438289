"""A study: one recipe tuned by Optuna, for as long as one likes, on the validation cases; kept in a file, so that it can go on."""

from bowerbird.evaluation.study.ledger import needed
from bowerbird.evaluation.study.outcome import Outcome
from bowerbird.evaluation.study.plan import Plan, choices
from bowerbird.evaluation.study.plots import draw
from bowerbird.evaluation.study.search import ENDLESS, search
from bowerbird.evaluation.study.tables import said, table
from bowerbird.evaluation.study.written import written

__all__ = ["ENDLESS", "Outcome", "Plan", "choices", "draw", "needed", "said", "search", "table", "written"]
