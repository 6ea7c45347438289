"""The event log under force, in short form: `make chaos` does the same for longer."""

import random
import resource
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import killing
import pytest

from bowerbird.errors import StoreError
from bowerbird.store import SqlStore
from bowerbird.types import Event


def test_kill_9_loses_nothing_and_doubles_nothing(url):
    found = killing.killed(url, times=5, chance=random.Random(7))
    assert (found.interruptions, found.lost, found.doubled) == (5, 0, 0)
    assert found.acknowledged >= 5


def test_a_database_that_crashes_while_it_is_written_to_loses_nothing(postgres, postgres_url):
    found = killing.interrupted(postgres_url, times=2, interrupt=lambda: postgres.restart("immediate"), chance=random.Random(7))
    assert (found.interruptions, found.lost, found.doubled) == (2, 0, 0)


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """A disk of its own in memory."""
    disk = folder / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("only root may mount a disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def fill(store: SqlStore) -> list[str]:
    """Append from several threads until each has been refused; the keys of what was acknowledged."""
    acknowledged: list[str] = []

    def work(writer: int) -> None:
        for n in range(10_000):
            try:
                store.append([Event("ann", "heat", text="x" * 2000, key=f"{writer}/{n}")])
            except StoreError:
                return
            acknowledged.append(f"{writer}/{n}")

    threads = [threading.Thread(target=work, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return acknowledged


def test_a_disk_that_fills_up_keeps_what_was_acknowledged_and_goes_on_when_there_is_room(tmp_path):
    with small_disk(tmp_path, "size=400k") as disk, SqlStore(f"sqlite:///{disk}/log.db") as store:
        (disk / "something else").write_bytes(b"x" * 100_000)
        acknowledged = fill(store)
        with pytest.raises(StoreError, match=r"the disk (is full|does not read or write as it should); nothing of this call was stored"):
            store.append([Event("ann", "ronin", text="x" * 50_000)])
        assert sorted(event.key for event in store.history("ann", 10**6)) == sorted(acknowledged)
        (disk / "something else").unlink()
        store.append([Event("ann", "ronin")])
        assert store.history("ann", 1)[0].item == "ronin"


def test_a_limit_on_the_size_of_files_is_a_full_disk(tmp_path):
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store:
        with no_file_longer_than(300_000):
            acknowledged = fill(store)
            assert sorted(event.key for event in store.history("ann", 10**6)) == sorted(acknowledged)
        store.append([Event("ann", "ronin")])
        assert store.count() == len(acknowledged) + 1


def test_a_disk_that_becomes_read_only_can_be_read_and_written_again_later(tmp_path):
    with small_disk(tmp_path, "size=4m") as disk, SqlStore(f"sqlite:///{disk}/log.db") as store:
        store.append([Event("ann", "heat")])
        store.close()  # a disk with files that are open for writing does not become read-only
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True, capture_output=True)
        with pytest.raises(StoreError, match=r"read-only|cannot be opened"):
            store.append([Event("ann", "ronin")])
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True, capture_output=True)
        assert store.append([Event("ann", "ronin")]) == 2


@pytest.mark.parametrize("offset", [-(2**200), -1, 2**53, 2**63, 2**200])
def test_an_offset_that_no_event_can_have_finds_what_came_before_it(url, offset):
    with SqlStore(url) as store:
        store.append([Event("ann", "heat")])
        store.put_items([{"item": "moon"}])
        some = int(offset > 0)
        assert len(store.history("ann", 9, up_to=offset)) == some
        assert len(store.history("ann", limit=max(offset, 0), up_to=offset)) == some
        assert len(store.items_since(offset)) == 1 - some
        assert len(store.newer(None, 0, offset, 9)) == 0
        assert sum(len(table) for table in store.tables(up_to=offset)) == some
        assert store.answers("s1", up_to=offset) == []
        assert store.snapshot("f00d", up_to=offset) is None
