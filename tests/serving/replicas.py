"""Servers as processes: `bowerbird serve` on ports of their own, over one database."""

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import httpx


class Replica:
    """One `bowerbird serve` process."""

    def __init__(self, bundle: Path, store: str, linger_s: float = 0.0) -> None:
        words = ["serve", str(bundle), "--port", "0", "--store", store, "--linger", str(linger_s)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bowerbird", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)

    @cached_property
    def address(self) -> str:
        """Where it answers, once it does."""
        said = ""
        while not (found := re.search(r"http://[\d.:]+", said)):
            line = self.process.stdout.readline()
            assert line, said
            said += line
        self._reading.start()
        return found[0]

    def _read(self) -> None:
        """Keeps all but the lines of requests; a pipe that nobody reads fills up, and then the server waits."""
        with self.process.stdout as lines:
            self.said += [line for line in lines if "bowerbird.requests: " not in line]

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=60)

    def term(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reading.join()

    def ended(self) -> tuple[int, str]:
        """Its exit status, and what it said besides the lines of requests."""
        status = self.process.wait(60)
        self._reading.join()
        return status, "".join(self.said)


@contextmanager
def running(*replicas: Replica) -> Iterator[list[Replica]]:
    """What is put into the list meanwhile is ended with the others."""
    together = list(replicas)
    try:
        yield together
    finally:
        for replica in together:
            if replica.process.poll() is None:
                replica.kill()
