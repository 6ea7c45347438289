"""What was done with the bundles of a folder, by whom and why: a file that is only ever added to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from bowerbird.config import Settings

Act = Literal["promoted", "refused", "rolled back", "removed"]


class Step(Settings):
    """One step.

    at       aware UTC
    act      what came of it
    bundle   fingerprint; None for a challenger that was fitted, lost, and was never written
    by       who: command line, server, retraining, guard, canary
    why      in a sentence
    over     fingerprint of the bundle that was live before the step; None if there was none
    forced   whether it was not judged, since somebody said so
    figures  of the contest that decided, by name
    """

    at: datetime
    act: Act
    bundle: str | None
    by: str
    why: str
    over: str | None = None
    forced: bool = False
    figures: dict[str, float] = Field(default_factory=dict)


class Audit:
    """Steps in a file of JSON Lines, oldest first. A step is on disk when `add` returns; lines of several processes do not mix.

    file  made with the first step
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def add(self, step: Step) -> None:
        """Add a step.

        raises  OSError if the disk does not let us
        """
        with self.file.open("ab+") as file:
            flock(file, LOCK_EX)
            whole = file.seek(0, os.SEEK_END) == 0 or (file.seek(-1, os.SEEK_END) and file.read(1) == b"\n")
            file.write((b"" if whole else b"\n") + step.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> tuple[list[Step], int]:
        """All steps, and how many lines are none: cut short when their process was killed, or damaged since."""
        if not self.file.exists():
            return [], 0
        steps, damaged = [], 0
        for line in self.file.read_bytes().splitlines():
            try:
                steps.append(Step.model_validate_json(line))
            except ValidationError:
                damaged += 1
        return steps, damaged


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """No two processes, nor two threads, are in the block with one file at a time.

    raises  OSError if the file cannot be made
    """
    with file.open("ab") as held:
        flock(held, LOCK_EX)
        yield
