"""A command of Bowerbird in a process of its own, so that requests do not wait for its arithmetic."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from tempfile import TemporaryFile

from bowerbird.evaluation.peers import THREADS

PATIENCE = 10.0
"""Seconds that a process has, once it was told to end, to put its things away."""


class Child:
    """`python -m bowerbird WORDS`, started at once; it ends by itself or by `end`.

    words     of the command line
    threads   that it may compute with
    niceness  how far it stands back behind other processes, 0..19
    raises    OSError if it cannot be started
    """

    def __init__(self, words: Sequence[str], *, threads: int = 1, niceness: int = 10) -> None:
        self._said = TemporaryFile()  # noqa: SIM115 closed by `end`; a pipe would have to be read all the time
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bowerbird", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            env={**os.environ, **dict.fromkeys(THREADS, str(threads))},
            start_new_session=True,  # Ctrl-C on a terminal is for the server, which then ends this
        )
        os.setpriority(os.PRIO_PROCESS, self._process.pid, min(os.getpriority(os.PRIO_PROCESS, 0) + niceness, 19))

    def ended(self) -> str | None:
        """None while it runs; then "", or why it failed, in a sentence."""
        code = self._process.poll()
        if code is None:
            return None
        if code == 0:
            return ""
        if code < 0:
            return f"its process was ended by {signal.Signals(-code).name}" + (" (too little memory?)" if code == -9 else "")
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return lines[-1].removeprefix("error: ") if lines else f"its process ended with exit code {code}"

    def end(self) -> None:
        """Tell it to end as Ctrl-C does, so that it leaves nothing half written; kill it if it does not. Waits until it is gone."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        self._said.close()
