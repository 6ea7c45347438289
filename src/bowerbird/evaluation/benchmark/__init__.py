"""The bench: suites of data sets, protocols and models, measured in one go, kept cell by cell, written up as one page."""

from bowerbird.evaluation.benchmark.apart import Launch, Outcome, apart
from bowerbird.evaluation.benchmark.filling import Hands
from bowerbird.evaluation.benchmark.page import page
from bowerbird.evaluation.benchmark.running import Options, run
from bowerbird.evaluation.benchmark.shelf import Shelf
from bowerbird.evaluation.benchmark.sources import SOURCES, Source
from bowerbird.evaluation.benchmark.suites import SUITES, Contestant, Suite, part_of
from bowerbird.evaluation.benchmark.writing import read_results, write_page, write_results

__all__ = [
    "SOURCES",
    "SUITES",
    "Contestant",
    "Hands",
    "Launch",
    "Options",
    "Outcome",
    "Shelf",
    "Source",
    "Suite",
    "apart",
    "page",
    "part_of",
    "read_results",
    "run",
    "write_page",
    "write_results",
]
