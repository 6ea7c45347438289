"""A challenger in the shadow: asked the same, shown to nobody, in nobody's way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bowerbird.bundle import Config
from bowerbird.errors import ConfigError
from bowerbird.experiments import Shadow, Shadowed, Trial
from bowerbird.models import Ease, Popular
from bowerbird.serving.trials import TrialCollector
from bowerbird.store import SqlStore
from little_world import Spotter, bundle


@pytest.fixture
def shadowed(tmp_path: Path) -> Iterator[Shadowed]:
    bundle(Config(model=Ease(l2=1.0))).save(tmp_path / "challenger")
    with SqlStore("sqlite://") as store:
        shadow = Shadow(bundle=tmp_path / "challenger", share=0.5, queue=4)
        yield Shadowed(bundle(Config(model=Popular())), store, Spotter(), shadow=shadow)


def test_slates_are_compared_and_those_of_the_challenger_are_not_logged(shadowed: Shadowed) -> None:
    answers = [shadowed.recommend(user="u", k=3) for _ in range(8)]
    while shadowed.compare():
        pass
    found = shadowed.compared
    assert (found.asked, found.both, found.dropped, found.failed) == (4, 4, 0, 0)
    other = {one.item for one in shadowed.challenger.recommend(user="u", k=3).items}
    assert found.overlap / 4 == pytest.approx(len(other & {one.item for one in answers[0].items}) / 3)
    assert found.shadow_s > 0 < found.live_s
    shadowed.flush()
    shadowed.challenger.flush()
    assert {slate.id for slate in shadowed.store.all_slates()} == {answer.slate_id for answer in answers}


def test_what_finds_the_queue_full_is_dropped_and_counted(shadowed: Shadowed) -> None:
    for _ in range(20):
        shadowed.recommend(user="u", k=3)
    assert (shadowed.compared.asked, shadowed.compared.dropped) == (10, 6)


def test_a_challenger_that_fails_is_counted_and_nobody_notices(shadowed: Shadowed, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(shadowed.challenger, "recommend", broken)
    with shadowed.following():
        assert all(shadowed.recommend(user="u", k=3).items for _ in range(4))
        while not shadowed.compared.failed:
            pass
    figures = {
        (sample.name, *sample.labels.values()): sample.value for metric in TrialCollector(shadowed).collect() for sample in metric.samples
    }
    assert figures["bowerbird_shadow_questions_total", "failed"] >= 1
    assert figures["bowerbird_shadow_questions_total", "compared"] == 0


def test_one_thing_is_tried_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text("")
    with pytest.raises(ConfigError, match="must be one of the tables"):
        Trial.load(tmp_path / "t.toml")
