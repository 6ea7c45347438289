"""Slates as they were shown: kept, and answered by events."""

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from bowerbird.errors import DataError
from bowerbird.store import SlateRow, SqlStore
from bowerbird.types import Event

NOON = datetime(2024, 5, 1, 12, 0, 0, 250, tzinfo=UTC)
SHOWN = SlateRow("s1", 3, NOON, "ann", "f00d", {"k": 2, "user": "ann"}, ("heat", "ronin"), (1.5, -0.25), (1.0, 0.3))


@pytest.fixture
def store(url):
    with SqlStore(url) as opened:
        yield opened


def test_a_slate_comes_back_as_it_was_shown(store):
    other = replace(SHOWN, id="s2", user=None, receipt={"history": [{"item": "heat"}]}, time=NOON.replace(hour=11))
    store.log_slates([SHOWN, other])
    assert store.slate("s1") == SHOWN
    assert store.slates(["s2", "s3", "s1"]) == {"s1": SHOWN, "s2": other}
    assert store.slate("s3") is None
    assert list(store.all_slates()) == [other, SHOWN]


def test_a_slate_is_stored_once(store):
    store.log_slates([SHOWN, SHOWN])
    store.log_slates([replace(SHOWN, items=("alien", "ronin"))])
    assert list(store.all_slates()) == [SHOWN]


def test_more_slates_than_a_page_and_a_look_up_hold_come_in_order(store):
    many = [replace(SHOWN, id=f"{n:05}", offset=n // 7) for n in range(2003)]
    store.log_slates(many[::-1])
    assert list(store.all_slates()) == many
    assert len(store.slates(row.id for row in many)) == 2003


def test_an_event_keeps_the_slate_that_it_answers(store):
    store.log_slates([SHOWN])
    store.append([Event("ann", "ronin", NOON, slate="s1"), Event("ann", "alien", NOON), Event("bob", "heat", NOON, "like", slate="s1")])
    first, _, last = [Event("ann", "ronin", NOON, slate="s1"), None, Event("bob", "heat", NOON, "like", slate="s1")]
    assert store.history("ann", 9)[0] == first
    assert store.answers("s1") == [first, last]
    assert store.answers("s1", up_to=2) == [first]
    assert list(store.all_answers()) == [(1, first), (3, last)]
    assert store.unknown_slates == 0


def test_a_name_that_leads_nowhere_is_left_out_and_counted_and_the_event_is_stored(store):
    store.log_slates([SHOWN])
    events = [Event("ann", "heat", slate="s2"), Event("ann", "alien", slate="s1"), Event("ann", "heat", slate="s1")]
    assert store.append(events) == 3
    assert [event.slate for event in store.history("ann", 9)] == [None, None, "s1"]
    assert store.unknown_slates == 2
    store.log_slates([replace(SHOWN, id="s2")])
    assert store.append([Event("ann", "heat", key="k", slate="s3")]) == 4
    assert store.append([Event("ann", "heat", key="k", slate="s3")]) == 4
    assert store.unknown_slates == 3
    assert [event.slate for event in store.history("ann", 9)] == [None, None, "s1", None]


def test_a_refused_batch_counts_nothing(store):
    with pytest.raises(DataError):
        store.append([Event("ann", "heat", slate="s2"), Event("ann", "heat", value=float("nan"))])
    assert store.unknown_slates == 0


def test_an_import_keeps_names_of_stored_slates_alone(store):
    store.log_slates([SHOWN])
    frame = pl.DataFrame({"user": ["ann", "ann", "bob"], "item": ["heat", "alien", "heat"], "slate": ["s1", "s1", None], "device": "tv"})
    store.import_events(frame)
    assert store.history("ann", 9) == [
        Event("ann", "heat", context={"device": "tv"}, slate="s1"),
        Event("ann", "alien", context={"device": "tv"}),
    ]
    assert store.unknown_slates == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"standings": (1.0,)}, "must have one length, got 2, 1 and 2"),
        ({"items": ("heat", "heat")}, "no item may stand twice, got heat, heat"),
        ({"propensities": (1.0, 0.0)}, "propensities must be above 0 and at most 1, got 0.0"),
        ({"standings": (1.0, float("nan"))}, "standings must be finite"),
        ({"time": datetime(2024, 5, 1)}, "a time must say its zone, got 2024-05-01"),
    ],
)
def test_a_slate_that_cannot_be_is_refused(change, sentence):
    with pytest.raises(DataError, match=f"slate 's1': .*{sentence}"):
        replace(SHOWN, **change)


def test_a_slate_that_cannot_be_kept_is_refused_with_its_whole_batch(store):
    with pytest.raises(DataError, match="receipt: must be text"):
        store.log_slates([SHOWN, replace(SHOWN, id="s2", receipt={"at": NOON})])
    assert list(store.all_slates()) == []
