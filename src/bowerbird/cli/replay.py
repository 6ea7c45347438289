import json
from pathlib import Path
from typing import Annotated

import typer

from bowerbird.bundle import Config
from bowerbird.cli.common import EventsOption, ItemsOption, SeedOption, bars, dataset, out, settings
from bowerbird.data import Dataset
from bowerbird.errors import ConfigError
from bowerbird.evaluation import replay as replaying
from bowerbird.fitting import read_catalogue
from bowerbird.protocols import Progress
from bowerbird.store.files import whole_file

CADENCES = ("frozen", "masked", "daily", "event")
"""Where none is named."""

ConfigsOption = Annotated[
    list[Path] | None, typer.Option("--config", help="Settings, a TOML file. May be repeated, to compare; the first reads the data.")
]
CadenceOption = Annotated[
    list[str] | None,
    typer.Option("--cadence", help="When what happened is known: frozen, masked, daily, event, or hours as 6h. May be repeated."),
]
RefitOption = Annotated[
    list[float] | None, typer.Option("--refit-days", help="Also per event, with a fit every so many days. May be repeated.")
]


def replay(
    events: EventsOption,
    items: ItemsOption = None,
    config: ConfigsOption = None,
    cadence: CadenceOption = None,
    part: Annotated[float, typer.Option("--part", help="The newest share of the log, which is replayed.")] = 1 / 3,
    delay: Annotated[float, typer.Option("--delay", min=0, help="Seconds until an event is revealed.")] = 0.0,
    refit_days: RefitOption = None,
    k: Annotated[int, typer.Option("--k", min=1, help="NDCG and hits at this cut-off.")] = 10,
    parts: Annotated[int, typer.Option("--parts", min=1, help="Of the curve over time.")] = 20,
    report: Annotated[Path | None, typer.Option("--out", help="Write everything measured to this JSON file.")] = None,
    plots: Annotated[Path | None, typer.Option("--plots", help="Draw both curves into this folder.")] = None,
    seed: SeedOption = 0,
) -> None:
    """Go through the newest part of the log in the order of time: ask before each event, learn after it, and compare how soon."""
    for library in ("plotly", "matplotlib") if plots else ():
        replaying.needed(library)
    named = {str(path): settings(path) for path in config or []} or {"default": Config()}
    cadences = [replaying.cadence(name, delay) for name in cadence or CADENCES]
    cadences += [replaying.cadence("event", delay, days) for days in refit_days or []]
    with bars() as progress:
        data = dataset(events, items, _reader(named), progress)
        systems = [_system(name, data, chosen, progress) for name, chosen in named.items()]
        gone = replaying.replay(data.log, systems, cadences, part=part, k=k, seed=seed, progress=progress)
        measured = replaying.to_json(gone, data.fingerprint, parts)
    for table in replaying.tables(measured):
        out.print(table)
    for sentence in replaying.said(measured):
        out.print(sentence, highlight=False, soft_wrap=True)
    if report is not None:
        with whole_file(report) as part_of_it:
            part_of_it.write_text(json.dumps(measured, indent=1, allow_nan=False), encoding="utf-8")
        out.print(f"Wrote {report}.")
    if plots is not None:
        out.print("Wrote " + ", ".join(str(path) for path in replaying.draw(measured, plots)) + ".")


def _reader(named: dict[str, Config]) -> Config:
    """The settings that the data are read with: all must read the same."""
    first, *rest = named.values()
    if any(other.data != first.data for other in rest):
        raise ConfigError("replay: the [data] tables of all settings must be the same, else they would not be asked the same")
    return first


def _system(name: str, data: Dataset, config: Config, progress: Progress) -> replaying.System:
    return replaying.System(name, config.model, read_catalogue(data.catalogue, config, progress=progress), config.ranking)
