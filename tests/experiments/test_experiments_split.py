"""An experiment on real engines: users stay in their arms, slates say which, and what fails costs nobody a slate."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from bowerbird.bundle import Config, now
from bowerbird.cli import main
from bowerbird.errors import BundleError, ConfigError, DataError
from bowerbird.experiments import Experiment, Split, Trial, Warden, dealt, outcomes, place, said, to_json
from bowerbird.models import Popular
from bowerbird.store import SqlStore
from bowerbird.types import Event
from little_world import Spotter, bundle

PLAN = {
    "name": "variety",
    "salt": "one",
    "arms": [
        {"name": "plain", "share": 0.5},
        {"name": "varied", "share": 0.5, "set": {"ranking.diversity": 1.0}},
    ],
}
EXPERIMENT = Experiment.model_validate(PLAN)
MODEL = Config(model=Popular())


@pytest.fixture
def split() -> Iterator[Split]:
    with SqlStore("sqlite://") as store:
        yield Split(bundle(MODEL), store, Spotter(), experiment=EXPERIMENT)


def of(arm: str, n: int = 1) -> list[str]:
    """Users of an arm."""
    return [user for user in map(str, range(60 * n)) if dealt(EXPERIMENT, user).name == arm][:n]


def test_users_are_dealt_as_planned_and_for_ever() -> None:
    assert place("one", "alice") == pytest.approx(0.19175765676582127)  # who is in which arm must not change with a version
    places = np.array([place("one", f"u{n}") for n in range(4000)])
    assert abs(np.histogram(places, 10, (0, 1))[0] - 400).max() < 5 * 20
    other = np.array([place("two", f"u{n}") for n in range(4000)])
    assert abs(np.corrcoef(places, other)[0, 1]) < 0.05


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"arms": [PLAN["arms"][0], {"name": "b", "share": 0.4, "set": {"ranking.diversity": 1}}]}, "add up to 1"),
        ({"arms": [PLAN["arms"][0], {"name": "b", "share": 0.5}]}, "control again"),
        ({"arms": PLAN["arms"][::-1]}, "first arm is the control"),
        ({"arms": [PLAN["arms"][0], {"name": "b", "share": 0.5, "set": {"model.kind": "ease"}}]}, "fit a bundle"),
        ({"name": "a/b"}, "name"),
    ],
)
def test_wrong_plans_are_refused(change: dict[str, object], said: str, tmp_path: Path) -> None:
    file = tmp_path / "e.toml"
    plan = {**PLAN, **change}
    arms = "\n".join(
        f"[[experiment.arms]]\nname = {json.dumps(arm['name'])}\nshare = {arm['share']}\n"
        + "".join(f"set.{json.dumps(name)} = {json.dumps(value)}\n" for name, value in arm.get("set", {}).items())
        for arm in plan["arms"]
    )
    file.write_text(f"[experiment]\nname = {json.dumps(plan['name'])}\nsalt = 'one'\n{arms}")
    with pytest.raises(ConfigError, match=said):
        Trial.load(file)


def test_each_arm_answers_its_users_and_slates_say_so(split: Split) -> None:
    [plain], [varied] = of("plain"), of("varied")
    for user, arm in ((plain, "variety/plain"), (varied, "variety/varied")):
        answer = split.recommend(user=user, k=3)
        assert answer.receipt.arm == arm
        again = split.replay(answer.receipt)
        assert [one.item for one in again.items] == [one.item for one in answer.items]
    assert split.recommend(user=plain, k=3).receipt.bundle != split.recommend(user=varied, k=3).receipt.bundle
    assert split.recommend(history=[], k=3).receipt.arm is None
    split.flush()
    assert {slate.receipt["arm"] for slate in split.store.all_slates()} == {"variety/plain", "variety/varied", None}


def test_an_event_may_name_the_slate_of_any_arm(split: Split) -> None:
    for user in (*of("plain"), *of("varied")):
        answer = split.recommend(user=user, k=3)
        split.observe([Event(user, answer.items[0].item, kind="like", slate=answer.slate_id)])
    assert split.store.unknown_slates == 0


def test_another_bundle_is_taken_up_by_all_arms(split: Split) -> None:
    before = split.fingerprint("varied")
    split.swap(bundle(Config(model=Popular(half_life_days=30)), seed=1))
    assert split.fingerprint("varied") != before
    assert split.recommend(user=of("varied")[0]).receipt.bundle == split.fingerprint("varied")
    split.rollback()
    assert split.fingerprint("varied") == before


def test_an_arm_that_fails_costs_nobody_a_slate_and_is_closed(split: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    split.told = lambda arm, why: told.append((arm, why))

    def broken(**_: object) -> None:
        raise RuntimeError("no")

    users = of("varied", 60)
    with pytest.raises(DataError):
        split.recommend(user=users[0], k=0)
    monkeypatch.setattr(split._others["varied"], "recommend", broken)
    answers = [split.recommend(user=user, k=3) for user in users]
    assert all(answer.items and answer.receipt.arm is None for answer in answers)
    assert split.tallies["varied"].failed == EXPERIMENT.watch.least - 1  # then it is asked no more; the caller's mistake is no failure
    assert told == [("varied", "49 of 50 requests failed, the last with: no")]
    assert split.recommend(user=of("plain")[0]).receipt.arm == "variety/plain"
    with pytest.raises(BundleError, match="no arm that can be closed"):
        split.close_arm("plain", "")


def visited(split: Split, n: int, liking: dict[str, float]) -> None:
    """Users come once; so many of each arm like what they see."""
    rng = np.random.default_rng(0)
    for user in map(str, range(n)):
        answer = split.recommend(user=user, k=3)
        arm = dealt(split.experiment, user).name
        if rng.random() < liking[arm]:
            split.observe([Event(user, answer.items[0].item, kind="like", slate=answer.slate_id)])
    split.flush()


def test_what_came_of_it_is_found_and_a_drop_closes_the_arm(split: Split) -> None:
    visited(split, 200, {"plain": 0.95, "varied": 0.05})
    later = now() + timedelta(hours=25)
    found = outcomes(split.experiment, split.store, split.bundle, later)
    assert (len(found.arms), found.slates, found.open, found.crossed) == (200, 200, 0, 0)
    assert outcomes(split.experiment, split.store, split.bundle, now()).open == 200
    liked = np.array([found.values["rewarded"][found.arms == place].mean() for place in (0, 1)])
    assert np.abs(liked - (0.95, 0.05)).max() < 0.1
    assert found.values["diversity"][found.arms == 1].mean() > found.values["diversity"][found.arms == 0].mean()
    report = to_json(split.experiment, found)
    metric = report["arms"][1]["metrics"]["rewarded"]
    assert metric["low"] < metric["difference"] < metric["high"] < 0
    assert any("rewarded is lower than the control's, which is bad" in sentence for sentence in said(report))
    assert not report["mismatch"]["wrong"]
    warden = Warden(split, clock=lambda: later)
    assert warden.look() == ["varied"]
    assert warden.look() == []
    assert split.recommend(user=of("varied")[0]).receipt.arm is None


def test_who_was_seen_in_two_arms_counts_for_none(split: Split) -> None:
    visited(split, 40, {"plain": 0.5, "varied": 0.5})
    moved = Experiment.model_validate({**PLAN, "salt": "two"})
    other = Split(split.first, split.store, Spotter(), experiment=moved)
    visited(other, 40, {"plain": 0.5, "varied": 0.5})
    both = sum(dealt(EXPERIMENT, str(n)) != dealt(moved, str(n)) for n in range(40))
    found = outcomes(moved, split.store, split.bundle, now() + timedelta(hours=25))
    assert 0 < found.crossed == both
    assert any("several arms" in sentence for sentence in said(to_json(moved, found)))


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    file, url = tmp_path / "e.toml", f"sqlite:///{tmp_path / 'log.db'}"
    file.write_text(
        "[experiment]\nname = 'variety'\nsalt = 'one'\nwindow_hours = 1e-9\n"
        "[[experiment.arms]]\nname = 'plain'\nshare = 0.5\n"
        "[[experiment.arms]]\nname = 'varied'\nshare = 0.5\nset.'ranking.diversity' = 1.0\n"
    )
    first = bundle(MODEL)
    first.save(tmp_path / "first")
    with SqlStore(url) as store:
        visited(Split(first, store, Spotter(), experiment=Trial.load(file).experiment), 40, {"plain": 0.5, "varied": 0.5})
    words = ["report", file, "--bundle", tmp_path / "first", "--store", url, "--out", tmp_path / "r.json", "--plots", tmp_path / "plots"]
    monkeypatch.setattr("sys.argv", ["bowerbird", "experiment", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code in (0, None)
    assert "40 users count, 0 not yet" in capsys.readouterr().out
    report = json.loads((tmp_path / "r.json").read_text())
    assert [arm["name"] for arm in report["arms"]] == ["plain", "varied"]
    assert {path.suffix for path in (tmp_path / "plots").glob("rewarded.*")} == {".html", ".png"}
