"""Programs that bring other libraries to the same questions, each in its own environment, where their requirements may clash."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bowerbird.errors import BowerbirdError
from bowerbird.evaluation.exchange import forget_answers
from bowerbird.evaluation.task import Report, read_report, read_task

ENVIRONMENTS = ".venv-peers"
"""The folder of the environments, beside the peers' scripts; git does not see it."""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS", "POLARS_MAX_THREADS")
"""What the libraries under the peers read the number of their threads from."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A script that answers an exchange folder, and a file of the same name, `.txt`, that says what must be installed for it."""

    script: Path

    @property
    def name(self) -> str:
        """The script's, without its ending."""
        return self.script.stem

    @property
    def requirements(self) -> Path:
        """As pip reads them, each pinned to one version."""
        return self.script.absolute().with_suffix(".txt")

    @property
    def environment(self) -> Path:
        """The folder of its own environment."""
        return self.script.absolute().parent / ENVIRONMENTS / self.name


class PeerError(BowerbirdError):
    """A peer cannot be installed, or its run ended otherwise than it should."""


def find_peers(folder: Path) -> list[Peer]:
    """The scripts of the folder that have requirements beside them, by name."""
    return [peer for peer in map(Peer, sorted(folder.glob("*.py"))) if peer.requirements.is_file()]


def run(peer: Peer, exchange: Path, python: Path | None = None, seconds: float | None = None) -> Report | str:
    """Let the peer answer the folder; what it printed stays there in `<name>.log`.

    python   runs it, and no environment is made; None = the peer's own, made where it is missing or its requirements have changed
    seconds  of wall time that its answer may take; None = as long as it needs
    returns  what it says of its run, or one sentence on why there is no answer
    cost     the first time some minutes and up to gigabytes of disk, to install the library
    """
    exchange = exchange.absolute()
    log = exchange / f"{peer.name}.log"
    log.unlink(missing_ok=True)
    forget_answers(exchange)
    try:
        threads = str(read_task(exchange).threads)
        python = python or install(peer, log)
        call([python, peer.script.absolute(), exchange], log, dict.fromkeys(THREADS, threads), seconds)
        return read_report(exchange)
    except BowerbirdError as failure:
        return f"{peer.name}: {failure}"


def install(peer: Peer, log: Path) -> Path:
    """The Python of the peer's own environment, made where it is missing or its requirements have changed.

    log     what the installer says is appended here
    raises  PeerError where the requirements cannot be installed
    """
    wanted = peer.requirements.read_text(encoding="utf-8")
    python, seal = peer.environment / "bin" / "python", peer.environment / "installed.txt"
    if seal.is_file() and seal.read_text(encoding="utf-8") == wanted:
        return python
    seal.unlink(missing_ok=True)
    try:
        call([sys.executable, "-m", "venv", "--clear", peer.environment], log)
        call([python, "-m", "pip", "install", "--disable-pip-version-check", "--requirement", peer.requirements], log)
    except PeerError as failure:
        raise PeerError(f"cannot be installed: {failure}") from None
    seal.write_text(wanted, encoding="utf-8")
    return python


def call(command: Sequence[str | Path], log: Path, variables: dict[str, str] | None = None, seconds: float | None = None) -> None:
    """Run a program to its end in the folder of `log`, its words appended to it: what it leaves about stays there.

    variables  of its environment, beside those of ours
    seconds    of wall time that it may take; None = as long as it needs
    raises     PeerError if it cannot be run, does not end in time, or ends with a code other than 0
    """
    words = [str(word) for word in command]
    try:
        with log.open("ab") as file:
            subprocess.run(words, stdout=file, stderr=file, env=os.environ | (variables or {}), cwd=log.parent, timeout=seconds, check=True)
    except subprocess.TimeoutExpired:
        raise PeerError(f"did not end within {seconds:g} seconds; {log} has what it said") from None
    except subprocess.CalledProcessError as error:
        raise PeerError(f"ended with code {error.returncode}, its last words {_last_words(log)!r}; {log} has the rest") from None
    except OSError as error:
        raise PeerError(f"{words[0]} cannot be run ({error.strerror})") from None


def _last_words(log: Path) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "")[:200]
