"""`bowerbird replay` on a little shop: what it prints and writes, and the mistakes that a user can make."""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest
from commandline import ended

from little_world import raw

Run = Callable[..., tuple[int, str, str]]

EASE = "[model]\nkind = 'ease'\nl2 = 5.0\n"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run `replay` on the shop in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("COLUMNS", "400")
    raw().events.write_csv(tmp_path / "events.csv")
    (tmp_path / "ease.toml").write_text(EASE)
    monkeypatch.chdir(tmp_path)

    def call(*words: object, events: str = "events.csv", config: str = "ease.toml") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["bowerbird", "replay", "--events", events, "--config", config, *map(str, words)])
        return ended(capsys)

    return call


def test_it_prints_the_tables_and_writes_what_it_measured(run: Run, tmp_path: Path) -> None:
    code, said, errors = run("--refit-days", 1, "--delay", 60, "--parts", 5, "--out", "r.json")
    assert code == 0, errors
    for words in ("frozen", "masked", "daily", "event, fit every 1 d", "Over time", "By the time since the user's last event"):
        assert words in said
    report = json.loads((tmp_path / "r.json").read_text())
    assert [line["cadence"]["name"] for line in report["lines"]] == ["frozen", "masked", "daily", "event", "event, fit every 1 d"]
    assert {line["cadence"]["delay_s"] for line in report["lines"]} == {60}
    assert len(report["over_time"]) == 5
    assert report["lines"][3]["ndcg"][0] > report["lines"][0]["ndcg"][0]


def test_settings_are_compared(run: Run, tmp_path: Path) -> None:
    (tmp_path / "popular.toml").write_text("[model]\nkind = 'popular'\n")
    code, said, errors = run("--config", "popular.toml", "--cadence", "event", "--cadence", "12h")
    assert code == 0, errors
    assert "popular.toml, 12h" in said
    assert "Δ to first" in said


@pytest.mark.skipif(not (find_spec("plotly") and find_spec("matplotlib")), reason="plotly and matplotlib come with the extra `train`")
def test_plots(run: Run, tmp_path: Path) -> None:
    code, said, errors = run("--cadence", "event", "--plots", "plots")
    assert code == 0, errors
    assert "plots/since.png" in said
    assert (tmp_path / "plots" / "over_time.html").is_file()


def test_a_log_without_a_clock_is_refused_in_one_sentence(run: Run, tmp_path: Path) -> None:
    pl.read_csv(tmp_path / "events.csv").drop("time").write_csv(tmp_path / "timeless.csv")
    code, _, said = run(events="timeless.csv")
    assert code == 1
    assert "Traceback" not in said
    assert said.strip().splitlines()[-1] == "error: replay: the events have no times, so there is no order of time to go through"


MISTAKES = [
    (["--cadence", "weekly"], "cadence: must be one of frozen, masked, daily, event, or hours like 6h, got 'weekly'"),
    (["--part", 1], "part must be between 0 and 1, got 1"),
    (["--refit-days", 0], "refit_days must be above 0, got 0"),
    (["--config", "other.toml"], r"the [data] tables of all settings must be the same"),
]


@pytest.mark.parametrize(("words", "sentence"), MISTAKES, ids=[" ".join(map(str, words)) for words, _ in MISTAKES])
def test_a_mistake_is_one_sentence(run: Run, tmp_path: Path, words: list[object], sentence: str) -> None:
    (tmp_path / "other.toml").write_text("[data]\nratings = 'none'\n")
    code, _, said = run(*words)
    assert code == 1
    assert "Traceback" not in said
    assert sentence in said
