"""One job in a process of its own: what it takes in memory is seen, what it leaves there is gone, and its end is not ours."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from bowerbird.errors import BowerbirdError
from bowerbird.evaluation.peers import THREADS
from bowerbird.protocols import Progress
from bowerbird.types import Json

Job = Callable[[Progress], Json]
"""Something to compute, that can be sent to another process: a function of a module, or a `functools.partial` of one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job.

    value       its answer; None if there is none
    peak_bytes  the most memory that its process had at once, libraries and data included; None for a job that gave no answer
    fault       why there is no answer
    """

    value: Json | None
    peak_bytes: int | None = None
    fault: str = ""


PATIENCE = 10.0
"""Seconds that a process has, once it has answered, to put its things away."""

Launch = Callable[[Job, int, Progress], Outcome]
"""A way to have a job done with so many threads: `apart`."""


def apart(job: Job, threads: int, progress: Progress) -> Outcome:
    """Do the job in a fresh process, which ends with it.

    An error that is one of ours is the outcome's fault; any other is printed by the process, and the fault says how it ended.

    Call it from the main thread, which is the one that hears Ctrl-C.

    cost    starting Python and its libraries, a second or two, and sending the job over
    """
    context = get_context("spawn")
    resource_tracker.ensure_running()  # here, since what starts it lets Ctrl-C through again
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs,))
    try:
        with _deaf(), _allowed(threads):
            process.start()
        theirs.close()
        with suppress(BrokenPipeError):
            ours.send(job)
        while (told := _said(ours, process.sentinel)) is not None:
            if isinstance(told, Outcome):
                process.join(PATIENCE)
                return told
            progress(*told)
        process.join()
        return Outcome(None, fault=_ending(process.exitcode or 0))
    finally:
        if process.pid is not None:
            process.kill()
            process.join()
        ours.close()


def _said(pipe: "Connection[Any, Any]", end: int) -> tuple[str, int, int] | Outcome | None:
    """What the process says next: how far it is, or what came of the job; None once it has ended without another word."""
    wait([pipe, end])
    try:
        told: tuple[str, int, int] | Outcome | None = pipe.recv() if pipe.poll() else None
    except (EOFError, ConnectionResetError):
        return None
    return told


def _work(pipe: "Connection[Any, Any]") -> None:
    """In the other process: take the job, do it, send back how far it is and what came of it."""
    job: Job = pipe.recv()
    try:
        value = job(lambda *step: pipe.send(step))
    except BowerbirdError as refusal:
        pipe.send(Outcome(None, fault=str(refusal)))
    else:
        pipe.send(Outcome(value, peak_memory()))


def peak_memory() -> int:
    """The most bytes that this process has had in memory so far.

    On Linux from the kernel's own count for this program: `getrusage` also counts what the program that started us had.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii", errors="replace").splitlines() if line.startswith("VmHWM:"))
        return 1024 * int(line.split()[1])
    from resource import RUSAGE_SELF, getrusage  # noqa: PLC0415 not on every system, and the whole command line imports this file

    return getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@contextmanager
def _allowed(threads: int) -> Iterator[None]:
    """The environment of a process that may have so many threads."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _deaf() -> Iterator[None]:
    """What is started here does not hear Ctrl-C, which would print where it was; whoever starts it hears it when this ends."""
    heard: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # a mask goes to the new process, a handler does not
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if heard:
        raise KeyboardInterrupt


def _ending(code: int) -> str:
    if code < 0:
        return f"its process was ended by {signal.Signals(-code).name}" + (" (too little memory?)" if code == -9 else "")
    return f"its process ended with exit code {code}"
