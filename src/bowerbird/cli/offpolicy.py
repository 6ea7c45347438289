import json
from pathlib import Path
from typing import Annotated

import typer

from bowerbird.bundle import Bundle
from bowerbird.cli.common import ConfigOption, SeedOption, bars, out, settings
from bowerbird.evaluation import offpolicy as judging
from bowerbird.store import SqlStore
from bowerbird.store.files import whole_file


def offpolicy(
    bundle: Annotated[Path, typer.Argument(help="The folder of the bundle that the target policy asks.")],
    config: ConfigOption = None,
    store: Annotated[str, typer.Option("--store", help="The log of events and slates: a database URL.")] = "sqlite:///bowerbird.db",
    clip: Annotated[float, typer.Option("--clip", min=1, help="Importance above it counts as this much.")] = 10.0,
    report: Annotated[Path | None, typer.Option("--out", help="Write everything measured to this JSON file.")] = None,
    seed: SeedOption = 0,
) -> None:
    """What would other ranking settings have earned? From slates that were served, their propensities and their answers.

    The target policy is the [ranking] table of --config, or else the bundle's own.
    """
    loaded = Bundle.load(bundle)
    ranking = loaded.config.ranking if config is None else settings(config).ranking
    with SqlStore(store) as log, bars() as progress:
        served = judging.served(log, loaded)
        target = judging.target_chances(log, loaded, ranking, served.slates, progress)
    said = judging.verdict(served, target, clip, seed)
    out.print(judging.table(said))
    for sentence in judging.sentences(said):
        out.print(sentence, highlight=False, soft_wrap=True)
    if report is not None:
        with whole_file(report) as part:
            part.write_text(json.dumps(said, indent=1, allow_nan=False), encoding="utf-8")
        out.print(f"Wrote {report}.")
