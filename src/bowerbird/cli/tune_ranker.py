from pathlib import Path
from typing import Annotated

import typer

from bowerbird.cli.common import ConfigOption, EventsOption, ItemsOption, SeedOption, bars, dataset, out, settings
from bowerbird.language import item_texts
from bowerbird.liking import Judge
from bowerbird.liking.tuning import ENCODER, RANKER, Asked, TunedRanker
from bowerbird.liking.tuning import tune_ranker as tune


def tune_ranker(
    events: EventsOption,
    out_path: Annotated[Path, typer.Option("--out", help="The folder to write the ranker to.")],
    items: ItemsOption = None,
    config: ConfigOption = None,
    examples: Annotated[int | None, typer.Option("--examples", min=1, help="Learn from so few, drawn by chance; all unless given.")] = None,
    start: Annotated[Path | None, typer.Option("--start", help="A ranker to start from, a file; with the encoder that it has.")] = None,
    head: Annotated[bool, typer.Option("--head-only", help="Leave the encoder as it is: quick, and without the extra `train`.")] = False,
    seed: SeedOption = 0,
) -> None:
    """Learn from likes and dislikes, items' texts and what others like, how likely a user is to like an item."""
    if not head:
        from bowerbird.reader.requirements import require  # noqa: PLC0415

        require()
    chosen = settings(config)
    first = None if start is None else Judge.load(start)
    with bars() as progress:
        data = dataset(events, items, chosen, progress)
        texts = item_texts(data.catalogue.frame, chosen.text)
        tuned = tune(
            data.log,
            texts,
            chosen.encoder,
            chosen.liking,
            chosen.reader,
            out_path,
            examples=examples,
            start=first,
            tune=not head,
            seed=seed,
            progress=progress,
        )
    for sentence in _said(tuned, out_path, head):
        out.print(sentence, markup=False, highlight=False)


def _said(tuned: TunedRanker, folder: Path, head: bool) -> list[str]:
    said = [f"Learned from {tuned.examples:,} examples of {tuned.users:,} users."]
    for name, asked in (("the encoder as it was", tuned.before), ("the tuned encoder", tuned.after)):
        if asked is not None:
            said.append(f"Held-out users, {name}: {_figures(asked)}.")
    use = f'[model] kind = "liking", ranker = "{folder / RANKER}"'
    if tuned.kept:
        share = tuned.n_trained / tuned.n_parameters
        said.append(f"Trained {tuned.n_trained:,} of the encoder's {tuned.n_parameters:,} parameters ({share:.2%}).")
        use = f'[encoder] kind = "sentence-transformers", model = "{folder / ENCODER}"; {use}'
    elif not head:
        said.append("Tuning the encoder did not help users that it was not tuned on, or there are too few to say: it stays as it was.")
    return [*said, f"Wrote {folder}. Use it with: {use}"]


def _figures(asked: Asked) -> str:
    return (
        f"AUC {asked.auc:.4f} (share of likes alone {asked.share:.4f}; at equal shares {asked.at_equal:.4f}), "
        f"log loss {asked.log_loss:.4f}, calibration error {asked.error:.3f}, {asked.examples:,} examples"
    )
