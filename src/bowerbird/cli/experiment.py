import json
from pathlib import Path
from typing import Annotated

import typer

from bowerbird import experiments
from bowerbird.bundle import Bundle, now
from bowerbird.cli.common import StoreOption, out
from bowerbird.errors import ConfigError
from bowerbird.evaluation.replay import needed
from bowerbird.experiments import Trial
from bowerbird.store import SqlStore
from bowerbird.store.files import whole_file

experiment = typer.Typer(no_args_is_help=True, help="Experiments: `serve --experiment FILE` runs one; here is what comes of it.")


@experiment.callback()
def _group() -> None:
    """A group, though it has one command."""


@experiment.command()
def report(
    settings: Annotated[Path, typer.Argument(help="The experiment, a TOML file with the table [experiment].")],
    bundle: Annotated[
        Path, typer.Option("--bundle", help="The bundle of the control: it says what is liked, and how far items are apart.")
    ],
    store: StoreOption = "sqlite:///bowerbird.db",
    report: Annotated[Path | None, typer.Option("--out", help="Write everything found to this JSON file.")] = None,
    plots: Annotated[Path | None, typer.Option("--plots", help="Draw how the differences grew sure into this folder.")] = None,
) -> None:
    """Compare the arms by what their users did. It may be looked at at any time, and ended at any look."""
    for library in ("plotly", "matplotlib") if plots else ():
        needed(library)
    chosen = Trial.load(settings).experiment
    if chosen is None:
        raise ConfigError(f"{settings}: must have the table [experiment]; what a shadow found is in the metrics of its server")
    with SqlStore(store) as log:
        found = experiments.outcomes(chosen, log, Bundle.load(bundle), now())
    measured = experiments.to_json(chosen, found)
    out.print(experiments.table(measured))
    for sentence in experiments.said(measured):
        out.print(sentence, highlight=False, soft_wrap=True)
    if report is not None:
        with whole_file(report) as part:
            part.write_text(json.dumps(measured, indent=1, allow_nan=False), encoding="utf-8")
        out.print(f"Wrote {report}.")
    if plots is not None:
        out.print("Wrote " + ", ".join(str(path) for path in experiments.draw(measured, plots)) + ".")
