import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bowerbird.bundle import Config
from bowerbird.cli.common import ConfigOption, EventsOption, ItemsOption, SeedOption, bars, dataset, out, settings
from bowerbird.data import Dataset
from bowerbird.evaluation import leaderboard, tables, to_json
from bowerbird.fitting import read_catalogue
from bowerbird.protocols import Progress
from bowerbird.store.files import whole_file
from bowerbird.types import Json


class SplitKind(StrEnum):
    """The ways to split."""

    TIME = "time"
    LAST = "last"
    USERS = "users"


TrialsOption = Annotated[int, typer.Option("--trials", min=1, help="How many settings of each model are tried on validation.")]


def evaluate(
    events: EventsOption,
    items: ItemsOption = None,
    config: ConfigOption = None,
    split_kind: Annotated[SplitKind | None, typer.Option("--split", help="How to split; the config's unless given.")] = None,
    report: Annotated[Path | None, typer.Option("--out", help="Write everything measured to this JSON file.")] = None,
    k: Annotated[list[int] | None, typer.Option("--k", min=1, help="Cut-offs; the first heads the table. May be repeated.")] = None,
    trials: TrialsOption = 4,
    controls: Annotated[bool, typer.Option("--controls", help="Also with shuffled texts and random vectors.")] = False,
    refit: Annotated[bool, typer.Option("--refit/--no-refit", help="Whether the judged fit also reads the validation events.")] = True,
    seed: SeedOption = 0,
) -> None:
    """Hold the configured model against tuned baselines on events it has not seen, and print the table."""
    chosen = settings(config)
    if split_kind is not None:
        chosen = chosen.model_copy(update={"split": chosen.split.model_copy(update={"kind": split_kind.value})})
    with bars() as progress:
        data = dataset(events, items, chosen, progress)
        measured = measure(data, chosen, k or [10], trials, seed, progress, controls=controls, refit=refit)
    show(measured)
    if report is not None:
        with whole_file(report) as part:
            part.write_text(json.dumps(measured, indent=1, allow_nan=False), encoding="utf-8")
        out.print(f"Wrote {report}.")


def measure(
    data: Dataset,
    config: Config,
    ks: list[int],
    trials: int,
    seed: int,
    progress: Progress,
    *,
    controls: bool = False,
    refit: bool = True,
) -> Json:
    """The leaderboard of the configured model and the baselines."""
    catalogue = read_catalogue(data.catalogue, config, progress=progress)
    board = leaderboard(
        config.split_of(data.log, seed),
        catalogue,
        {config.model.kind: config.model},
        ranking=config.ranking,
        controls=controls,
        budget=trials,
        ks=ks,
        seed=seed,
        refit=refit,
        progress=progress,
    )
    return to_json(board, data.fingerprint)


def show(measured: Json) -> None:
    """Print the tables."""
    for table in tables(measured):
        out.print(table)
