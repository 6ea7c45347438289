"""`bowerbird profile` on a log in which every user has one taste."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commandline import ended

from bowerbird.store import SqlStore
from little_world import bundle

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "shop.bundle"
    bundle().save(path)
    return path


@pytest.fixture
def run(fitted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `bowerbird profile` in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("COLUMNS", "400")

    def call(*words: str) -> tuple[int, str, str]:
        url = f"sqlite:///{tmp_path / 'log.db'}"
        monkeypatch.setattr("sys.argv", ["bowerbird", "profile", "--bundle", str(fitted), "--store", url, *words])
        return ended(capsys)

    return call


def test_it_says_what_a_user_is_after(run: Run) -> None:
    code, said, errors = run("u0")
    assert code == 0, errors
    assert "You like tea: 5 events speak for it, the last of them tea number" in said
    assert run("u0", "--language", "de")[1].splitlines()[0].startswith("Du magst tea")
    assert run("nobody")[1] == "Nothing can be said of nobody yet: 0 events.\n"


def test_a_correction_is_kept_and_taken_back(run: Run, tmp_path: Path) -> None:
    code, said, errors = run("u0", "--edit", "mute rope, forget tea before 2020, dance the tango")
    assert code == 0, errors
    assert said.splitlines()[-3:] == ["You said: mute rope", "You said: forget tea before 2020-01-01", "Not understood: dance the tango"]
    assert "You said: mute rope" in run("u0")[1]
    assert "You said" not in run("u1")[1]
    _, said, _ = run("u0", "--edit", "unmute rope, unmute paint")
    assert "mute rope" not in said
    assert "Note: nothing that you said of 'paint' stood, so nothing was withdrawn" in said
    with SqlStore(f"sqlite:///{tmp_path / 'log.db'}") as store:
        kinds = [event.kind for event in store.history("u0", 4)]
    assert kinds == ["profile_mute", "profile_forget", "profile_withdraw", "profile_withdraw"]


def test_json_has_the_evidence(run: Run) -> None:
    told = json.loads(run("u0", "--json")[1])
    interest = next(one for one in told["profile"]["interests"] if one["topic"] == {"sort": "category", "name": "tea"})
    assert interest["count"] == 5
    assert all(one["item"].startswith("tea-") and one["time"] for one in interest["evidence"])
    assert told["sentences"][0]["text"].startswith("You like tea")
    assert json.loads(run("u0", "--json", "--edit", "mute rope")[1])["edits"][0]["topic"] == {"sort": "category", "name": "rope"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--edit", "xyzzy"), "a correction must say what to mute, to show more or less of, or to forget, got 'xyzzy'"),
        (("--language", "fr"), "language: must be one of en, de, zh, got 'fr'"),
        (("--bundle", "nowhere"), "no such folder"),
    ],
)
def test_a_mistake_is_one_sentence(run: Run, words: tuple[str, ...], sentence: str) -> None:
    code, said, errors = run("u0", *words)
    assert (code, said) == (1, "")
    assert errors.strip().splitlines()[-1].startswith("error:")
    assert sentence in errors
