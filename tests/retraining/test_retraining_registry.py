"""The registry: what may go live, what is written down of it, what is deleted, and that servers follow it without losing a request."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import retraining_world as world
from hypothesis import given, settings
from hypothesis import strategies as some

from bowerbird import retraining
from bowerbird.bundle import Bundle, Config, now
from bowerbird.cli import main
from bowerbird.engine import Engine
from bowerbird.errors import BundleError
from bowerbird.models import Popular
from bowerbird.retraining import NotBetterError, RetrainSettings, Shelf, Watcher
from bowerbird.retraining.audit import Audit, Step
from bowerbird.store import SqlStore, write_bundle
from little_world import Spotter, bundle

FEW = RetrainSettings.model_validate({"contest": {"least_questions": 50, "least_users": 10}})


@pytest.fixture(scope="module")
def two() -> tuple[Bundle, Bundle]:
    return bundle(Config(model=Popular())), bundle(Config(model=Popular(half_life_days=30)), seed=1)


@pytest.fixture
def served(tmp_path: Path, two: tuple[Bundle, Bundle]) -> Iterator[Watcher]:
    """An engine that follows a registry where the first of two bundles is live."""
    for name, one in zip(("old", "new"), two, strict=True):
        one.save(tmp_path / name)
    shelf = Shelf(tmp_path / "shelf", tmp_path / "old", two[0].fingerprint)
    with SqlStore("sqlite://") as store:
        yield Watcher(Engine(two[0], store, Spotter()), shelf)


def elsewhere(watcher: Watcher, path: Path, fingerprint: str) -> None:
    """Another process promotes a bundle."""
    Shelf(watcher.shelf.folder).put(path, fingerprint, by="command line", why="better")


def test_a_promotion_by_another_process_goes_live(served: Watcher, tmp_path: Path, two: tuple[Bundle, Bundle]) -> None:
    assert not served.look()
    elsewhere(served, tmp_path / "new", two[1].fingerprint)
    assert served.look()
    assert served.engine.recommend(user="u").receipt.bundle == two[1].fingerprint
    Shelf(served.shelf.folder).take_back(by="command line", why="no")
    assert served.look()
    assert served.engine.bundle.fingerprint == two[0].fingerprint
    assert [(step.act, step.by) for step in served.shelf.audit.read()[0]] == [
        ("promoted", "server"),
        ("promoted", "command line"),
        ("rolled back", "command line"),
    ]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda path: (path / "events.parquet").write_bytes(b"?"), "damaged"),
        (lambda path: (path / "manifest.json").write_text("{}"), "kind"),
        (lambda path: (path / "manifest.json").unlink(), "is not a bundle"),
    ],
)
def test_a_bundle_that_cannot_be_read_is_refused_and_the_old_one_serves(
    served: Watcher, tmp_path: Path, two: tuple[Bundle, Bundle], harm: Callable[[Path], object], said: str
) -> None:
    harm(tmp_path / "new")
    elsewhere(served, tmp_path / "new", two[1].fingerprint)
    assert not served.look()
    assert not served.look()
    assert served.engine.recommend(user="u").receipt.bundle == two[0].fingerprint
    steps = served.shelf.audit.read()[0]
    assert [step.act for step in steps] == ["promoted", "promoted", "refused"]  # once, however often it looks
    assert said in steps[-1].why
    assert retraining.newest_good(served.shelf).fingerprint == two[0].fingerprint  # a restart serves too


def test_another_bundle_in_the_place_of_the_promoted_one_is_refused(served: Watcher, tmp_path: Path, two: tuple[Bundle, Bundle]) -> None:
    elsewhere(served, tmp_path / "old", two[1].fingerprint)
    assert not served.look()
    assert f"must be {two[1].fingerprint}, which was promoted" in served.shelf.audit.read()[0][-1].why


def test_no_request_is_lost_while_bundles_change(served: Watcher, tmp_path: Path, two: tuple[Bundle, Bundle]) -> None:
    over, failed, by = threading.Event(), [], set()

    def ask() -> None:
        while not over.is_set():
            try:
                by.add(served.engine.recommend(user="u", k=3).receipt.bundle)
            except Exception as error:  # noqa: BLE001 whatever it is
                failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        elsewhere(served, tmp_path / "new", two[1].fingerprint)
        assert served.look()
        Shelf(served.shelf.folder).take_back()
        assert served.look()
    over.set()
    for thread in threads:
        thread.join()
    assert not failed
    assert by <= {one.fingerprint for one in two}


def test_only_the_one_that_is_meant_is_taken_back(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf", tmp_path / "first", "f")
    for name in "ab":
        shelf.put(tmp_path / name, name)
    for _ in range(2):  # two servers' guards come to the same end
        assert Shelf(tmp_path / "shelf").take_back("b").fingerprint == "a"
    with pytest.raises(BundleError, match="which it beat, is no longer live"):
        shelf.put(tmp_path / "c", "c", over="b")


@settings(max_examples=30, deadline=None)
@given(acts=some.lists(some.sampled_from(["put", "back"]), max_size=8), keep=some.integers(0, 4))
def test_gc_never_deletes_what_is_live_or_was(
    tmp_path_factory: pytest.TempPathFactory, two: tuple[Bundle, Bundle], acts: list[str], keep: int
) -> None:
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    for number, act in enumerate(acts):
        if act == "put":
            path, name = shelf.place(now()), f"{number:016x}"
            write_bundle(path, {"facts": {"fingerprint": name, "created": now().isoformat()}}, {}, {})
            shelf.put(path, name)
        elif len(shelf.entries) > 1:
            shelf.take_back()
    live, former = shelf.entries[-1:], shelf.entries[-2:-1]
    before = retraining.versions(shelf)
    gone = retraining.gc(shelf, keep, "test")
    assert (shelf.entries[-1:], shelf.entries[-2:-1]) == (live, former)
    assert all(entry.path.exists() for entry in shelf.entries)
    assert {one.path for one in before[:keep]} <= {one.path for one in retraining.versions(shelf)}
    assert len(retraining.versions(shelf)) == len(before) - len(gone) <= max(keep, 0) + 3


def test_what_is_better_passes_the_gate_and_what_is_worse_does_not(tmp_path: Path) -> None:
    good, bad = world.champion(), world.champion(world.POPULAR)
    for name, one in (("good", good), ("bad", bad)):
        one.save(tmp_path / name)
    shelf = Shelf(tmp_path / "shelf")
    with world.store(tmp_path / "log.db", good, shifted=False) as store:
        retraining.promote(shelf, tmp_path / "bad", store, FEW, by="me")
        assert retraining.promote(shelf, tmp_path / "good", store, FEW, by="me").fingerprint == good.fingerprint
        with pytest.raises(NotBetterError, match="does not go live, lost"):
            retraining.promote(shelf, retraining.found(shelf, bad.fingerprint[:6]), store, FEW, by="me")
        assert shelf.live.fingerprint == good.fingerprint
        states = {one.fingerprint: one.state for one in retraining.versions(shelf)}
        assert states == {good.fingerprint: "live", bad.fingerprint: "refused"}
        retraining.promote(shelf, retraining.found(shelf, bad.fingerprint), store, FEW, by="me", force="a campaign")
        with pytest.raises(BundleError, match="is live already"):
            retraining.promote(shelf, tmp_path / "bad", store, FEW, by="me")
    steps = shelf.audit.read()[0]
    assert [(step.act, step.forced) for step in steps] == [("promoted", False), ("promoted", False), ("refused", False), ("promoted", True)]
    assert steps[1].figures["lead_low"] > 0 > steps[2].figures["lead_high"]
    assert {entry.path.parent for entry in shelf.entries} == {shelf.folder}  # copies, which nobody changes


def test_a_line_that_was_cut_short_costs_no_other(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    step = Step(at=now(), act="promoted", bundle="a", by="me", why="so")
    audit.add(step)
    with audit.file.open("ab") as file:
        file.write(b'{"at": "2024')
    audit.add(step)
    assert audit.read() == ([step, step], 1)


def test_lines_of_several_writers_do_not_mix(tmp_path: Path) -> None:
    def write(name: str) -> None:
        for _ in range(20):
            Audit(tmp_path / "audit.jsonl").add(Step(at=now(), act="promoted", bundle=name, by="me", why="so " * 2000))

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    steps, damaged = Audit(tmp_path / "audit.jsonl").read()
    assert (len(steps), damaged) == (60, 0)


def test_the_commands(
    tmp_path: Path, two: tuple[Bundle, Bundle], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["bowerbird", "bundles", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        printed = capsys.readouterr()
        return code, printed.out, " ".join(printed.err.split())

    for name, one in zip(("old", "new"), two, strict=True):
        one.save(tmp_path / name)
    registry, url = tmp_path / "shelf", f"sqlite:///{tmp_path / 'log.db'}"
    with SqlStore(url) as store:
        store.import_events(two[0].events)
    assert run("promote", registry, tmp_path / "old", "--store", url)[0] == 0
    code, _, said = run("promote", registry, tmp_path / "new", "--store", url)
    assert (code, "no contest: nothing happened after" in said) == (1, True)
    assert run("promote", registry, tmp_path / "new", "--store", url, "--force", " ")[0] == 1
    assert run("promote", registry, tmp_path / "new", "--store", url, "--force", "we like it")[0] == 0
    assert [one["state"] for one in json.loads(run("list", registry, "--json")[1])].count("live") == 1
    assert two[1].fingerprint in run("list", registry)[1]
    assert two[0].fingerprint in run("rollback", registry, "--why", "we do not")[1]
    assert "0 deleted" in run("gc", registry, "--keep", 2)[1]
    assert two[1].fingerprint in run("gc", registry, "--keep", 0)[1]
    told = [(step["act"], step["why"]) for step in json.loads(run("log", registry, "--json")[1])]
    assert told[2:] == [("promoted", "we like it"), ("rolled back", "we do not"), ("removed", "gc keeps 0")]
    assert "we like it" in run("log", registry)[1]
    assert run("rollback", registry) == (1, "", f"error: shelf {registry}: no bundle was live before {Shelf(registry).live.path}")
    assert run("list", tmp_path / "nowhere")[0] == 1
