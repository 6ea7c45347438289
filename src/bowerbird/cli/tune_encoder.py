from pathlib import Path
from typing import Annotated

import typer

from bowerbird.cli.common import ConfigOption, EventsOption, ItemsOption, SeedOption, bars, dataset, out, settings
from bowerbird.language import item_texts


def tune_encoder(
    events: EventsOption,
    out_path: Annotated[Path, typer.Option("--out", help="The folder to write the tuned encoder to.")],
    items: ItemsOption = None,
    config: ConfigOption = None,
    seed: SeedOption = 0,
) -> None:
    """Train the encoder on behaviour, so that texts of items liked together lie together, and write it as an encoder of its own."""
    from bowerbird.reader.requirements import require  # noqa: PLC0415 before what needs torch

    require()
    from bowerbird.reader.tuning import tune_encoder as tune  # noqa: PLC0415 seconds

    chosen = settings(config)
    with bars() as progress:
        data = dataset(events, items, chosen, progress)
        texts = item_texts(data.catalogue.frame, chosen.text)
        tuned = tune(data.log, texts, chosen.encoder, chosen.reader, out_path, seed=seed, progress=progress)
    share = tuned.n_trained / tuned.n_parameters
    out.print(f"Trained {tuned.n_trained:,} of {tuned.n_parameters:,} parameters ({share:.2%}) in {tuned.seconds:.0f} s.", highlight=False)
    if tuned.before is not None:
        out.print(
            f"NDCG@10 on held-out items, {tuned.asked:,} events: {tuned.before:.4f} untuned, {tuned.evened:.4f} evened out, "
            f"{tuned.after:.4f} tuned (epoch {tuned.epoch} of {tuned.epochs}), {tuned.written:.4f} as written ({tuned.bits}-bit).",
            highlight=False,
        )
    use = f'[encoder] kind = "sentence-transformers", model = "{out_path}"'
    out.print(f"Wrote {out_path}. To use it: {use}", markup=False, highlight=False, soft_wrap=True)
