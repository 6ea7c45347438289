from pathlib import Path
from typing import Annotated

import typer

from bowerbird import fitting
from bowerbird.cli.common import ConfigOption, EventsOption, ItemsOption, SeedOption, bars, dataset, out, settings


def fit(
    events: EventsOption,
    out_path: Annotated[Path, typer.Option("--out", help="The folder to write the bundle to.")],
    items: ItemsOption = None,
    config: ConfigOption = None,
    seed: SeedOption = 0,
    erased: Annotated[str | None, typer.Option("--erased", help="Leave out whoever was erased from this log: a database URL.")] = None,
) -> None:
    """Clean the data, read the texts, fit the model, and write a bundle."""
    chosen = settings(config)
    with bars() as progress:
        bundle = fitting.fit(dataset(events, items, chosen, progress, erased), chosen, seed=seed, progress=progress)
        bundle.save(out_path)
    out.print(f"Wrote {out_path}: {bundle.model.kind} on {len(bundle.events):,} events and {len(bundle.catalogue):,} items.")
