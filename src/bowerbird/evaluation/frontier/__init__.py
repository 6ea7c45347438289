"""The price list: what each strength of each re-ranker costs in accuracy and buys in variety, and a dial that says so."""

from bowerbird.evaluation.frontier.dial import BUDGETS, allowed, calibrate
from bowerbird.evaluation.frontier.matched import given_up, mixed, more_given_up, reach
from bowerbird.evaluation.frontier.plots import draw
from bowerbird.evaluation.frontier.report import to_json
from bowerbird.evaluation.frontier.running import STRENGTHS, Dial, Frontier, Line, frontier
from bowerbird.evaluation.frontier.tables import said, tables
from bowerbird.evaluation.frontier.written import written

__all__ = [
    "BUDGETS",
    "STRENGTHS",
    "Dial",
    "Frontier",
    "Line",
    "allowed",
    "calibrate",
    "draw",
    "frontier",
    "given_up",
    "mixed",
    "more_given_up",
    "reach",
    "said",
    "tables",
    "to_json",
    "written",
]
