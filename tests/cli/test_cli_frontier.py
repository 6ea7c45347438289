"""`bowerbird frontier` on a little shop: what it prints and writes, and the mistakes that a user can make."""

import json
import tomllib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest
from commandline import ended

from bowerbird.bundle import Config
from bowerbird.config import parse
from little_world import raw

Run = Callable[..., tuple[int, str, str]]

CONFIG = """# the shop's settings
[model]
kind = "ease"
l2 = 5.0 # by hand
[split]
validation = 0.2
test = 0.2
[ranking]
diversity = 0.25
pool = 60
[ranking.rules]
max_per_category = 9
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run `frontier` on the shop in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("COLUMNS", "400")
    events = raw()
    assert events.items is not None
    events.events.write_csv(tmp_path / "events.csv")
    events.items.write_ndjson(tmp_path / "items.jsonl")
    (tmp_path / "shop.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)

    def call(*words: object, events: str = "events.csv", config: str = "shop.toml") -> tuple[int, str, str]:
        given = ["bowerbird", "frontier", "--events", events, "--items", "items.jsonl", "--config", config, "--k", "3"]
        monkeypatch.setattr("sys.argv", [*given, *map(str, words)])
        return ended(capsys)

    return call


def test_it_prints_the_tables_and_writes_what_it_measured(run: Run, tmp_path: Path) -> None:
    code, said, errors = run("--only", "mmr", "--only", "exchange", "--out", "f.json")
    assert code == 0, errors
    for words in ("What each strength costs and buys", "NDCG given up for more distance", "The dial of dpp"):
        assert words in said
    report = json.loads((tmp_path / "f.json").read_text())
    assert [line["name"] for line in report["lines"]] == ["mmr", "exchange", "dpp"], "the config's re-ranker is priced too"
    assert report["lines"][1]["settings"]["chances"]["width"] > 0
    first = {json.dumps(line["points"][0]["means"]) for line in report["lines"]}
    assert len(first) == 1, "at 0 all re-rankers keep the scorer's order"
    for row in report["dial"]["rows"]:
        assert row["validation"][0] <= row["validation"][2] <= row["budget"]


def test_appetite_is_priced_beside_one_strength_for_all(run: Run, tmp_path: Path) -> None:
    code, said, errors = run("--only", "mmr", "--rerank", "mmr", "--appetite", "--out", "f.json")
    assert code == 0, errors
    assert "by appetite, less that with one strength for all" in " ".join(said.split())
    report = json.loads((tmp_path / "f.json").read_text())
    fixed, followed = report["lines"]
    assert (fixed["name"], followed["name"]) == ("mmr", "mmr by appetite")
    assert fixed["points"][0] == followed["points"][0], "at 0 there is nothing to stretch"
    assert fixed["points"][-1] == followed["points"][-1], "and neither is at 1"
    assert all(bool(row["fixed"]) == (row["line"] == "mmr by appetite" and row["given_up"] is not None) for row in report["matched"])


@pytest.mark.skipif(find_spec("tomlkit") is None, reason="tomlkit comes with the extra `train`")
def test_the_dial_is_written_and_all_else_stays(run: Run, tmp_path: Path) -> None:
    for source, target in (("shop.toml", "once.toml"), ("once.toml", "twice.toml")):
        code, _, errors = run("--only", "mmr", "--rerank", "exchange", "--write", target, config=source)
        assert code == 0, errors
    once, twice = ((tmp_path / name).read_text() for name in ("once.toml", "twice.toml"))
    assert "l2 = 5.0 # by hand" in once
    assert once == twice, "what is written can be calibrated again"
    config, before = parse(Config, tomllib.loads(once)), parse(Config, tomllib.loads(CONFIG))
    assert config.ranking.rerank.kind == "exchange"
    assert config.ranking.dial is not None
    undone = config.ranking.model_copy(update={"dial": None, "rerank": before.ranking.rerank})
    assert config.model_copy(update={"ranking": undone}) == before


@pytest.mark.skipif(not (find_spec("plotly") and find_spec("matplotlib")), reason="plotly and matplotlib come with the extra `train`")
def test_plots(run: Run, tmp_path: Path) -> None:
    code, said, errors = run("--only", "dpp", "--plots", "plots")
    assert code == 0, errors
    assert "plots/frontier.png" in said
    assert (tmp_path / "plots" / "frontier.html").is_file()


def test_a_log_without_a_clock_needs_another_split(run: Run, tmp_path: Path) -> None:
    pl.read_csv(tmp_path / "events.csv").drop("time").write_csv(tmp_path / "timeless.csv")
    code, _, said = run("--only", "dpp", events="timeless.csv")
    assert code == 1
    assert 'split "time": the events have no times' in said
    assert "Traceback" not in said
    code, _, said = run("--only", "dpp", "--split", "users", events="timeless.csv")
    assert code == 0, said


@pytest.mark.parametrize(
    ("words", "sentence"), [(("--only", "mrr"), "re-ranker"), (("--write", "nowhere/f.toml"), "there is no such folder")]
)
def test_mistakes_end_in_a_sentence(run: Run, words: tuple[str, ...], sentence: str) -> None:
    code, _, said = run(*words)
    assert code == 1
    assert sentence in said
    assert "Traceback" not in said
