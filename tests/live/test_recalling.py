"""Where the log does not answer, what was read of it before does; and several engines on one log agree."""

from collections.abc import Iterator

import pytest

from bowerbird.adaptation import LiveSettings, PageHinkley
from bowerbird.bundle import Bundle, Config
from bowerbird.engine import Engine
from bowerbird.errors import StoreError, UnavailableError
from bowerbird.live import Recall, recalling
from bowerbird.models import Blend, Ease, Popular, Trend
from bowerbird.pipeline import RankingSettings
from bowerbird.ranking import ExploreSettings
from bowerbird.store import SqlStore
from bowerbird.types import Event
from little_world import Spotter, bundle

CONFIG = Config(
    model=Blend(members=(Popular(), Ease(), Trend(half_life_days=1))),
    live=LiveSettings(drift=PageHinkley()),
    ranking=RankingSettings(explore=ExploreSettings(places=(3, 5), candidates=6)),
)
"""All that learns while it is live."""


class Gone(SqlStore):
    """A store that can be told not to answer."""

    gone = False

    def __getattribute__(self, name: str) -> object:
        found = super().__getattribute__(name)
        if not callable(found) or name.startswith("_") or name == "close" or not super().__getattribute__("gone"):
            return found

        def refuse(*_: object, **__: object) -> None:
            raise UnavailableError("event store: does not answer")

        return refuse


@pytest.fixture
def store(tmp_path) -> Iterator[Gone]:
    with Gone(f"sqlite:///{tmp_path}/log.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def fitted() -> Bundle:
    return bundle(CONFIG)


def test_a_slate_is_from_what_was_read_before_and_says_so(store, fitted):
    engine = Engine(fitted, store, Spotter())
    engine.observe([Event("zoe", "tea-1", kind="like"), Event("zoe", "tea-2", kind="like")])
    before = engine.recommend(user="zoe", k=5, seed=1)
    assert before.notes == ()
    store.gone = True
    during = engine.recommend(user="zoe", k=5, seed=1)
    assert [one.item for one in during.items] == [one.item for one in before.items]
    assert during.notes == (recalling.KNOWN,)
    assert [event.item for event in engine.history("zoe", 1)] == ["tea-2"]
    assert engine.similar("tea-1", k=3)
    assert engine.search("tea", user="zoe", k=3)
    with pytest.raises(StoreError):
        engine.observe([Event("zoe", "tea-3", kind="like")])
    assert engine.recalled > 0
    assert engine.ready
    store.gone = False
    again = engine.replay(during.receipt)
    assert [one.item for one in again.items] == [one.item for one in during.items], "its receipt is of the log as it was then"
    engine.observe([Event("zoe", "tea-3", kind="like")])
    after = engine.recommend(user="zoe", k=5, seed=1)
    assert after.notes == ()
    assert "tea-3" not in [one.item for one in after.items]


def test_somebody_who_was_not_read_before_is_a_newcomer_and_the_answer_says_so(store, fitted):
    engine = Engine(fitted, store, Spotter())
    newcomer = engine.recommend(history=[], k=5, seed=1)
    engine.observe([Event("zoe", "tea-1", kind="like")])
    store.gone = True
    answer = engine.recommend(user="zoe", k=5, seed=1)
    assert answer.notes == (recalling.STRANGER,)
    assert [one.item for one in answer.items] == [one.item for one in newcomer.items]
    with pytest.raises(StoreError):
        engine.history("zoe")


def test_what_is_remembered_is_bounded(store, monkeypatch):
    monkeypatch.setattr(recalling, "REMEMBERED", 10)
    store.append([Event(f"u{n}", f"{m}") for n in range(4) for m in range(3)])
    recall = Recall(store)
    for n in (0, 1, 2, 0, 3):
        recall.seen(f"u{n}", 99)
    store.gone = True
    assert [len(recall.seen(f"u{n}", 99).events) for n in range(4)] == [3, 0, 0, 3]
    assert recall._total == 6


def test_engines_on_one_log_see_and_learn_the_same(url, fitted):
    """What one stores is in the other's next answer: events, items put in, corrections; what is learned is equal once both caught up."""
    with SqlStore(url) as one_log, SqlStore(url) as other_log:
        one, other = Engine(fitted, one_log, Spotter()), Engine(fitted, other_log, Spotter())
        assert one_log.count() == len(fitted.events), "the log is filled once"
        one.observe([Event("zoe", "tea-1", kind="like")])
        assert [event.item for event in other.history("zoe")] == ["tea-1"]
        assert "tea-1" not in [one.item for one in other.recommend(user="zoe", k=24).items]
        other.put_items([{"item": "tea-new", "title": "tea number nine", "categories": ["tea"]}])
        assert one.recommend(user="zoe", k=24).receipt.item_offset == 1
        assert one.item("tea-new") is not None
        one.edit_profile("zoe", "mute rope")
        assert len(other.edits("zoe")) == 1
        assert not [item for item in other.recommend(user="zoe", k=24).items if item.item.startswith("rope")]
        assert one.catch_up() == other.catch_up() == one_log.newest()
        assert one.learned.taught == 1
        assert one.learned.fingerprint == other.learned.fingerprint
        shown = [[item.item for item in engine.recommend(user="zoe", k=9, seed=1).items] for engine in (one, other)]
        assert shown[0] == shown[1]


def test_a_slate_of_one_can_be_answered_at_the_other_once_it_is_stored(url, fitted):
    with SqlStore(url) as one_log, SqlStore(url) as other_log:
        one, other = Engine(fitted, one_log, Spotter()), Engine(fitted, other_log, Spotter())
        answer = one.recommend(user="zoe", k=3)
        one.flush()
        other.observe([Event("zoe", answer.items[0].item, kind="like", slate=answer.slate_id)])
        assert other_log.unknown_slates == 0
        assert [event.slate for event in one.history("zoe")] == [answer.slate_id]
