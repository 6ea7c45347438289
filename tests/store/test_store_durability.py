"""The event log under force: kill -9, a full disk, a locked, damaged, foreign or read-only database."""

import random
import sqlite3
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import event as hooks

from bowerbird.errors import StoreError
from bowerbird.store import SqlStore
from bowerbird.types import Event

WRITER = """
import sys
from bowerbird.store import SqlStore
from bowerbird.types import Event

with SqlStore(sys.argv[1]) as store:
    for n in range(1_000_000):
        offset = store.append([Event(sys.argv[2], f"{n}{half}") for half in "abc"])
        print(offset, n, flush=True)
"""


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path):
    """Three processes one after another are killed at a moment of chance; every batch is there whole or not at all."""
    url, chance, last = f"sqlite:///{tmp_path}/log.db", random.Random(7), 0
    for turn in range(3):
        user = f"writer {turn}"
        with subprocess.Popen([sys.executable, "-c", WRITER, url, user], stdout=subprocess.PIPE, text=True) as writer:
            lines = [writer.stdout.readline() for _ in range(chance.randint(5, 60))]
            writer.kill()
            lines += writer.stdout.readlines()
        acknowledged = [tuple(map(int, line.split())) for line in lines if line.endswith("\n")]
        offsets = [last, *(offset for offset, _ in acknowledged)]
        assert len(acknowledged) >= 5
        assert all(before < after for before, after in pairwise(offsets))
        with SqlStore(url) as store:
            kept = [event.item for event in store.history(user, 10_000_000)]
            assert kept == [f"{n}{half}" for n in range(len(kept) // 3) for half in "abc"]
            assert len(kept) // 3 >= len(acknowledged)
            last = store.newest()


def test_two_servers_that_are_told_the_same_events_keep_each_once(tmp_path):
    """Each looks for the keys, then writes: no other writer may come between."""
    batches = [[Event("ann", f"{n}", key=f"{n}"), Event("ann", f"{n + 1}", key=f"{n + 1}")] for n in range(60)]
    failures = []

    def serve(store):
        try:
            for batch in batches:
                store.append(batch)
        except StoreError as error:
            failures.append(error)

    with SqlStore(f"sqlite:///{tmp_path}/log.db") as one, SqlStore(f"sqlite:///{tmp_path}/log.db") as other:
        threads = [threading.Thread(target=serve, args=(store,)) for store in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert [event.item for event in one.history("ann", 999)] == [str(n) for n in range(61)]


def test_a_full_disk_is_one_sentence_and_the_log_stays_whole(tmp_path):
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store:
        store.append([Event("ann", "heat")])
        store.close()  # the next connection has a small disk
        hooks.listen(store._database.engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 20").close())
        with pytest.raises(
            StoreError, match=r"event store sqlite:///.*log.db: the disk is full; nothing of this call was stored"
        ) as caught:
            store.append([Event("ann", "x" * 1000) for _ in range(200)])
        assert "\n" not in str(caught.value)
        assert store.count() == 1
        assert store.append([Event("ann", "ronin")]) == 2


def test_a_log_that_another_process_keeps_locked(tmp_path):
    with SqlStore(f"sqlite:///{tmp_path}/log.db", timeout_s=0.05) as store:
        store.append([Event("ann", "heat")])
        other = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert [event.item for event in store.history("ann", 9)] == ["heat"], "a writer must not block readers"
        with pytest.raises(StoreError, match="another process has been writing to it for too long"):
            store.append([Event("ann", "ronin")])
        other.execute("ROLLBACK")
        other.close()
        assert store.append([Event("ann", "ronin")]) == 2


def test_a_reader_does_not_block_the_writer(tmp_path):
    with SqlStore(f"sqlite:///{tmp_path}/log.db", timeout_s=0.05) as store:
        store.append([Event("ann", "heat")])
        with store._database.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM events").scalar() == 1
            assert store.append([Event("ann", "ronin")]) == 2
            assert connection.exec_driver_sql("SELECT count(*) FROM events").scalar() == 1, "it sees one state throughout"


def test_commits_reach_the_disk(tmp_path):
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store, store._database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def damaged(folder: Path) -> str:
    (folder / "log.db").write_bytes(b"not a database" * 100)
    return f"sqlite:///{folder}/log.db"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (damaged, "the file is not an SQLite database"),
        (lambda folder: f"sqlite:///{folder}/nowhere/log.db", "cannot be opened"),
        (lambda folder: f"sqlite:///{folder}", "cannot be opened"),
        (lambda folder: "nonsense", "the address must look like sqlite:///file.db, got 'nonsense'"),
        (lambda folder: "nonsense://ann:secret@host/log", r"event store nonsense://ann:\*\*\*@host/log: Can't load plugin"),
        (lambda folder: "oracle://ann:secret@host/log", "driver is not installed"),
    ],
)
def test_a_database_that_cannot_be_opened_is_one_sentence(make, sentence, tmp_path):
    with pytest.raises(StoreError, match=sentence) as caught:
        SqlStore(make(tmp_path))
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_read_only_database(tmp_path):
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store:
        store.append([Event("ann", "heat")])
    with SqlStore(f"sqlite:///file:{tmp_path}/log.db?mode=ro&uri=true") as store:
        assert [event.item for event in store.history("ann", 9)] == ["heat"]
        with pytest.raises(StoreError, match="it is read-only"):
            store.append([Event("ann", "ronin")])
