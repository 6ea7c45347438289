"""Our off-policy estimators against Open Bandit Pipeline (`make_offpolicy.py` made the numbers)."""

import json
from pathlib import Path

import numpy as np
import pytest

from bowerbird.evaluation.offpolicy import Clip, Decisions, Direct, DoublyRobust, Ips, LoggedSlates, Shrink, SlateIps, Snips, Switch

GOLDEN = json.loads(Path(__file__).with_name("offpolicy.json").read_text(encoding="utf-8"))
ESTIMATORS = {
    "ips": Ips(),
    "ips clip 2": Ips(Clip(2.0)),
    "snips": Snips(),
    "direct": Direct(),
    "dr": DoublyRobust(),
    "dr clip 2": DoublyRobust(Clip(2.0)),
    "dr normalised": DoublyRobust(normalised=True),
    "dr shrink 5": DoublyRobust(Shrink(5.0)),
    "dr switch 2": DoublyRobust(Switch(2.0)),
}


def arrays(part, *names):
    return (np.array(GOLDEN[part][name]) for name in names)


def test_every_figure_of_the_reference_is_compared():
    assert set(ESTIMATORS) == set(GOLDEN["decisions"]["values"])


@pytest.mark.parametrize("name", ESTIMATORS)
def test_decisions_equal_the_reference(name):
    actions, rewards, propensities, expected, target = arrays("decisions", "actions", "rewards", "propensities", "expected", "target")
    logged = Decisions(actions, rewards, propensities, GOLDEN["decisions"]["n_actions"], expected=expected)
    value = ESTIMATORS[name].terms(logged, target).value
    assert value == pytest.approx(GOLDEN["decisions"]["values"][name], abs=1e-9)


@pytest.mark.parametrize("name", GOLDEN["slates"]["values"])
def test_slates_equal_the_reference(name):
    interaction, *normalised = name.split()
    chances = GOLDEN["slates"]["whatever else" if interaction == "none" else "given above"]
    logged = LoggedSlates(np.array(GOLDEN["slates"]["rewards"]), np.array(chances["logging"]))
    value = SlateIps(interaction, normalised=bool(normalised)).terms(logged, np.array(chances["target"])).value
    assert value == pytest.approx(GOLDEN["slates"]["values"][name], abs=1e-9)
