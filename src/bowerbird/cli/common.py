"""What several commands share: their options, their inputs and how long work is shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from bowerbird import protocols
from bowerbird.bundle import Config
from bowerbird.data import CleaningReport, Dataset, clean, read
from bowerbird.store import SqlStore

EventsOption = Annotated[Path, typer.Option("--events", help="Behaviour: CSV, TSV, JSON Lines or Parquet, or a folder of a known format.")]
ItemsOption = Annotated[Path | None, typer.Option("--items", help="The catalogue: CSV, TSV, JSON Lines or Parquet.")]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="Settings, a TOML file.")]
StoreOption = Annotated[str, typer.Option("--store", help="The event log: a database URL.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Of everything random.")]

NO_TERMINAL_WIDTH = 160
"""Columns of a table that goes to a file or a pipe."""

out = Console()
err = Console(stderr=True)
for console in (out, err):
    if not console.is_terminal:
        console.width = NO_TERMINAL_WIDTH


def settings(config: Path | None) -> Config:
    """The settings of the file, or all defaults."""
    return Config() if config is None else Config.load(config)


def dataset(events: Path, items: Path | None, config: Config, progress: protocols.Progress, erased: str | None = None) -> Dataset:
    """Read and clean the data, and say what was left out.

    erased  an event log, a database URL: what was erased from it, or has expired, is left out
    """
    raw = read(events, items, config.data)
    if erased is not None:
        with SqlStore(erased) as log:
            left = log.spared(raw.events)
        err.print(f"{len(raw.events) - len(left):,} events of people who were erased, or too old, were left out.")
        raw = replace(raw, events=left)
    data = clean(raw, config.data, progress=progress)
    err.print(cleaning_table(data.report))
    return data


def cleaning_table(report: CleaningReport) -> Table:
    """The cleaning report as a table: only the checks that found something."""
    table = Table(title="Cleaning", title_justify="left")
    rows = [row for row in report.to_json() if row["found"]]
    for column in ("check", "found", "kept", "mended", "left out", "why"):
        table.add_column(column, justify="left" if column in ("check", "why") else "right")
    for row in rows:
        table.add_row(row["check"], *(f"{row[key]:,}" for key in ("found", "kept", "mended", "left_out")), row["why"])
    return table


@contextmanager
def bars() -> Iterator[protocols.Progress]:
    """Progress bars on standard error, one for each job that reports; what stands behind a colon is the step that the job is at."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as shown:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            job = what.split(":", maxsplit=1)[0]
            if job not in tasks:
                tasks[job] = shown.add_task(job, total=total)
            shown.update(tasks[job], description=what, completed=done, total=total)

        yield report
