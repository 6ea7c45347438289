"""Servers as processes: `bowerbird serve` on ports of their own, over one database."""

import re
import signal
import subprocess
import sys
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

    @cached_property
    def address(self) -> str:
        """Where it answers, once it does."""
        said = ""
        while not (found := re.search(r"http://[\d.:]+", said)):
            line = self.process.stdout.readline()
            assert line, said
            said += line
        return found[0]

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=60)

    def term(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def ended(self) -> tuple[int, str]:
        said, _ = self.process.communicate(timeout=60)
        return self.process.returncode, said


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
