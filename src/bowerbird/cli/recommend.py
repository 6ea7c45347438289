from pathlib import Path
from typing import Annotated

import typer

from bowerbird.batch import recommend_all
from bowerbird.bundle import Bundle
from bowerbird.cli.common import bars, err, out
from bowerbird.data import read_events
from bowerbird.store.files import whole_file


def recommend(
    bundle: Annotated[Path, typer.Argument(help="A folder that `fit` wrote.")],
    histories: Annotated[Path, typer.Option("--histories", help="Events of the users to recommend for, in the form of the events file.")],
    out_path: Annotated[Path, typer.Option("--out", help="The CSV file to write: user,rank,item,score[,reason].")],
    k: Annotated[int, typer.Option("--k", min=1, help="How many items a user.")] = 10,
    diversity: Annotated[float | None, typer.Option("--diversity", min=0, max=1, help="0 keeps the scores' order, 1 is variety.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Add a reason to each item, where one survives its check.")] = False,
) -> None:
    """Recommend for every user of a file, seen before or not."""
    loaded = Bundle.load(bundle)
    events = read_events(histories, loaded.config.data)
    with bars() as progress:
        result = recommend_all(loaded, events, k=k, diversity=diversity, explain=explain, progress=progress)
    with whole_file(out_path) as part:
        result.slates.write_csv(part)
    if result.unknown_items:
        err.print(f"{result.unknown_items:,} events are about items that the bundle does not know; they were left out of account.")
    if result.without:
        err.print(f"{result.without:,} users got no item: nothing can be said of any item they may be shown.")
    if (said := result.wording) is not None:
        out.print(
            f"Reasons: {said.worded:,} in the chat model's words, {said.fell_back:,} fell back on the template "
            f"({said.unsupported:,} said what is not among the facts, {said.failed:,} unanswered); {said.plain:,} had nothing to word."
        )
    out.print(f"Wrote {out_path}: {len(result.slates):,} rows for {result.users:,} users.")
