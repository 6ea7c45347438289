"""Our metrics against ranx and trec_eval (`make_metrics.py` made the numbers)."""

import json
from pathlib import Path

import numpy as np
import pytest

from bowerbird.evaluation.judging import judge
from bowerbird.evaluation.metrics import METRICS
from bowerbird.types import Slate

GOLDEN = json.loads(Path(__file__).with_name("metrics.json").read_text())
EXPECTED = [(library, figure) for library, figures in GOLDEN["references"].items() for figure in figures]


@pytest.mark.parametrize(("library", "figure"), EXPECTED)
def test_equals_the_reference(library, figure):
    name, cut = figure.split("@")
    k, sizes = int(cut), np.array([len(wanted) for wanted in GOLDEN["targets"]])
    slates = [Slate(np.array(items, np.int32), np.arange(len(items), 0, -1, dtype=np.float32)) for items in GOLDEN["lists"]]
    ours = METRICS[name](judge(slates, [np.array(wanted, np.int32) for wanted in GOLDEN["targets"]], 20), k)
    if name == "map":
        ours = ours * np.minimum(k, sizes) / sizes  # the references divide by all targets
    np.testing.assert_allclose(ours, GOLDEN["references"][library][figure], atol=1e-9)
