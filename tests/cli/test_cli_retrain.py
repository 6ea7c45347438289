"""`bowerbird retrain`: a table side by side, a bundle only on a win, exit code 0 whoever wins, one sentence for a mistake."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import retraining_world as world
from commandline import ended

from bowerbird.bundle import Bundle

Run = Callable[..., tuple[int, str, str]]

SETTINGS = "[contest]\nleast_questions = 50\nleast_users = 10\n[schedule]\nleast_events = 100\n"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    champion = world.champion()
    champion.save(folder / "champion")
    world.store(folder / "shifted.db", champion, shifted=True).close()
    world.store(folder / "same.db", champion, shifted=False).close()
    (folder / "retrain.toml").write_text(SETTINGS)
    (folder / "popular.toml").write_text("[model]\nkind = 'popular'\n")
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], town: Path) -> Run:
    """Run `retrain` in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.chdir(town)

    def call(*words: object, log: str = "shifted", bundle: object = "champion", settings: str = "retrain.toml") -> tuple[int, str, str]:
        options = ["--store", f"sqlite:///{log}.db", "--bundle", str(bundle), "--settings", settings]
        monkeypatch.setattr("sys.argv", ["bowerbird", "retrain", *options, *map(str, words)])
        return ended(capsys)

    return call


def test_a_win_is_written(run: Run, tmp_path: Path) -> None:
    code, said, errors = run("--out", tmp_path / "won", "--report", tmp_path / "r.json")
    assert code == 0, errors
    for words in ("champion", "challenger", "difference", "NDCG@10", "questions of", "The challenger won", "is above the margin, 0"):
        assert words in said
    assert "Cleaning" in errors
    report = json.loads((tmp_path / "r.json").read_text())
    bundle = Bundle.load(tmp_path / "won")
    assert report["outcome"]["verdict"] == "won"
    assert report["outcome"]["challenger"] == bundle.fingerprint
    assert report["contest"]["lead"]["low"] > 0
    assert report["data"]["events"] == len(bundle.events) == 1440
    code, said, _ = run("--out", tmp_path / "won", bundle=tmp_path / "won")
    assert code == 0
    assert "No contest, and nothing was written: nothing happened after" in said


def test_a_loss_writes_nothing(run: Run, tmp_path: Path) -> None:
    code, said, errors = run("--out", tmp_path / "lost", "--config", "popular.toml", log="same")
    assert code == 0, errors
    assert "The challenger lost, and nothing was written" in said
    assert list(tmp_path.iterdir()) == []


def test_json_alone_on_standard_output(run: Run, tmp_path: Path) -> None:
    code, said, _ = run("--out", tmp_path / "lost", "--config", "popular.toml", "--json", log="same")
    assert code == 0
    assert json.loads(said)["outcome"]["verdict"] == "lost"


def test_only_if_due(run: Run, tmp_path: Path, town: Path) -> None:
    """It was fitted just now; and once a challenger has lost, the next is not due before its time."""
    words = ("--out", tmp_path / "out", "--if-due", "--report", tmp_path / "r.json")
    code, said, _ = run(*words)
    assert (code, said) == (0, "Nothing was done: the last fit was 0.0 hours ago.\n")
    assert not (tmp_path / "r.json").exists()
    (town / "often.toml").write_text(SETTINGS + "every_hours = 1e-9\n")
    code, said, _ = run(*words, "--config", "popular.toml", log="same", settings="often.toml")
    assert "The challenger lost" in said
    _, said, _ = run(*words)
    assert said == "Nothing was done: the last fit was 0.0 hours ago.\n"
    (town / "rare.toml").write_text("[schedule]\nleast_events = 5000\n")
    _, said, _ = run(*words, settings="rare.toml")
    assert said == "Nothing was done: 720 new events, and at least 5000 are wanted.\n"


MISTAKES = [
    ({"bundle": "nowhere"}, "bundle nowhere: no such folder"),
    ({"settings": "popular.toml"}, "model: extra inputs are not permitted"),
    ({"log": "nowhere/else"}, "event store sqlite:///nowhere/else.db: cannot be opened"),
]


@pytest.mark.parametrize(("options", "sentence"), MISTAKES, ids=[sentence for _, sentence in MISTAKES])
def test_a_mistake_is_one_sentence(run: Run, tmp_path: Path, options: dict[str, str], sentence: str) -> None:
    code, _, said = run("--out", tmp_path / "out", **options)
    assert code == 1
    assert "Traceback" not in said
    assert sentence in said


def test_a_report_that_is_none_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("{}")
    code, _, said = run("--out", tmp_path / "out", "--if-due", "--report", tmp_path / "r.json")
    assert code == 1
    assert "must be the report of a retraining" in said
