"""Does the event log hold under force? `python benchmarks/chaos.py [--times N] [--gone SECONDS] [--seed N]`, or `make chaos`.

Processes that write are killed by SIGKILL at moments of chance, on SQLite and PostgreSQL; PostgreSQL crashes while it is written to;
then it is gone for a while, while one thread posts events and another asks for slates. Nothing may be lost or doubled.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bowerbird.errors import UnavailableError
from bowerbird.store import SqlStore
from bowerbird.types import Event

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
import killing
import postgres


def show(what: str, found: killing.Counted) -> bool:
    """One line; whether it holds."""
    counts = f"{found.acknowledged:,} acknowledged, {found.stored:,} stored, {found.again:,} sent again"
    print(f"{what}, {found.interruptions} times: {counts}, {found.lost} lost, {found.doubled} doubled", flush=True)
    return found.lost == found.doubled == 0


def gone(server: postgres.Postgres, engine: Any, seconds: float) -> bool:
    """A database that is stopped for a while, under an engine that is asked and told."""
    over, came, stored = threading.Event(), Counter[str](), 0
    user = engine.users(1)[0]

    def ask() -> None:
        while not over.is_set():
            begun = time.perf_counter()
            came["slates with a note" if engine.recommend(user=user).notes else "slates"] += 1
            came["slowest slate, ms"] = max(came["slowest slate, ms"], round((time.perf_counter() - begun) * 1000))

    def tell() -> None:
        nonlocal stored
        while not over.is_set():
            try:
                engine.observe([Event("teller", engine.catalogue.ids[0], key=f"told/{stored}")])
                stored += 1
            except UnavailableError:
                came["events refused"] += 1
                time.sleep(0.02)

    threads = [threading.Thread(target=work) for work in (ask, tell)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    server.stop()
    time.sleep(seconds)
    server.start()
    back, before = time.perf_counter(), stored
    while stored < before + 10:
        time.sleep(0.01)
    came["back after, ms"] = round((time.perf_counter() - back) * 1000)
    over.set()
    for thread in threads:
        thread.join()
    kept = [event.key for event in engine.store.history("teller", 10**7)]
    print(f"gone for {seconds:g} s: " + ", ".join(f"{what} {count:,}" for what, count in sorted(came.items())))
    return sorted(set(kept)) == sorted(kept) == sorted(f"told/{n}" for n in range(stored))


def engine_on(store: SqlStore) -> Any:
    """An engine fitted on the sample."""
    from bowerbird import Config, Engine, clean, fit, read, sample_path  # noqa: PLC0415 each process that is killed reads this file first
    from bowerbird.data import DataSettings  # noqa: PLC0415 likewise
    from bowerbird.models import Ease  # noqa: PLC0415 likewise

    config = Config(data=DataSettings(format="movielens"), model=Ease())
    return Engine(fit(clean(read(sample_path(), settings=config.data), config.data), config), store)


def main() -> None:
    """Do all of it; exit code 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--gone", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as folder, postgres.started(settings=()) as server:
        url = server.database()
        held = [
            show("kill -9, SQLite", killing.killed(f"sqlite:///{folder}/log.db", given.times, chance)),
            show("kill -9, PostgreSQL", killing.killed(url, given.times, chance)),
            show("PostgreSQL crashes", killing.interrupted(server.database(), given.times, lambda: server.restart("immediate"), chance)),
        ]
        with SqlStore(server.database()) as store:
            held.append(gone(server, engine_on(store), given.gone))
    print("all held" if all(held) else "NOT all held")
    sys.exit(not all(held))


if __name__ == "__main__":
    main()
