from contextlib import nullcontext
from datetime import datetime
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer

from bowerbird.cli.common import bars, err, out
from bowerbird.errors import ConfigError, DataError
from bowerbird.evaluation.benchmark import (
    SOURCES,
    SUITES,
    Hands,
    Options,
    Shelf,
    Suite,
    part_of,
    read_results,
    run,
    write_page,
    write_results,
)
from bowerbird.evaluation.peers import Peer, find_peers
from bowerbird.protocols import Progress
from bowerbird.types import Json


class SuiteName(StrEnum):
    """The suites there are."""

    SMALL = "small"
    FULL = "full"


SuiteOption = Annotated[
    SuiteName, typer.Option("--suite", help="small: the sample that comes with the package, cheap models; full: all data sets, all models.")
]
DataOption = Annotated[
    Path | None, typer.Option("--data", envvar="BOWERBIRD_DATA", help="Folder of the data sets; one that is not there is skipped.")
]
OnlyOption = Annotated[str, typer.Option("--only", help="A part of the suite: data=beauty,protocol=last,model=ease,model=blend.")]
PeersOption = Annotated[
    list[Path] | None, typer.Option("--peers", help="Programs of other libraries, or a folder of them: benchmarks/peers. May be repeated.")
]
WorkOption = Annotated[Path, typer.Option("--work", help="Where finished cells are kept; the same command goes on from there.")]
TrialsOption = Annotated[int, typer.Option("--trials", min=1, help="How many settings of each model are tried on validation.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Write all figures to this JSON file.")]
DocsOption = Annotated[Path, typer.Option("--docs", help="The page to write; its plots go into the folder of its name beside it.")]
ThreadsOption = Annotated[int, typer.Option("--threads", min=1, help="That each model may have.")]


def bench(
    suite: SuiteOption = SuiteName.SMALL,
    data: DataOption = None,
    seeds: Annotated[str, typer.Option("--seeds", help="Of the fits, separated by commas.")] = "0,1,2",
    trials: TrialsOption = 4,
    threads: ThreadsOption = 1,
    only: OnlyOption = "",
    peers: PeersOption = None,
    work: WorkOption = Path("runs/bench"),
    results: OutOption = None,
    docs: DocsOption = Path("docs/benchmarks.md"),
    render: Annotated[Path | None, typer.Option("--render", help="Measure nothing: write the page from this JSON file.")] = None,
) -> None:
    """Measure models on data sets, protocol by protocol, and write the page of the leaderboard."""
    for path in filter(None, (docs, results)):
        _must_be_writable(path)
    if find_spec("matplotlib") is None:
        raise ConfigError("bench: its plots need matplotlib: pip install 'bowerbird[bench]'")
    if render is None:
        options = Options(seeds=_numbers(seeds), trials=trials)
        measured = _measured(part_of(SUITES[suite], only), data, options, Shelf(work), threads, _peers(peers or []))
    else:
        measured = read_results(render)
    if results is not None:
        write_results(measured, results)
    write_page(measured, docs)
    out.print(f"Wrote {docs}.")


def _measured(suite: Suite, data: Path | None, options: Options, shelf: Shelf, threads: int, peers: list[Peer]) -> Json:
    """The results, and a sentence for every data set that is not there."""
    try:
        with bars() if err.is_terminal else nullcontext(_lines()) as progress:
            measured = run(suite, SOURCES, data, options, Hands(shelf, threads, progress=progress), peers)
    except KeyboardInterrupt:
        err.print(f"Stopped. What is finished lies in {shelf.folder}; the same command goes on from there.")
        raise
    for one in measured["missing"]:
        err.print(f"skipped: {one['title']}: {one['why']}", soft_wrap=True)
    return measured


def _lines() -> Progress:
    """Says once of each row that it is begun: what a log file can show of hours."""
    said: set[str] = set()

    def report(what: str, done: int, total: int) -> None:
        row = what.rpartition(",")[0]
        if row and row not in said and done < total:
            said.add(row)
            err.print(f"{datetime.now():%H:%M} {row}", soft_wrap=True)

    return report


def _numbers(words: str) -> tuple[int, ...]:
    numbers = tuple(int(word) for word in words.split(",") if word.strip().isdecimal())
    if not numbers or len(set(numbers)) < len(words.split(",")):
        raise ConfigError(f"seeds: must be different whole numbers from 0, separated by commas, got {words!r}")
    return numbers


def _peers(places: list[Path]) -> list[Peer]:
    """The programs named, and those of the folders named."""
    found: list[Peer] = []
    for place in places:
        here = find_peers(place if place.is_dir() else place.parent)
        here = here if place.is_dir() else [peer for peer in here if peer.script == place]
        if not here:
            raise ConfigError(
                f"peers: {place} must be a program (.py) with its requirements (.txt) beside it, or a folder of such, got neither"
            )
        found += here
    return found


def _must_be_writable(path: Path) -> None:
    """Better now than after hours."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror})") from None
