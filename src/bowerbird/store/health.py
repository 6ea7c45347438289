"""Whether a database across a network answers: what takes too long is cut off, and while it is gone nobody waits for it."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from bowerbird.errors import UnavailableError

LOOK_S = 0.1
"""How often it is looked at what takes too long."""

PROBE_S = 0.5
"""How often a database that is gone is asked whether it is there again."""


class Health:
    """Of one database; safe to use from many threads. Its threads are there only while there is something to watch.

    where  the database, for sentences
    probe  asks it for anything; raises UnavailableError while it is gone
    """

    def __init__(self, where: str, probe: Callable[[], None]) -> None:
        self._where, self._probe = where, probe
        self._due: dict[int, tuple[float, int]] = {}
        self._change = threading.Lock()
        self._closed = threading.Event()
        self._watching = self._down = False

    @property
    def down(self) -> bool:
        """Whether it is known to be gone."""
        return self._down

    def check(self) -> None:
        """Refuse at once what would only wait.

        raises  UnavailableError while the database is gone
        """
        if self._down:
            raise UnavailableError(f"{self._where}: does not answer; nothing of this call was stored, and it is asked again by itself")

    def lost(self) -> None:
        """The database is gone: until it answers, nobody but the probe asks it."""
        with self._change:
            if self._down or self._closed.is_set():
                return
            self._down = True
        threading.Thread(target=self._until_back, name="asking the database", daemon=True).start()

    @contextmanager
    def within(self, connection: Any, limit_s: float) -> Iterator[None]:
        """Cut a driver's connection off if the block takes longer: what waits for its answer then fails as if the database had hung up.

        connection  with a `fileno()`
        """
        mark = id(connection)
        with self._change:
            self._due[mark] = time.monotonic() + limit_s, connection.fileno()
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, name="watching the database", daemon=True).start()
        try:
            yield
        finally:
            with self._change:
                self._due.pop(mark, None)

    def close(self) -> None:
        """End the threads."""
        self._closed.set()

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_S)
            with self._change:
                now = time.monotonic()
                for mark in [mark for mark, (due, _) in self._due.items() if due < now]:
                    _hang_up(self._due.pop(mark)[1])
                if self._closed.is_set() and not self._due:
                    self._watching = False
                    return

    def _until_back(self) -> None:
        while not self._closed.wait(PROBE_S):
            with suppress(UnavailableError):
                self._probe()
                self._down = False
                return


def _hang_up(fileno: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(fileno)) as line:
        line.shutdown(socket.SHUT_RDWR)
