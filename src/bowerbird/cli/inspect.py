from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bowerbird.bundle import Bundle
from bowerbird.cli.common import out


def inspect(
    bundle: Annotated[Path, typer.Argument(help="A folder that `fit` wrote.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print facts and settings as JSON.")] = False,
) -> None:
    """Say what a bundle is: its data, model, settings and fingerprint. Checks every file."""
    loaded = Bundle.load(bundle)
    if as_json:
        out.print_json(data={"facts": loaded.facts(), "config": loaded.config.model_dump(mode="json")})
        return
    table = Table(title=str(bundle), title_justify="left", show_header=False)
    for name, value in loaded.facts().items():
        table.add_row(name.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value))
    out.print(table)
    out.print_json(data=loaded.config.model_dump(mode="json", exclude_defaults=True))
