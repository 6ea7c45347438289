import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from commandline import ended

from bowerbird.access import KeyRing
from bowerbird.store import Keys, SqlStore
from bowerbird.types import Event

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["bowerbird", *map(str, words)])
        return ended(capsys)

    return call


def test_a_key_is_made_shown_and_taken_back(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'e.db'}"
    code, token, said = run("keys", "create", "the shop", "--scopes", "read", "--days", 30, "--store", url)
    assert code == 0
    assert re.fullmatch(r"bwb_[0-9a-f]{8}_\S{43}\n", token)  # nothing else: a script may take it
    assert "cannot be shown again" in said
    with SqlStore(url) as store:
        found = KeyRing(Keys(store)).find(token.strip())
    assert found is not None
    assert found.scopes == {"read"}
    assert found.expires is not None
    _, shown, _ = run("keys", "list", "--store", url)
    assert found.id in shown
    assert "good" in shown
    assert token.strip() not in shown
    assert run("keys", "revoke", found.id, "--store", url)[0] == 0
    assert "revoked" in run("keys", "list", "--store", url)[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "x", "--scopes", "root"), "scopes must be one or more of read, write, operate, got root"),
        (("create", "x", "--per-second", "0"), "per_second must be above 0"),
        (("revoke", "00000000"), "there is none of this id"),
    ],
)
def test_a_mistake_is_one_sentence(run: Run, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    code, _, err = run("keys", *words, "--store", f"sqlite:///{tmp_path / 'e.db'}")
    assert code == 1
    assert said in err


def test_others_than_this_machine_need_keys(run: Run, tmp_path: Path) -> None:
    code, _, err = run("serve", tmp_path / "none", "--host", "0.0.0.0", "--port", 0, "--store", f"sqlite:///{tmp_path / 'e.db'}")
    assert code == 1
    assert "host: 0.0.0.0 can be reached from other machines" in err
    assert "--open" in err
    code, _, err = run("serve", tmp_path / "none", "--origin", "*", "--port", 0, "--store", f"sqlite:///{tmp_path / 'e.db'}")
    assert code == 1
    assert "origin: must look like" in err


def test_people_are_served_from_the_command_line(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'e.db'}"
    with SqlStore(url) as store:
        store.append([Event("eve", "tea", datetime(2024, 1, 1, tzinfo=UTC)), Event("bob", "tea", datetime(2020, 1, 1, tzinfo=UTC))])
    code, said, _ = run("users", "export", "eve", "--store", url)
    assert code == 0
    assert json.loads(said)["events"] == [{"item": "tea", "time": "2024-01-01T00:00:00Z", "kind": "view"}]
    assert run("users", "object", "eve", "--store", url)[1] == "eve is not profiled.\n"
    assert json.loads(run("users", "export", "eve", "--store", url)[1])["objecting_since"] is not None
    assert run("users", "allow", "eve", "--store", url)[1] == "eve may be profiled.\n"
    assert run("users", "erase", "eve", "--store", url)[1].startswith("Deleted 1 of events")
    assert json.loads(run("users", "export", "eve", "--store", url)[1])["events"] == []
    assert run("users", "expire", "--days", 365, "--store", url)[1].startswith("Deleted 1 of events")
    monkeypatch.delenv("BOWERBIRD_PSEUDONYM_KEY", raising=False)
    code, _, err = run("users", "erase", "eve", "--pseudonyms", "--store", url)
    assert code == 1
    assert "needs a secret key of at least 32 characters in the environment's BOWERBIRD_PSEUDONYM_KEY" in err
