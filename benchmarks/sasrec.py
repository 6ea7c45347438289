"""The transformer on Amazon Beauty, alone, by variants, and in a blend, leave-last-out: `python benchmarks/sasrec.py --data FOLDER`.

FOLDER holds `Beauty.txt` (a user, then items in the order of time) as made by S3-Rec, https://github.com/RUCAIBox/CIKM2020-S3Rec, and
`items.csv` (`s3rec_item_id`, title …). As papers have it: fitted without the last two items of each user, asked for the last one with
all that came before it; the catalogue is ranked in full, items of the history are left out, ties count against us. The number of epochs
is chosen by events hidden from what is fitted, so neither validation nor test items are looked at; so are the weights of a blend.
"blend" is the default one, without a net; "blend with sasrec" that of `examples/beauty-deep.toml`.

A row costs 4 to 20 minutes a seed on one core. `--seeds 0,1,2,3,4` and `--only plain,blend` say what is run.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bowerbird.bundle import Config
from bowerbird.config import parse
from bowerbird.data import Catalogue, DataSettings, clean, read, split_last
from bowerbird.evaluation import evaluate, paired
from bowerbird.fitting import read_catalogue
from bowerbird.models import Blend, Recipe, Sasrec
from bowerbird.pipeline import Pipeline
from bowerbird.protocols import silent
from bowerbird.training.settings import TrainSettings

TRAIN = {"runs": None, "tracker": None, "epochs": 60}

EXAMPLES = Path(__file__).parents[1] / "examples"

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "without texts": {"hide": 0.0},
    "ligr": {"block": "ligr"},
    "hstu": {"block": "hstu"},
    "masked pre-training": {"pretrain": 10},
    "augmented views": {"contrast": "augmented"},
    "drop-out views": {"contrast": "dropout"},
    "full softmax": {"loss": "softmax"},
}

BLENDS = {"blend": "beauty.toml", "blend with sasrec": "beauty-deep.toml"}


def recipe_of(name: str) -> Recipe:
    """What a row of the table is about."""
    if name in VARIANTS:
        return parse(Recipe, {"kind": "sasrec", "train": TRAIN, **VARIANTS[name]})
    blend = Config.load(EXAMPLES / BLENDS[name]).model
    assert isinstance(blend, Blend)
    members = tuple(
        one.model_copy(update={"train": parse(TrainSettings, TRAIN)}) if isinstance(one, Sasrec) else one for one in blend.members
    )
    return blend.model_copy(update={"members": members}).for_split("last")


def main() -> None:
    """Fit, ask, print."""
    told = arguments()
    root = next((folder for folder in (told.data, told.data / "amazon-beauty") if (folder / "Beauty.txt").is_file()), None)
    if root is None or not (root / "items.csv").is_file():
        print(f"skipped: Beauty.txt and items.csv are not in {told.data}; give their folder with --data or BOWERBIRD_DATA")
        return
    settings = DataSettings(format="s3rec", columns={"item": "s3rec_item_id"})
    data = clean(read(root / "Beauty.txt", root / "items.csv", settings), settings)
    catalogue = read_catalogue(data.catalogue, Config(data=settings))
    split = split_last(data.log)
    table = Table(title=f"Amazon Beauty, {len(split.test)} users, {len(catalogue)} items; data {data.fingerprint}", title_justify="left")
    for heading in ("model", "seeds", "NDCG@10", "Recall@10", "least and most NDCG", "difference to plain", "fit, s"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    users: dict[str, np.ndarray] = {}
    for name in told.only:
        shop = Catalogue(catalogue.frame) if name == "without texts" else catalogue
        recipe = recipe_of(name)
        found, seconds = [], []
        for seed in told.seeds:
            start = time.perf_counter()
            model = recipe.fit(split.train, shop, np.random.default_rng(seed), silent)
            seconds.append(time.perf_counter() - start)
            values = evaluate(Pipeline(model, shop).recommend, split.test, shop, split.train, tables={}).values
            found.append(np.stack((values["ndcg@10"], values["recall@10"])))
            print(
                f"{name}, seed {seed}: {found[-1][0].mean():.4f} / {found[-1][1].mean():.4f} in {seconds[-1]:.0f} s",
                file=sys.stderr,
                flush=True,
            )
        ndcgs = [one[0].mean() for one in found]
        users[name], recall = np.mean([one[0] for one in found], axis=0), np.mean([one[1].mean() for one in found])
        row = [f"{users[name].mean():.4f}", f"{recall:.4f}", f"{min(ndcgs):.4f} – {max(ndcgs):.4f}", against(users, name)]
        table.add_row(name, str(len(told.seeds)), *row, f"{np.median(seconds):.0f}")
    Console(width=130).print(table)


def against(users: dict[str, np.ndarray], name: str) -> str:
    """The paired difference to the plain variant over users, each one's figures averaged over the seeds."""
    if name == "plain" or "plain" not in users:
        return ""
    gap = paired(users[name], users["plain"], np.random.default_rng(0))
    return f"{gap.mean:+.4f} ({gap.low:+.4f} – {gap.high:+.4f})"


def arguments() -> argparse.Namespace:
    """What is run."""
    rows = [*VARIANTS, *BLENDS]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("BOWERBIRD_DATA", ".")), help="folder that holds the data sets")
    parser.add_argument("--seeds", type=lambda text: [int(part) for part in text.split(",")], default=[0], help="as 0,1,2")
    parser.add_argument("--only", type=lambda text: text.split(","), default=rows, help=f"some of: {', '.join(rows)}")
    told = parser.parse_args()
    if strange := [name for name in told.only if name not in rows]:
        parser.error(f"--only: must be some of {', '.join(rows)}, got {strange[0]!r}")
    return told


if __name__ == "__main__":
    main()
