"""The dashboard and the rules ask for what a server has."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_engine import FakeEngine
from prometheus_client import Metric
from starlette.testclient import TestClient

from bowerbird.serving import create_app

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = DEPLOY / "grafana" / "bowerbird.json"
RULES = DEPLOY / "prometheus" / "rules.yml"


def panels() -> list[dict]:
    return json.loads(DASHBOARD.read_text())["panels"]


def rules() -> Iterator[dict]:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed, so the rules cannot be read")
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        yield from group["rules"]


@pytest.fixture(scope="module")
def families() -> list[Metric]:
    """All that a server has that was asked for everything."""
    state = SimpleNamespace(running=False, runs=1, swaps=1, error=None)
    retraining = SimpleNamespace(retrainer=SimpleNamespace(state=state), sentry=SimpleNamespace(rollbacks=0))
    app = create_app(FakeEngine(), retraining)
    http = TestClient(app)
    http.get("/v1/users/ada/recommendations")
    http.post("/v1/events", json={"user": "ada", "item": "1", "kind": "like", "slate": "slate-1"})
    return list(app.state.metrics.registry.collect())


def samples(families: list[Metric]) -> set[str]:
    known = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
    return {family.name + end for family in families for end in known[family.type]}


def asked(expression: str) -> set[str]:
    return set(re.findall(r"\bbowerbird_\w+", expression))


def recorded() -> set[str]:
    return {rule["record"] for rule in rules() if "record" in rule}


def test_every_panel_draws_what_there_is(families: list[Metric]) -> None:
    expressions = [target["expr"] for panel in panels() for target in panel["targets"]]
    assert len(expressions) >= len(panels()) > 10
    for expression in expressions:
        assert asked(expression)
        assert asked(expression) <= samples(families), expression


def test_every_rule_asks_for_what_there_is(families: list[Metric]) -> None:
    for rule in rules():
        names = asked(rule["expr"])
        assert names <= samples(families), rule
        assert set(re.findall(r"\bbowerbird:[\w:]+", rule["expr"])) <= recorded(), rule
        assert names or "bowerbird:" in rule["expr"]
        assert ("alert" in rule) == ("annotations" in rule)
        assert asked(str(rule.get("annotations", ""))) <= {family.name + "_total" * (family.type == "counter") for family in families}


def test_labels_that_are_asked_for_are_those_that_samples_have(families: list[Metric]) -> None:
    has: dict[str, set[str]] = {}
    for family in families:
        for sample in family.samples:
            has.setdefault(sample.name, {"instance"}).update(sample.labels)
    expressions = [target["expr"] for panel in panels() for target in panel["targets"]] + [rule["expr"] for rule in rules()]
    for expression in expressions:
        for name, labels in re.findall(r"\b(bowerbird_\w+)\{([^}]*)\}", expression):
            wanted = set(re.findall(r"(\w+)=~?\"", labels))
            assert wanted <= has.get(name, wanted), (name, wanted)


def test_panels_lie_beside_one_another() -> None:
    taken = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken
        assert all(x < 24 for x, _ in cells)
        taken |= cells
