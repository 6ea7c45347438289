"""People's own data: what was erased is nowhere, teaches nobody, and does not come back."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird import people
from bowerbird.adaptation import LiveSettings
from bowerbird.bundle import Bundle, Config, now
from bowerbird.cli.common import dataset
from bowerbird.data import DataSettings, clean, read
from bowerbird.engine import Engine
from bowerbird.errors import ConfigError
from bowerbird.live import Expirer, Follower, Grower, fresh
from bowerbird.models import Blend, Ease, Lessons, Popular, Trend
from bowerbird.protocols import silent
from bowerbird.pseudonyms import VARIABLE, Pseudonyms
from bowerbird.retraining import Contest, logged, retrain
from bowerbird.store import KeyRow, Keys, People, SqlStore
from bowerbird.types import Event
from little_world import START, Spotter, bundle

CONFIG = Config(
    model=Blend(members=(Popular(), Ease(), Trend(half_life_days=1)), lessons=Lessons(step=0.1)), live=LiveSettings(per_user=4, window=30)
)
KEY = "a key that is long enough to hide ids"


@pytest.fixture(scope="module")
def fitted() -> Bundle:
    return bundle(CONFIG)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with SqlStore(f"sqlite:///{tmp_path / 'events.db'}") as opened:
        yield opened


def eve(n: int = 6) -> list[Event]:
    """What somebody does who will ask to be erased."""
    at = now() - timedelta(minutes=5)
    return [
        Event("eve-4711", f"tea-{number}", at + timedelta(seconds=number), "like", text=f"note {number} of eve-4711") for number in range(n)
    ]


def others(n: int = 12) -> list[Event]:
    at = now() - timedelta(minutes=4)
    return [Event(f"u{n % 5}", f"rope-{n % 7}", at + timedelta(seconds=n), "like") for n in range(n)]


def refitted(store: SqlStore, champion: Bundle, at: datetime) -> Bundle:
    """What a retraining would fit; the texts were read before."""
    data = logged(store, champion, at)
    catalogue = data.catalogue.with_vectors(champion.catalogue.vectors)
    model = CONFIG.model.fit(data.log, catalogue, np.random.default_rng(0))
    return Bundle(CONFIG, catalogue, model, data.scale, data.events, data.fingerprint, 0, at)


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_who_is_erased_is_in_no_table_and_no_file(fitted: Bundle, store: SqlStore, tmp_path: Path) -> None:
    engine = Engine(fitted, store, Spotter())
    engine.observe([*eve(), *others()])
    answer = engine.recommend(user="eve-4711", k=5)
    engine.edit_profile("eve-4711", "mute tea")
    engine.flush()
    engine.observe([Event("eve-4711", answer.items[0].item, kind="like", slate=answer.slate_id)])
    engine.catch_up()
    engine._keep(engine.learned)
    assert b"eve-4711" in files(tmp_path)
    engine.recommend(user="eve-4711", k=5)  # waits to be written
    deleted = people.erased(engine, "eve-4711")
    assert deleted == {"events": 8, "slates": 2, "objections": 0}
    assert b"eve-4711" not in files(tmp_path)  # while the database is open, too
    with sqlite3.connect(tmp_path / "events.db") as raw:
        dump = "\n".join(raw.iterdump())
    assert "eve-4711" not in dump
    assert "u1" in dump


def test_the_next_bundle_is_that_of_a_log_they_were_never_in(fitted: Bundle, store: SqlStore) -> None:
    before, after, at = others(), others(20), now()
    engine = Engine(fitted, store, Spotter())
    engine.observe([*before, *eve(), *after])
    People(store).erase("eve-4711", now())
    People(store).erase("u3", now())  # of the bundle's own events
    with SqlStore("sqlite://") as pure:
        pure.import_events(fitted.events.filter(pl.col("user") != "u3"))
        pure.append([event for event in [*before, *after] if event.user != "u3"])
        left, never = refitted(store, fitted, at), refitted(pure, fitted, at)
    assert left.events.equals(never.events)
    assert left.fingerprint == never.fingerprint  # model, settings, catalogue, data: all of it
    assert left.fingerprint != refitted(Engine(fitted, SqlStore("sqlite://"), Spotter()).store, fitted, at).fingerprint
    assert not {"u3", "eve-4711"} & set(left.events["user"])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), max_size=30), st.sets(st.sampled_from("abc")))
@settings(max_examples=30)
def test_a_log_without_them_is_a_log_that_they_were_never_in(done: list[tuple[str, int]], gone: set[str]) -> None:
    log = [Event(user, f"i{item}", START + timedelta(minutes=place), "like") for place, (user, item) in enumerate(done)]
    with SqlStore("sqlite://") as store, SqlStore("sqlite://") as pure:
        store.append(log)
        pure.append([event for event in log if event.user not in gone])
        for user in sorted(gone):
            People(store).erase(user, now())
        store.append([event for event in log if event.user in gone])
        kept, never = (list(one.tables()) for one in (store, pure))
    assert len(kept) == len(never)
    for mine, theirs in zip(kept, never, strict=True):
        assert mine.drop("offset").equals(theirs.drop("offset"))


def test_what_is_learned_live_is_what_it_would_be_without_them(fitted: Bundle, store: SqlStore) -> None:
    past = others(15)
    engine = Engine(fitted, store, Spotter())
    engine.observe([*past[:7], *eve(), *past[7:]])
    engine.catch_up()
    swayed = engine.learned
    assert "eve-4711" in swayed.teachers
    People(store).erase("eve-4711", now())
    engine.catch_up(1)
    assert "eve-4711" not in engine.learned.teachers
    with SqlStore("sqlite://") as pure:
        pure.import_events(fitted.events)
        pure.append(past)
        never = Follower(pure, Grower(Spotter())).onward(fresh(fitted), pure.newest())
    assert (engine.learned.taught, engine.learned.teachers) == (never.taught, never.teachers)
    for mine, theirs in zip(_arrays(engine.learned), _arrays(never), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert any(not np.array_equal(mine, theirs) for mine, theirs in zip(_arrays(engine.learned), _arrays(swayed), strict=True))


def test_a_replica_hears_of_it_and_keeps_no_snapshot_of_before(fitted: Bundle, store: SqlStore, tmp_path: Path) -> None:
    here = Engine(fitted, store, Spotter())
    here.observe([*eve(), *others()])
    with SqlStore(f"sqlite:///{tmp_path / 'events.db'}") as same:
        there = Engine(fitted, same, Spotter())
        there.catch_up()
        waiting = there.recommend(user="eve-4711", k=3)
        People(store).erase("eve-4711", now())
        there._keep(there.learned)
        assert store.snapshot(fitted.fingerprint) is None
        there.flush()  # the slate was made before: it is theirs, too
        assert store.slate(waiting.slate_id) is None
        assert same.left_out == {"erased": 1}
        assert there.recommend(user="eve-4711", k=3).receipt.history is None
        assert there.history("eve-4711") == []
        there.catch_up()
        assert "eve-4711" not in there.learned.teachers
        there._keep(there.learned)
        assert store.snapshot(fitted.fingerprint) is not None


def test_what_is_from_before_does_not_come_back_and_a_new_beginning_may(store: SqlStore, fitted: Bundle) -> None:
    store.append(eve())
    People(store).erase("eve-4711", now())
    store.append([*eve(), Event("eve-4711", "tea-1")])  # sent again by some queue; without a time it cannot be told
    assert store.history("eve-4711", 10) == []
    assert store.left_out == {"erased": 7}
    store.append([Event("eve-4711", "tea-1", now())])
    assert len(store.history("eve-4711", 10)) == 1


def test_an_empty_store_is_not_filled_with_them_again(fitted: Bundle, store: SqlStore) -> None:
    everybody = fitted.events["user"].unique().to_list()
    store.import_events(fitted.events)
    for user in everybody:
        People(store).erase(user, now())
    Engine(fitted, store, Spotter())
    assert store.count() == 0


def test_an_offset_is_not_given_again(store: SqlStore) -> None:
    store.append(others())
    newest = store.append(eve())
    People(store).erase("eve-4711", now())
    assert store.append(others(1)) == newest + 1


def test_a_bundle_on_disk_is_swept(fitted: Bundle, store: SqlStore, tmp_path: Path) -> None:
    fitted.save(tmp_path / "bundle")
    store.append(others())
    assert people.swept(tmp_path / "bundle", store) == 0
    People(store).erase("u3", now())
    assert people.swept(tmp_path / "bundle", store) == 5
    left = Bundle.load(tmp_path / "bundle")
    assert "u3" not in left.events["user"]
    assert len(left.events) == len(fitted.events) - 5
    assert left.fingerprint == fitted.fingerprint
    assert people.swept(tmp_path / "bundle", store) == 0


def test_who_objects_is_a_newcomer_and_teaches_nobody(fitted: Bundle, store: SqlStore) -> None:
    engine = Engine(fitted, store, Spotter())
    engine.observe([*eve(), *others()])
    engine.catch_up()
    mine, stranger = engine.recommend(user="eve-4711", k=5), engine.recommend(user="nobody", k=5)
    assert _items(mine) != _items(stranger)
    engine.flush()
    assert [slate for slate in store.all_slates() if slate.user == "eve-4711"]
    People(store).object("eve-4711", now())
    assert _items(engine.recommend(user="eve-4711", k=5)) == _items(engine.recommend(user="nobody", k=5))
    assert engine.profile("eve-4711").sentences == ()
    assert engine.history("eve-4711") == []
    engine.observe([Event("eve-4711", "paint-1", kind="like")])
    engine.catch_up()
    assert "eve-4711" not in engine.learned.teachers
    assert "eve-4711" not in logged(store, fitted).events["user"]
    assert store.left_out["objected"] == 1
    assert len(People(store).kept("eve-4711").events) == 6  # they may still see what is there
    assert not [slate for slate in store.all_slates() if slate.user == "eve-4711"]
    People(store).allow("eve-4711", now())
    assert _items(engine.recommend(user="eve-4711", k=5)) == _items(mine)
    engine.catch_up()
    assert "eve-4711" in engine.learned.teachers


def test_what_is_too_old_is_forgotten(fitted: Bundle, store: SqlStore) -> None:
    store.import_events(fitted.events)
    store.append(others())
    newest = fitted.events["time"].max()
    deleted = People(store).expire(newest + timedelta(seconds=1), now())
    assert deleted == {"events": len(fitted.events), "slates": 0}
    assert store.count() == 12
    assert len(store.spared(fitted.events)) == 0
    assert People(store).expire(newest, now()) == {"events": 0, "slates": 0}
    assert store.acts() == 1  # of an act that took nothing nobody need hear


def test_a_server_forgets_by_itself_once_a_day(store: SqlStore) -> None:
    store.append(others())
    expirer = Expirer(store)
    assert expirer.look(None, now() + timedelta(days=99)) == 0
    assert expirer.look(30.0, now()) == 0
    assert expirer.look(30.0, now() + timedelta(hours=23)) == 0
    assert expirer.look(30.0, now() + timedelta(days=31)) == 12


def test_a_warm_start_is_none_where_somebody_was_erased(fitted: Bundle, store: SqlStore) -> None:
    assert not store.acted(fitted.created)
    People(store).erase("u3", now())
    assert store.acted(fitted.created)
    assert not store.acted(now() + timedelta(seconds=1))


def test_pseudonyms_stand_everywhere_in_the_place_of_ids(fitted: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = Pseudonyms(KEY)
    with SqlStore(f"sqlite:///{tmp_path / 'events.db'}", names=names) as store:
        engine = Engine(fitted, store, Spotter())
        event = Event("eve-4711", "tea-1", now(), "like", key="order eve-4711/1")
        engine.observe([event])
        engine.observe([event])  # its key is hidden and still itself
        answer = engine.recommend(user="eve-4711", k=3)
        engine.flush()
        assert answer.user == "eve-4711"
        assert [event.user for event in engine.history("eve-4711")] == [names.of("eve-4711")]
        assert "tea-1" not in _items(answer)
        assert _items(engine.replay(answer.receipt)) == _items(answer)
        [slate] = store.all_slates()
        assert slate.user == slate.receipt["user"] == names.of("eve-4711")
        assert b"eve-4711" not in files(tmp_path)
        People(store).erase("eve-4711", now())
        assert engine.history("eve-4711") == []
    assert b"eve-4711" not in files(tmp_path)
    (tmp_path / "events.csv").write_text("user,item\nada,a\nbob,b\nada,b\n")
    wanted = DataSettings(pseudonyms=True)
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(ConfigError, match=VARIABLE):
        read(tmp_path / "events.csv", settings=wanted)
    monkeypatch.setenv(VARIABLE, KEY)
    raw = read(tmp_path / "events.csv", settings=wanted)
    assert raw.events["user"].to_list() == [names.of(user) for user in ("ada", "bob", "ada")]
    assert "ada" not in clean(raw, wanted).events["user"]


def test_an_engine_does_not_keep_ids_where_pseudonyms_are_wanted(store: SqlStore) -> None:
    wanting = bundle(Config(model=Popular(), data=DataSettings(pseudonyms=True)))
    with pytest.raises(ConfigError, match=r"data\.pseudonyms needs a store that gives them"):
        Engine(wanting, store, Spotter())
    with pytest.raises(ConfigError, match="must have at least 32 characters, got 5"):
        Pseudonyms("short")


def test_all_that_is_kept_is_told(fitted: Bundle, store: SqlStore) -> None:
    engine = Engine(fitted, store, Spotter())
    engine.observe([*eve(), *others()])
    engine.edit_profile("eve-4711", "mute tea")
    engine.recommend(user="eve-4711", k=2)
    engine.flush()
    engine.catch_up()
    said = people.told(store, "eve-4711", engine)
    assert [event["item"] for event in said["events"]] == [f"tea-{number}" for number in range(6)]
    assert said["events"][0]["text"] == "note 0 of eve-4711"
    assert len(said["profile_edits"]) == 1
    assert len(said["slates"]) == 1
    assert said["slates"][0]["receipt"]["user"] == "eve-4711"
    assert said["derived"]["lessons"] == 4
    assert said["derived"]["sentences"]
    assert people.told(store, "nobody")["events"] == []


def _arrays(learned) -> list[np.ndarray]:
    from bowerbird.models import pack  # noqa: PLC0415

    return [array for _, array in sorted(pack(learned.bundle.model)[1].items())]


def _items(answer) -> list[str]:
    return [one.item for one in answer.items]


def test_both_databases_keep_to_it(url: str) -> None:
    long_ago = now() - timedelta(days=400)
    with SqlStore(url) as store:
        store.append([*eve(), *others(), Event("old", "tea-1", long_ago)])
        store.keep_snapshot("some bundle", 3, b"state")
        assert People(store).erase("eve-4711", now()) == {"events": 6, "slates": 0, "objections": 0}
        assert store.snapshot("some bundle") is None
        store.append(eve())
        assert store.history("eve-4711", 9) == []
        People(store).object("u1", now())
        People(store).object("u1", now())
        assert People(store).objecting("u1") is not None
        assert {row for table in store.tables() for row in table["user"]} == {"u0", "u2", "u3", "u4", "old"}
        assert {event.user for _, event in store.newer(None, 0, store.newest(), 99)} == {"u0", "u2", "u3", "u4", "old"}
        People(store).allow("u1", now())
        assert len(store.history("u1", 9)) == 3
        assert People(store).expire(long_ago + timedelta(days=1), now())["events"] == 1
        assert store.acts() == 4
        keys = Keys(store)
        assert not keys.any()
        made = KeyRow("0a0a0a0a", "shop", bytes(range(32)), frozenset({"read", "operate"}), now(), now() + timedelta(days=1))
        keys.add(made)
        assert keys.all() == [made]
        assert not keys.revoke(made.id, now()).good(now())


def test_a_fit_from_files_leaves_them_out(store: SqlStore, tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(
        "user,item,time\neve-4711,a,2024-01-01T00:00:00Z\nbob,a,2024-01-01T00:00:00Z\neve-4711,b,2099-01-01T00:00:00Z\n"
    )
    store.append(others())
    url = f"sqlite:///{tmp_path / 'events.db'}"
    whole = dataset(tmp_path / "events.csv", None, Config(), silent, url)
    assert whole.events["user"].unique().sort().to_list() == ["bob", "eve-4711"]
    People(store).erase("eve-4711", now())
    left = dataset(tmp_path / "events.csv", None, Config(data=DataSettings()), silent, url)
    assert "a" not in left.events.filter(pl.col("user") == "eve-4711")["item"]


def test_a_challenger_begins_from_nothing_after_an_erasure(fitted: Bundle, store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def contest(champion, data, config, settings, **_):
        asked.append(settings.warm)
        return Contest("no contest", "it was only asked how it would begin")

    monkeypatch.setattr("bowerbird.retraining.run.challenge", contest)
    store.import_events(fitted.events)
    retrain(fitted, store)
    People(store).erase("u3", now())
    retrain(fitted, store)
    assert asked == [True, False]
