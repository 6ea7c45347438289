"""Writers that are killed, and databases that crash, while events are stored: what must be there afterwards is counted."""

import contextlib
import multiprocessing
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

from bowerbird.errors import UnavailableError
from bowerbird.store import SqlStore
from bowerbird.types import Event

WRITERS = 8
"""Threads that write at once; each sends its events one by one, and an event that was not acknowledged again, by the same key."""


@dataclass(frozen=True)
class Counted:
    """What came of it: `lost` were acknowledged and are not stored, `doubled` are stored more than once; both must be 0.

    again  how many were sent again, since nobody had said that they were stored
    """

    interruptions: int
    acknowledged: int
    stored: int
    again: int
    lost: int
    doubled: int


def killed(url: str, times: int, chance: random.Random) -> Counted:
    """Kill a process that writes, by SIGKILL at a moment of chance, again and again."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["killing"])
    next_of, again = [0] * WRITERS, 0
    for _ in range(times):
        mine, its = context.Pipe(duplex=False)
        process = context.Process(target=_write, args=(url, tuple(next_of), its), daemon=True)
        process.start()
        its.close()
        heard = _listen(mine, chance.randint(1, 150))
        time.sleep(chance.random() * 0.02)
        os.kill(process.pid or 0, signal.SIGKILL)
        heard += _listen(mine, 10**9)
        process.join()
        mine.close()
        for writer, number in heard:
            next_of[writer] = max(next_of[writer], number + 1)
        again += WRITERS
    return counted(url, times, next_of, again)


def interrupted(url: str, times: int, interrupt: Callable[[], object], chance: random.Random) -> Counted:
    """Let a database be interrupted while threads of this process write, again and again; they go on by themselves."""
    over, next_of, again = threading.Event(), [0] * WRITERS, Counter[int]()

    def work(writer: int) -> None:
        while not over.is_set():
            try:
                store.append([event(writer, next_of[writer])])
                next_of[writer] += 1
            except UnavailableError:
                again[writer] += 1
                time.sleep(0.02)

    with SqlStore(url) as store:
        threads = [threading.Thread(target=work, args=(writer,)) for writer in range(WRITERS)]
        for thread in threads:
            thread.start()
        for _ in range(times):
            before = sum(next_of)
            while sum(next_of) < before + chance.randint(1, 150):
                time.sleep(0.002)
            interrupt()
        over.set()
        for thread in threads:
            thread.join()
    return counted(url, times, next_of, again.total())


def counted(url: str, interruptions: int, next_of: Sequence[int], again: int) -> Counted:
    """Compare what was acknowledged with what is stored."""
    with SqlStore(url) as store:
        stored = [Counter(kept.key for kept in store.history(f"writer {writer}", 10**7)) for writer in range(WRITERS)]
    lost = sum(stored[writer][event(writer, number).key] == 0 for writer in range(WRITERS) for number in range(next_of[writer]))
    doubled = sum(times > 1 for of in stored for times in of.values())
    return Counted(interruptions, sum(next_of), sum(of.total() for of in stored), again, lost, doubled)


def event(writer: int, number: int) -> Event:
    """The event that a writer sends at its turn."""
    return Event(f"writer {writer}", f"{number}", key=f"{writer}/{number}")


def _listen(line: Connection, most: int) -> list[tuple[int, int]]:
    heard = []
    with contextlib.suppress(EOFError, OSError):
        while len(heard) < most:
            heard.append(line.recv())
    return heard


def _write(url: str, next_of: Sequence[int], line: Connection) -> None:
    speaking = threading.Lock()

    def work(writer: int) -> None:
        number = next_of[writer]
        while True:
            store.append([event(writer, number)])
            with speaking:
                line.send((writer, number))
            number += 1

    with SqlStore(url) as store:
        threads = [threading.Thread(target=work, args=(writer,)) for writer in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
