"""The whole log as tables: every event once, in the order of arrival, and one state of the log whatever is stored meanwhile."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest

from bowerbird.store import SqlStore
from bowerbird.types import Event

START = datetime(2024, 1, 1, 12, 30, 0, 250, tzinfo=UTC)


@pytest.fixture
def store(url):
    with SqlStore(url) as opened:
        yield opened


def test_an_empty_log_has_no_table(store):
    assert list(store.tables()) == []


@pytest.mark.parametrize("rows", [1, 3, 7, 100])
def test_every_event_is_there_once_and_as_it_was_written(store, rows):
    times = [START + timedelta(hours=n) if n % 3 else None for n in range(7)]
    written = [Event(f"u{n % 2}", f"i{n}", times[n], "rating", n / 2 if n else None, "ä" if n == 4 else None, {"n": n}) for n in range(7)]
    store.append(written)
    found = list(store.tables(rows=rows))
    assert all(0 < len(table) <= rows for table in found)
    table = pl.concat(found)
    assert table["offset"].to_list() == list(range(1, 8))
    assert table.schema["time"] == pl.Datetime("us", "UTC")
    for name in ("user", "item", "time", "kind", "value", "text"):
        assert table[name].to_list() == [getattr(event, name) for event in written]
    assert table["context"].str.json_path_match("$.n").to_list() == [str(n) for n in range(7)]


@pytest.mark.parametrize("in_memory", [True, False])
def test_what_is_stored_meanwhile_is_not_in_it(url, in_memory):
    store = SqlStore("sqlite://" if in_memory else url)
    store.append([Event("ann", str(n)) for n in range(6)])
    tables = store.tables(rows=2)
    seen = [next(tables)]
    store.append([Event("bob", "late")])
    seen += list(tables)
    assert pl.concat(seen)["item"].to_list() == list("012345")
    assert all(one["offset"].max() < other["offset"].min() for one, other in pairwise(seen))
    store.close()


def test_an_earlier_state_of_the_log(store):
    offsets = [store.append([Event("ann", str(n))]) for n in range(4)]
    assert pl.concat(store.tables(up_to=offsets[1]))["item"].to_list() == ["0", "1"]
