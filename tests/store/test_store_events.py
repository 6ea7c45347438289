"""The event log: what is stored, in which order, and what is refused."""

import math
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.errors import DataError, StoreError
from bowerbird.protocols import EventStore
from bowerbird.store import Put, SqlStore
from bowerbird.types import Event

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False)
events = st.builds(
    Event,
    user=words,
    item=words,
    time=st.none() | st.datetimes(timezones=st.just(UTC)),
    kind=words,
    value=st.none() | numbers,
    text=st.none() | words,
    context=st.dictionaries(words, words | numbers | st.booleans(), max_size=3),
    key=st.none(),
)


@pytest.fixture
def store(url):
    with SqlStore(url) as opened:
        yield opened


def test_what_is_read_equals_what_was_written(store):
    @settings(max_examples=60)
    @given(st.lists(events, max_size=6))
    def holds(batch):
        store.append(batch)
        for user in {event.user for event in batch}:
            mine = [event for event in batch if event.user == user]
            assert store.history(user, len(mine)) == mine

    holds()


@pytest.mark.parametrize("field", ["user", "item", "kind", "text"])
def test_what_not_every_database_keeps_is_refused_by_all(store, field):
    with pytest.raises(DataError, match=f"{field}: must hold no NUL"):
        store.append([replace(Event("ann", "heat"), **{field: "a\0b"})])
    assert store.count() == 0


def test_it_is_an_event_store(store):
    door: EventStore = store
    assert door.append([]) == 0
    assert door.history("nobody", 10) == []


def test_offsets_rise_by_one_and_survive_reopening(store, url):
    assert [store.append([Event("ann", str(n))]) for n in range(3)] == [1, 2, 3]
    with SqlStore(url) as again:
        assert again.append([Event("ann", "3"), Event("bob", "4")]) == 5
    assert store.newest() == 5
    assert store.count() == 5


def test_both_offsets_are_told_at_once(store):
    assert store.offsets() == (0, 0)
    store.append([Event("ann", "heat"), Event("ann", "ronin")])
    assert store.offsets() == (2, 0)
    store.put_items([{"item": "moon"}])
    assert store.offsets() == (2, 1)


def test_a_history_is_the_newest_events_of_one_user_oldest_first(store):
    store.append([Event(user, str(n)) for n in range(6) for user in ("ann", "bob")])
    assert [event.item for event in store.history("ann", 2)] == ["4", "5"]
    assert store.history("ann", 0) == []


def test_a_history_up_to_an_offset_does_not_see_what_came_later(store):
    offsets = [store.append([Event("ann", str(n))]) for n in range(5)]
    assert [event.item for event in store.history("ann", 2, up_to=offsets[2])] == ["1", "2"]
    assert store.history("ann", 10, up_to=0) == []


def test_times_of_any_zone_are_the_same_instant_in_utc(store):
    here = datetime(2024, 5, 1, 12, 0, 0, 123456, timezone(timedelta(hours=2)))
    store.append([Event("ann", "heat", here)])
    [kept] = store.history("ann", 1)
    assert kept.time == here
    assert kept.time.tzinfo is UTC


def test_users_are_listed_by_who_did_something_last(store):
    store.append([Event(user, "heat") for user in ("ann", "bob", "eve", "ann")])
    assert store.users(2) == ["ann", "eve"]
    assert store.users(9) == ["ann", "eve", "bob"]
    assert store.users(0) == []


def test_a_repeated_key_is_the_same_event(store):
    assert store.append([Event("ann", "heat", key="a"), Event("ann", "ronin", key="a"), Event("ann", "alien")]) == 2
    assert store.append([Event("ann", "heat", key="a"), Event("ann", "brazil", key="b")]) == 3
    assert store.append([Event("ann", "heat", key="a")]) == 3
    assert [event.item for event in store.history("ann", 9)] == ["heat", "alien", "brazil"]


def test_more_keys_than_one_look_up_takes(store):
    batch = [Event("ann", str(n), key=str(n)) for n in range(1200)]
    assert store.append(batch) == 1200
    assert store.append(batch[::-1]) == 1200


def test_items_come_back_as_they_were_put(store):
    rows = [{"item": "heat", "title": "Heat – 1995", "categories": ["Crime", "Drama"], "price": 3.5}, {"item": "ronin", "available": False}]
    assert store.items_since(0) == []
    assert store.put_items(rows) == 2
    assert store.put_items([]) == 2
    assert [(put.offset, put.row) for put in store.items_since(0)] == list(enumerate(rows, 1))
    assert store.items_since(1) == [Put(2, 0, rows[1])]
    assert store.newest() == 0


def test_an_item_knows_which_events_came_before_it(store):
    store.put_items([{"item": "heat"}])
    store.append([Event("ann", "heat"), Event("ann", "ronin")])
    store.put_items([{"item": "ronin"}])
    assert [put.events for put in store.items_since(0)] == [0, 2]


def test_events_that_are_newer_than_an_instant_in_the_order_of_the_log(store):
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    times = [noon, None, noon + timedelta(seconds=2), noon - timedelta(days=1), noon + timedelta(seconds=1)]
    store.append([Event("ann", str(number), time) for number, time in enumerate(times)])
    assert [event.item for _, event in store.newer(noon, 0, 5, 10)] == ["2", "4"]
    assert [offset for offset, _ in store.newer(noon, 3, 5, 10)] == [5]
    assert [offset for offset, _ in store.newer(noon, 0, 4, 10)] == [3]
    assert [offset for offset, _ in store.newer(None, 0, 5, 3)] == [1, 3, 4]


def test_the_newest_snapshots_of_a_bundle_are_kept(store):
    assert store.snapshot("one") is None
    for offset in range(30):
        store.keep_snapshot("one", offset, str(offset).encode())
    store.keep_snapshot("one", 29, b"again")
    store.keep_snapshot("two", 5, b"other")
    assert store.snapshot("one") == (29, b"again")
    assert store.snapshot("one", 28) == (28, b"28")
    assert store.snapshot("one", 9) is None
    assert store.snapshot("two") == (5, b"other")


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (Event("ann", "heat", datetime(2024, 5, 1)), "a time must say its zone, got 2024-05-01"),
        (Event("ann", "heat", value=math.nan), "a value must be finite, got nan"),
        (Event("ann", "heat", context={"x": math.inf}), "context: numbers must be finite"),
        (Event("ann", "heat", context={"x": datetime(2024, 5, 1)}), "context: must be text, numbers"),
        (Event("ann", "he\ud800at"), "item: must be valid Unicode"),
    ],
)
def test_an_event_that_cannot_be_kept_is_refused_with_its_whole_batch(store, event, sentence):
    with pytest.raises(DataError, match=sentence):
        store.append([Event("ann", "ronin"), event])
    assert store.count() == 0


def test_an_item_that_is_not_json_is_refused(store):
    with pytest.raises(DataError, match="item: numbers must be finite"):
        store.put_items([{"item": "heat", "price": math.nan}])
    assert store.items_since(0) == []


FRAME = pl.DataFrame(
    {
        "user": ["ann", "bob", "ann"],
        "item": ["heat", "heat", "ronin"],
        "time": [datetime(2024, 5, 1, tzinfo=UTC), None, datetime(2024, 5, 2, 0, 0, 0, 7, tzinfo=UTC)],
        "kind": ["like", None, "rating"],
        "value": [math.inf, math.nan, 4.5],
        "text": [None, None, "tense"],
        "weight": [1.0, 1.0, 0.5],
        "device": ["phone", None, "tv"],
        "hour": [21, None, None],
    }
)


def test_an_import_keeps_every_column_and_the_order(store):
    seen = []
    assert store.import_events(FRAME, lambda what, done, total: seen.append((done, total))) == 3
    assert seen == [(3, 3)]
    assert store.history("ann", 9) == [
        Event("ann", "heat", datetime(2024, 5, 1, tzinfo=UTC), "like", None, None, {"device": "phone", "hour": 21}),
        Event("ann", "ronin", datetime(2024, 5, 2, 0, 0, 0, 7, tzinfo=UTC), "rating", 4.5, "tense", {"device": "tv"}),
    ]
    assert store.history("bob", 9) == [Event("bob", "heat")]
    assert store.append([Event("bob", "alien")]) == 4


def test_an_import_of_two_columns_is_enough(store):
    assert store.import_events(FRAME.select("user", "item")) == 3
    assert store.history("bob", 9) == [Event("bob", "heat")]


def test_an_import_of_nothing(store):
    assert store.import_events(FRAME.clear()) == 0


def test_only_an_empty_store_is_filled(store):
    store.append([Event("ann", "heat")])
    with pytest.raises(StoreError, match="must be empty to be filled"):
        store.import_events(FRAME)
    assert store.count() == 1


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (FRAME.drop("item"), "the column 'item' must be there"),
        (FRAME.with_columns(user=pl.lit(None, pl.String)), "every row must have a user, got 3 rows without"),
        (FRAME.with_columns(time=pl.lit("yesterday")), "the column 'time' must hold a date with a time, got String"),
        (FRAME.with_columns(value=pl.lit("much")), "the column 'value' must hold numbers, got String"),
    ],
)
def test_a_frame_that_is_not_events_is_refused(store, frame, sentence):
    with pytest.raises(DataError, match=sentence):
        store.import_events(frame)
    assert store.count() == 0


@pytest.mark.parametrize("in_memory", [True, False])
def test_many_threads_share_one_store(url, in_memory):
    """Each writes its own events and reads them back; none is lost, none is seen twice, no reader sees half a batch."""
    n_threads, n_batches = 8, 12
    failures = []
    with SqlStore("sqlite://" if in_memory else url) as store:

        def work(user):
            offsets = []
            for n in range(n_batches):
                offsets.append(store.append([Event(user, f"{n}a"), Event(user, f"{n}b")]))
                seen = [event.item for event in store.history(user, 999)]
                if seen != [f"{m}{half}" for m in range(n + 1) for half in "ab"] or store.count() % 2:
                    failures.append(seen)
            if offsets != sorted(set(offsets)):
                failures.append(offsets)

        threads = [threading.Thread(target=work, args=(f"user {n}",)) for n in range(n_threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert store.count() == store.newest() == n_threads * n_batches * 2
