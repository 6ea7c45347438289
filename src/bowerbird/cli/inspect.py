from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bowerbird.bundle import Bundle
from bowerbird.cli.common import out
from bowerbird.types import Json


def inspect(
    bundle: Annotated[Path, typer.Argument(help="A folder that `fit` wrote.")],
    intents: Annotated[bool, typer.Option("--intents", help="Also the interests found in the catalogue.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print facts and settings as JSON.")] = False,
) -> None:
    """Say what a bundle is: its data, model, settings and fingerprint. Checks every file."""
    loaded = Bundle.load(bundle)
    if as_json:
        said = {"facts": loaded.facts(), "config": loaded.config.model_dump(mode="json")}
        out.print_json(data={**said, "intents": loaded.intent_facts()} if intents else said)
        return
    table = Table(title=str(bundle), title_justify="left", show_header=False)
    for name, value in loaded.facts().items():
        table.add_row(name.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value))
    out.print(table)
    out.print_json(data=loaded.config.model_dump(mode="json", exclude_defaults=True))
    if intents:
        out.print(_intents_table(loaded.intent_facts()))


def _intents_table(rows: Sequence[Json]) -> Table:
    table = Table(title="Intents", title_justify="left")
    for column in ("name", "items", "events", "best known"):
        table.add_column(column, justify="right" if column in ("items", "events") else "left")
    for row in rows:
        table.add_row(row["name"], f"{row['items']:,}", f"{row['events']:,}", "; ".join(row["best_known"]))
    return table
