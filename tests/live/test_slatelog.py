"""Slates wait, are stored together, and stay bounded while the store does not answer."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bowerbird.errors import StoreError
from bowerbird.live import slatelog
from bowerbird.live.slatelog import SlateLog
from bowerbird.store import SlateRow, SqlStore


def slate(name: str) -> SlateRow:
    return SlateRow(name, 0, datetime(2024, 1, 1, tzinfo=UTC), "ann", "bundle", {}, ("heat",), (0.5,), (1.0,))


@pytest.fixture
def store() -> Iterator[SqlStore]:
    with SqlStore("sqlite://") as opened:
        yield opened


def test_slates_are_stored_together(store: SqlStore) -> None:
    log = SlateLog(store)
    assert not log.add(slate("one"))
    log.add(slate("two"))
    assert store.slate("one") is None
    log.flush()
    assert (store.slate("one"), store.slate("two"), len(log)) == (slate("one"), slate("two"), 0)
    log.flush()


def test_where_many_wait_it_says_so(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slatelog, "GATHERED", 2)
    log = SlateLog(store)
    assert [log.add(slate(name)) for name in ("one", "two")] == [False, True]


def test_a_store_that_does_not_answer_costs_the_oldest_and_they_are_counted(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slatelog, "HELD", 3)
    log = SlateLog(store)

    def gone(slates: object) -> None:
        raise StoreError("store: gone")

    with monkeypatch.context() as broken:
        broken.setattr(store, "log_slates", gone)
        for name in ("one", "two", "three", "four"):
            log.add(slate(name))
        with pytest.raises(StoreError):
            log.flush()
    assert (len(log), log.dropped) == (3, 1)
    log.flush()
    assert store.slate("one") is None
    assert store.slate("four") == slate("four")


def test_what_comes_while_others_are_written_waits_for_the_next_write(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    log, write = SlateLog(store), store.log_slates
    log.add(slate("one"))

    def slow(slates: list[SlateRow]) -> None:
        log.add(slate("two"))
        write(slates)

    with monkeypatch.context() as patched:
        patched.setattr(store, "log_slates", slow)
        log.flush()
    assert len(log) == 1
    assert store.slate("two") is None
