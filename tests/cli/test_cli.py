"""The commands on a little shop: the good path, and every mistake that a user can make."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from commandline import ended

from bowerbird.bundle import Bundle
from bowerbird.engine import Engine
from bowerbird.store import SqlStore
from bowerbird.types import Event
from little_world import raw

Run = Callable[..., tuple[int, str, str]]

CONFIG = """
[model]
kind = "ease"
l2 = 5.0
[split]
kind = "last"
[live.drift]
threshold = 3
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with events.csv, items.jsonl, histories.csv, bowerbird.toml and a fitted bundle."""
    folder = tmp_path_factory.mktemp("shop")
    events = raw()
    assert events.items is not None
    events.events.write_csv(folder / "events.csv")
    events.items.write_ndjson(folder / "items.jsonl")
    pl.DataFrame({"user": ["ann", "ann", "bob", "eve"], "item": ["tea-1", "tea-2", "rope-1", "unheard"]}).write_csv(
        folder / "histories.csv"
    )
    (folder / "bowerbird.toml").write_text(CONFIG)
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command line in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("BOWERBIRD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "400")

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["bowerbird", *map(str, words)])
        return ended(capsys)

    return call


@pytest.fixture
def bundle(run: Run, shop: Path, tmp_path: Path) -> Path:
    path = tmp_path / "shop.bundle"
    code, _, said = run(
        "fit", "--events", shop / "events.csv", "--items", shop / "items.jsonl", "--config", shop / "bowerbird.toml", "--out", path
    )
    assert code == 0, said
    return path


def test_fit_recommend_inspect(run: Run, shop: Path, bundle: Path, tmp_path: Path) -> None:
    code, said, errors = run("recommend", bundle, "--histories", shop / "histories.csv", "--k", 3, "--out", tmp_path / "r.csv", "--explain")
    assert code == 0, errors
    slates = pl.read_csv(tmp_path / "r.csv")
    assert slates.columns == ["user", "rank", "item", "score", "reason"]
    ann = slates.filter(pl.col("user") == "ann")
    assert ann["rank"].to_list() == [1, 2, 3]
    assert all(item.startswith("tea-") and item not in ("tea-1", "tea-2") for item in ann["item"])
    assert "1 events are about items that the bundle does not know" in errors
    assert "for 3 users" in said
    code, said, _ = run("inspect", bundle, "--intents", "--json")
    assert code == 0
    assert sum(row["items"] for row in json.loads(said)["intents"]) == json.loads(said)["facts"]["items"]
    code, said, _ = run("inspect", bundle, "--intents")
    assert code == 0
    assert "best known" in said
    code, said, _ = run("inspect", bundle, "--json")
    assert "intents" not in json.loads(said)
    assert code == 0
    assert json.loads(said)["facts"]["items"] == 24


def test_evaluate_prints_the_table_and_writes_the_report(run: Run, shop: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    words = ["--events", shop / "events.csv", "--items", shop / "items.jsonl", "--config", shop / "bowerbird.toml", "--trials", 1]
    code, said, errors = run("evaluate", *words, "--split", "users", "--out", report)
    assert code == 0, errors
    assert "EASE, recency-weighted" in said
    measured = json.loads(report.read_text())
    assert measured["protocol"]["split"] == "users"
    assert {"iALS", "item-kNN", "ease"} <= {system["name"] for system in measured["systems"]}


def test_rebuild_learns_again_from_the_log_and_says_whether_the_snapshot_is_right(run: Run, bundle: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    with SqlStore(url) as store:
        engine = Engine(Bundle.load(bundle), store)
        with engine.following():
            engine.observe([Event(f"u{number}", "tea-1", kind="like") for number in range(5)])
        fingerprint = engine.bundle.fingerprint
        code, said, errors = run("rebuild", bundle, "--store", url)
        assert code == 0, errors
        assert "is what the log gives, to the bit" in said
        assert "Learned from 5 events" in said
        offset, kept = store.snapshot(fingerprint)
        store.keep_snapshot(fingerprint, offset, kept + b" ")
        assert "is not what the log gives; it was replaced" in run("rebuild", bundle, "--store", url)[1]
        assert store.snapshot(fingerprint) == (offset, kept)


def test_version_and_help(run: Run) -> None:
    assert run("--version")[0] == 0
    code, said, _ = run("--help")
    assert code == 0
    for command in ("fit", "evaluate", "recommend", "serve", "rebuild", "demo", "inspect"):
        assert command in said


MISTAKES = [
    ("missing file", None, "no such file"),
    ("missing column", "person,item\na,b\n", "user"),
    ("empty file", "", "empty"),
    ("no rows", "user,item\n", "no "),
    ("half a line", "user,item,time\na,b,2024-01-01\nc\n", "line 3"),
    ("not a time", "user,item,time\na,b,yesterday\n", "time"),
    ("only NaN ids", "user,item\nNaN,b\n,b\n", "none of 2 rows"),
    ("only the future", "user,item,time\na,b,2999-01-01\n", "none of 1 rows"),
]


@pytest.mark.parametrize(("name", "text", "sentence"), MISTAKES, ids=[name for name, _, _ in MISTAKES])
def test_a_wrong_events_file_is_one_sentence(run: Run, tmp_path: Path, name: str, text: str | None, sentence: str) -> None:
    file = tmp_path / "events.csv"
    if text is not None:
        file.write_text(text)
    code, _, said = run("fit", "--events", file, "--out", tmp_path / "out")
    assert code == 1
    assert "Traceback" not in said
    assert said.strip().splitlines()[-1].startswith("error:")
    assert sentence in said
    assert not (tmp_path / "out").exists()


def test_an_unknown_format_is_named(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "events.xlsx"
    file.write_text("user,item\na,b\n")
    code, _, said = run("fit", "--events", file, "--out", tmp_path / "out")
    assert code == 1
    assert "xlsx" in said


def test_a_wrong_setting_is_named(run: Run, shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "bowerbird.toml"
    file.write_text("[model]\nkind = 'ease'\nl2 = -1\n")
    code, _, said = run("fit", "--events", shop / "events.csv", "--config", file, "--out", tmp_path / "out")
    assert code == 1
    assert "l2" in said
    assert "-1" in said


def test_a_damaged_bundle_is_refused(run: Run, shop: Path, bundle: Path, tmp_path: Path) -> None:
    file = bundle / "model.safetensors"
    broken = bytearray(file.read_bytes())
    broken[-1] ^= 1
    file.write_bytes(broken)
    for words in (
        ["inspect", bundle],
        ["serve", bundle],
        ["recommend", bundle, "--histories", shop / "histories.csv", "--out", tmp_path / "r"],
    ):
        code, _, said = run(*words)
        assert code == 1
        assert "model.safetensors" in said
    assert not (tmp_path / "r").exists()


def test_a_folder_that_is_no_bundle_is_not_overwritten(run: Run, shop: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    code, _, said = run("fit", "--events", shop / "events.csv", "--config", shop / "bowerbird.toml", "--out", precious)
    assert code == 1
    assert "bundle" in said
    assert (precious / "thesis.txt").read_text() == "years of work"


def test_a_port_in_use_is_named(run: Run, bundle: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, said = run("serve", bundle, "--port", port, "--store", f"sqlite:///{tmp_path / 'e.db'}")
    assert code == 1
    assert str(port) in said


def test_retraining_needs_a_log_that_a_process_of_its_own_can_open(run: Run, bundle: Path, tmp_path: Path) -> None:
    code, _, said = run("serve", bundle, "--port", 0, "--store", "sqlite://", "--retrain", tmp_path / "shelf")
    assert code == 1
    assert "must be one that another process can open, got sqlite://" in said
    code, _, said = run("serve", bundle, "--settings", tmp_path / "retrain.toml")
    assert code == 1
    assert "they need --retrain" in said


def test_a_store_that_cannot_be_opened_is_named(run: Run, bundle: Path, tmp_path: Path) -> None:
    code, _, said = run("serve", bundle, "--store", f"sqlite:///{tmp_path / 'none' / 'e.db'}")
    assert code == 1
    assert "none" in said


def test_an_output_that_cannot_be_written_leaves_nothing(run: Run, shop: Path, bundle: Path, tmp_path: Path) -> None:
    code, _, said = run("recommend", bundle, "--histories", shop / "histories.csv", "--out", tmp_path / "none" / "r.csv")
    assert code == 1
    assert "Traceback" not in said
    assert "r.csv" in said
