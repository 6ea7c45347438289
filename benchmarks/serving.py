"""Latency of the served engine at a load that does not wait for it: `python benchmarks/serving.py`.

A bundle of `ials` vectors of the MovieLens sample, grown to the size asked for (`benchmarks/retrieval.py`), is saved and served by
`bowerbird serve` with 600 real histories in its log. Requests arrive at fixed instants, whatever became of those before; a latency counts
from the instant at which the request was due, so that waiting in line is in it (no coordinated omission). Nine of ten ask for a slate:
history from the database, retrieval, DPP 20 of 200, certificates, JSON. One of ten stores an event, durably. The server is held to the
first core (`--cores` for more); the load runs where the system puts it.

Beside it, in the same run, what the same framework takes for an endpoint that does nothing but answer as many bytes: the ceiling.

    python benchmarks/serving.py --items 10000,100000,1000000 --rate 100 --seconds 30
    python benchmarks/serving.py --items 100000 --rate 50,100,200,300,400 --cores 2
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import numpy as np
import polars as pl

from bowerbird.bundle import Bundle, Config
from bowerbird.data import Catalogue, DataSettings, clean, read, sample_path
from bowerbird.models import Ials
from bowerbird.models.ials import IalsModel, gram
from bowerbird.pipeline import RankingSettings
from bowerbird.retrieval import Retriever, RetrieveSettings
from bowerbird.types import History, Query
from retrieval import grown

K, DIVERSITY, LENGTH, SETTING = 20, 0.3, 50, 200
LINES = 64
"""Connections of the load; more requests than that are never under way."""

TRIVIAL = """
import sys, uvicorn
from fastapi import FastAPI, Response
app, body = FastAPI(), b"x" * int(sys.argv[2])
@app.post("/v1/recommendations")
def answer(wish: dict) -> Response:
    return Response(body, media_type="application/json")
uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, port=int(sys.argv[1]))).run()
"""


@dataclass(frozen=True)
class Answered:
    """One request: when it was due, seconds from then to the last byte, whether it was answered, how long the answer is."""

    due: float
    took: float
    well: bool
    size: int


def make(n_items: int, folder: Path, settings: RetrieveSettings) -> list[str]:
    """A bundle of so many items in the folder; returns its users."""
    how = DataSettings(format="movielens")
    data = clean(read(sample_path(), None, how), how)
    model = Ials().fit(data.log, data.catalogue, np.random.default_rng(0))
    real = np.flatnonzero(model.scorable)
    vectors = grown(model.item_vectors[real], n_items, np.random.default_rng(0))
    scorer = IalsModel(vectors, gram(vectors), model.l2, model.alpha, model.half_life_events)
    place = np.full(len(data.catalogue), -1)
    place[real[:n_items]] = np.arange(min(len(real), n_items))
    histories = [History.of(place[items[place[items] >= 0]]) for items in (data.log.history(user).items for user in range(SETTING))]
    retriever = None
    if n_items >= settings.from_items:
        retriever = Retriever.build(scorer, [Query(history.last(LENGTH)) for history in histories], settings)
    ids = [f"item-{number}" for number in range(n_items)]
    named = {data.catalogue.ids[number]: ids[place[number]] for number in real[:n_items].tolist()}
    events = data.events.select("user", "item", "time", "kind", "value").filter(pl.col("item").is_in(list(named)))
    events = events.with_columns(pl.col("item").replace_strict(named)).group_by("user", maintain_order=True).tail(LENGTH)
    catalogue = Catalogue.of(ids).with_vectors(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    config = Config(data=how, model=Ials(), ranking=RankingSettings(retrieve=settings))
    Bundle(config, catalogue, scorer, data.scale, events, "grown", 0, datetime.now(UTC), retriever=retriever).save(folder)
    return events["user"].unique().sort().to_list()


@contextmanager
def running(command: Sequence[str], port: int, cores: Sequence[int]) -> Iterator[int]:
    """A server on these cores, until the block ends; its process."""
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.sched_setaffinity(0, everywhere)
    try:
        for _ in range(600):
            if server.poll() is not None:
                raise SystemExit(f"the server ended with {server.returncode}")
            try:
                HTTPConnection("127.0.0.1", port, timeout=5).request("GET", "/readyz")
                break
            except OSError:
                time.sleep(0.5)
        yield server.pid
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)


def load(port: int, users: Sequence[str], n_items: int, rate: float, seconds: float) -> list[Answered]:
    """Requests at fixed instants; all have been answered, or have failed, when it returns."""
    begun, turn, lock = time.perf_counter() + 0.2, iter(range(int(rate * seconds))), threading.Lock()
    answered: list[Answered] = []

    def line() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        while True:
            with lock:
                number = next(turn, None)
            if number is None:
                return
            due = begun + number / rate
            time.sleep(max(due - time.perf_counter(), 0))
            answered.append(ask(connection, users[number % len(users)], number, n_items, due))

    lines = [threading.Thread(target=line) for _ in range(LINES)]
    for one in lines:
        one.start()
    for one in lines:
        one.join()
    return answered


def ask(connection: HTTPConnection, user: str, number: int, n_items: int, due: float) -> Answered:
    """One request over a connection that stays open."""
    if number % 10 == 9:
        path, body = "/v1/events", {"events": [{"user": user, "item": f"item-{number * 7919 % n_items}", "kind": "view"}]}
    else:
        path, body = "/v1/recommendations", {"user": user, "k": K, "diversity": DIVERSITY, "explain": True}
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        size, well = len(answer.read()), answer.status < 300
    except (OSError, HTTPException):
        connection.close()
        size, well = 0, False
    return Answered(due, time.perf_counter() - due, well, size)


def resident_mb(process: int) -> tuple[float, float]:
    """Megabytes of memory that a process holds: all, and without what it maps from files and others may share."""
    told = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    return tuple(int(told[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon"))  # type: ignore[return-value]


def show(what: str, n_items: int, rate: float, answered: Sequence[Answered], memory: tuple[float, float] | None) -> None:
    """A line of the table."""
    took = 1000 * np.array([one.took for one in answered])
    places = np.quantile(took, (0.5, 0.95, 0.99, 0.999))
    failed = sum(not one.well for one in answered)
    span = max(one.due + one.took for one in answered) - min(one.due for one in answered)
    held = "– | –" if memory is None else f"{memory[0]:.0f} | {memory[1]:.0f}"
    figures = " | ".join(f"{place:.1f}" for place in places)
    print(f"| {what} | {n_items} | {rate:.0f} | {len(answered) / span:.0f} | {figures} | {failed} | {held} |", flush=True)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--items", default="10000,100000", help="sizes of catalogue, with commas")
    options.add_argument("--rate", default="100", help="requests a second, with commas")
    options.add_argument("--seconds", type=float, default=30.0)
    options.add_argument("--cores", type=int, default=1, help="cores of the server, from the first one on")
    options.add_argument("--from-items", type=int, default=RetrieveSettings().from_items, help="as in [ranking.retrieve]")
    options.add_argument("--port", type=int, default=8765)
    given = options.parse_args()
    cores = sorted(os.sched_getaffinity(0))[: given.cores]
    settings = RetrieveSettings(from_items=given.from_items)
    print(f"slates of {K} at diversity {DIVERSITY}, with reasons; one request of ten is an event; {given.cores} core(s), milliseconds\n")
    print("| server | items | asked/s | answered/s | p50 | p95 | p99 | p99.9 | failed | memory, MB | of it its own |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    size = 0
    for n_items in (int(one) for one in given.items.split(",")):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            users = make(n_items, folder / "bundle", settings)
            store = f"sqlite:///{folder}/log.db"
            serve = [sys.executable, "-m", "bowerbird", "serve", str(folder / "bundle"), "--port", str(given.port), "--store", store]
            with running(serve, given.port, cores) as process:
                load(given.port, users, n_items, min(50.0, float(given.rate.split(",")[0])), 5)
                for rate in (float(one) for one in given.rate.split(",")):
                    answered = load(given.port, users, n_items, rate, given.seconds)
                    size = max(size, int(np.median([one.size for one in answered])))
                    show("bowerbird", n_items, rate, answered, resident_mb(process))
    with running([sys.executable, "-c", TRIVIAL, str(given.port), str(size)], given.port, cores):
        for rate in (float(one) for one in given.rate.split(",")):
            answered = [one for one in load(given.port, ["u"], 1, rate, given.seconds) if one.well]
            show(f"nothing but {size} bytes", 0, rate, answered, None)


if __name__ == "__main__":
    main()
