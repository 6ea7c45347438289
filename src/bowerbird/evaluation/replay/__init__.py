"""Replay: the log is gone through in the order of time; a recommender is asked before each event, and learns of it after."""

from bowerbird.evaluation.replay.cadence import DAILY, EVENT, FROZEN, MASKED, Cadence, cadence, revealed
from bowerbird.evaluation.replay.plots import draw, needed
from bowerbird.evaluation.replay.questions import Questions, questions
from bowerbird.evaluation.replay.report import to_json
from bowerbird.evaluation.replay.running import Line, Replay, System, replay
from bowerbird.evaluation.replay.tables import said, tables

__all__ = [
    "DAILY",
    "EVENT",
    "FROZEN",
    "MASKED",
    "Cadence",
    "Line",
    "Questions",
    "Replay",
    "System",
    "cadence",
    "draw",
    "needed",
    "questions",
    "replay",
    "revealed",
    "said",
    "tables",
    "to_json",
]
