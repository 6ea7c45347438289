"""PostgreSQL that restarts, stands still or is gone: refused at once, never doubled, there again by itself."""

import time

import pytest

from bowerbird.errors import StoreError, UnavailableError
from bowerbird.store import SqlStore
from bowerbird.store import connect as connecting
from bowerbird.types import Event


@pytest.fixture
def store(postgres_url):
    with SqlStore(postgres_url, timeout_s=1) as opened:
        yield opened


def until_back(store):
    while True:
        try:
            return store.newest()
        except UnavailableError:
            time.sleep(0.05)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_between_two_calls_is_not_noticed(store, postgres, mode):
    assert store.append([Event("ann", "heat")]) == 1
    postgres.restart(mode)
    assert [event.item for event in store.history("ann", 9)] == ["heat"]
    assert store.append([Event("ann", "ronin")]) > 1


def test_while_it_is_gone_calls_are_refused_at_once_and_it_comes_back_by_itself(store, postgres):
    store.append([Event("ann", "heat", key="a")])
    postgres.stop()
    try:
        with pytest.raises(UnavailableError, match="does not answer"):
            store.history("ann", 9)
        with pytest.raises(UnavailableError, match="does not answer; nothing of this call was stored"):
            store.append([Event("ann", "ronin", key="b")])
    finally:
        postgres.start()
    assert until_back(store) == 1
    store.append([Event("ann", "ronin", key="b")])
    assert [event.item for event in store.history("ann", 9)] == ["heat", "ronin"]


def test_one_that_stands_still_is_cut_off_and_nobody_else_waits(store, postgres, monkeypatch):
    monkeypatch.setattr(connecting, "PING_S", 0.3)
    store.append([Event("ann", "heat")])
    with postgres.frozen():
        with pytest.raises(UnavailableError):
            store.history("ann", 9)
        begun = time.process_time()
        for _ in range(50):
            with pytest.raises(UnavailableError):
                store.append([Event("ann", "ronin")])
        assert time.process_time() - begun < 5
    until_back(store)
    assert store.append([Event("ann", "ronin")]) > 1
    assert [event.item for event in store.history("ann", 9)] == ["heat", "ronin"]


def test_a_read_that_takes_too_long_is_cut_off(store):
    with pytest.raises(UnavailableError, match="does not answer"), store._database.reading(limit_s=0.2) as connection:
        connection.exec_driver_sql("SELECT pg_sleep(60)")
    until_back(store)


def test_a_writer_that_holds_its_lock_for_too_long_is_told_of(postgres_url, store):
    with SqlStore(postgres_url) as other, other._database.writing(), pytest.raises(UnavailableError, match="writing to it for too long"):
        store.append([Event("ann", "heat")])
    assert store.append([Event("ann", "heat")]) >= 1


def test_a_commit_whose_answer_is_lost_is_not_said_to_have_failed(store, postgres):
    """It may have been stored: whoever sends it again with the same key gets it stored once."""

    def stored_and_lost():
        with store._database.writing() as connection:
            connection.exec_driver_sql("INSERT INTO events (\"user\", item, kind, key) VALUES ('ann', 'heat', 'view', 'once')")
            postgres.restart("immediate")

    with pytest.raises(UnavailableError, match="whether it was is not known"):
        stored_and_lost()
    until_back(store)
    store.append([Event("ann", "heat", key="once")])
    assert [kept.key for kept in store.history("ann", 9)] == ["once"]


def test_a_database_that_takes_no_writes_says_so(postgres_url):
    readonly = f"{postgres_url}?options=-c%20default_transaction_read_only%3Don"
    with SqlStore(postgres_url) as store:
        store.append([Event("ann", "heat")])
    with SqlStore(readonly) as store:
        assert [event.item for event in store.history("ann", 9)] == ["heat"]
        with pytest.raises(StoreError, match="it is read-only"):
            store.append([Event("ann", "ronin")])


def test_one_that_is_not_there_at_the_start_is_one_sentence():
    with pytest.raises(UnavailableError, match="does not answer") as caught:
        SqlStore("postgresql+psycopg://ann:secret@127.0.0.1:1/log")
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
