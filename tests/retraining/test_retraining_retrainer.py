"""Beside a live engine: what wins goes live, what fails or is killed leaves the champion, and nothing runs on after the end."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import retraining_world as world

from bowerbird.bundle import Bundle, now
from bowerbird.engine import Engine
from bowerbird.retraining import Outcome, Retrainer, RetrainSettings, Shelf, to_json
from bowerbird.retraining.child import Child

SETTINGS = "[contest]\nleast_questions = 50\nleast_users = 10\n[schedule]\nleast_events = 100\n"


class Desk:
    """A champion on disk, an engine that answers from it, and a retrainer."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.folder = folder
        self.champion = world.champion()
        self.champion.save(folder / "champion")
        self.store = world.store(folder / "log.db", self.champion, shifted=True)
        self.engine = Engine(self.champion, self.store)
        self.shelf = Shelf(folder / "shelf", folder / "champion", self.champion.fingerprint)
        (folder / "retrain.toml").write_text(SETTINGS)
        self.time = now() + timedelta(days=2)
        self.retrainer = Retrainer(
            f"sqlite:///{folder / 'log.db'}",
            self.store,
            self.shelf,
            live=lambda: self.engine.bundle,
            swap=self.engine.swap,
            settings=RetrainSettings.model_validate({"schedule": {"least_events": 100}}),
            file=folder / "retrain.toml",
            clock=lambda: self.time,
            **options,
        )

    def until_it_ends(self) -> None:
        while self.retrainer.look().running:
            time.sleep(0.05)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.retrainer.stop()
    made.store.close()


def test_what_wins_goes_live_and_a_restart_serves_it(desk: Desk) -> None:
    assert desk.retrainer.look().running
    assert desk.retrainer.state.why == "the last fit was 48.0 hours ago, and one is due every 24"
    assert desk.engine.recommend(user="new3", k=3).items  # it answers meanwhile
    desk.until_it_ends()
    state = desk.retrainer.state
    assert (state.error, state.runs, state.swaps, state.last.verdict) == (None, 1, 1, "won")
    assert desk.engine.bundle.fingerprint == state.last.challenger != desk.champion.fingerprint
    again = Shelf(desk.folder / "shelf", desk.folder / "champion", desk.champion.fingerprint)
    assert Bundle.load(again.live.path).fingerprint == desk.engine.bundle.fingerprint
    assert not desk.retrainer.look().running
    assert desk.retrainer.state.why == "0 new events, and at least 100 are wanted"
    desk.engine.rollback()
    assert desk.engine.bundle.fingerprint == desk.champion.fingerprint


def test_a_killed_run_leaves_the_champion(desk: Desk) -> None:
    desk.retrainer.look()
    desk.retrainer.stop()
    assert not desk.retrainer.state.running
    assert desk.engine.bundle is desk.champion
    assert Bundle.load(desk.folder / "champion").fingerprint == desk.champion.fingerprint
    assert not [path for path in desk.shelf.folder.iterdir() if path.is_dir()]
    assert not desk.retrainer.look().running  # the attempt counts: not again at once
    desk.time += timedelta(days=1)
    assert desk.retrainer.look().running


def test_a_fault_is_a_sentence_and_not_the_end(desk: Desk) -> None:
    (desk.folder / "retrain.toml").write_text("[contest]\nk = 0\n")
    assert desk.retrainer.look().running
    desk.until_it_ends()
    assert desk.retrainer.state.error == "contest.k: input should be greater than or equal to 1, got 0"
    assert desk.engine.bundle is desk.champion
    assert not desk.retrainer.look().running  # that was an attempt
    desk.time += timedelta(days=1)
    assert desk.retrainer.look().running


class Winner(Child):
    """One that has won as soon as it is begun."""

    champion: str = ""

    def __init__(self, words: Sequence[str], *, threads: int = 1) -> None:
        told = dict(zip(words[1::2], words[2::2], strict=True))
        Path(told["--out"]).mkdir()
        outcome = Outcome(at=now(), verdict="won", why="it is better", champion=self.champion, challenger="better")
        Path(told["--report"]).write_text(json.dumps(to_json(outcome, RetrainSettings(), 0)))

    def ended(self) -> str:
        return ""

    def end(self) -> None:
        pass


def test_what_beat_a_bundle_that_is_no_longer_live_does_not_go_live(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bowerbird.retraining.retrainer.Child", Winner)
    monkeypatch.setattr(Winner, "champion", desk.champion.fingerprint)
    desk.retrainer.look()
    desk.engine.swap(world.champion(world.POPULAR))
    desk.until_it_ends()
    assert desk.engine.bundle.model.kind == "popular"
    assert "is no longer live itself" in desk.retrainer.state.error
    assert not [path for path in desk.shelf.folder.iterdir() if path.is_dir()]


def test_drift_makes_one_due_and_counts_once(desk: Desk) -> None:
    seen = 0
    desk.retrainer.breaks = lambda: seen
    desk.time = now() + timedelta(hours=2)
    assert not desk.retrainer.look().running
    seen = 1
    assert desk.retrainer.look().running
    desk.retrainer.stop()
    desk.time += timedelta(hours=2)
    assert not desk.retrainer.look().running


def test_in_the_background_and_gone_at_the_end(desk: Desk) -> None:
    with desk.retrainer.looking(every_s=0.05):
        while not desk.retrainer.state.running:
            time.sleep(0.02)
        child = desk.retrainer._child
        pid = child._process.pid
        assert os.getpriority(os.PRIO_PROCESS, pid) >= min(os.getpriority(os.PRIO_PROCESS, 0) + 1, 19)
    assert not desk.retrainer.state.running
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_child_that_is_killed_says_by_what() -> None:
    child = Child(["serve", "nowhere"])
    child._process.kill()
    child._process.wait()
    assert child.ended() == "its process was ended by SIGKILL (too little memory?)"
    child.end()
