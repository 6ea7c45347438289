"""Is the blend ever worse than its best member? Several data sets, several ways to ask: `python benchmarks/blend.py --data FOLDER`.

Each line is one data set, cut in one way. The blend and each of its members are fitted on the same log and asked the same questions in one
run; where a member can say nothing it shows what is popular, as in `bowerbird evaluate`. Δ is the mean of the paired differences
between the blend and the best member, with its 95 % bootstrap interval over users. The best member is the best *on these questions*, which
nobody could have known before: a Δ a little below 0 is what chance alone would give. "Worse" or "better" is a Δ whose interval excludes 0.

MovieLens latest-small is the bundled sample. FOLDER adds Amazon Office, cut as in `office.py`, and with `--slow` Amazon Beauty
(leave-last-out, fitted without the validation events, as papers have it) and Last.FM (held-out users): minutes each.

`--liking` asks something else: what the model `liking` says alone, and whether the blend with it is better than the blend without.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from office import asked_one_by_one
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from bowerbird.bundle import Config
from bowerbird.data import Catalogue, Dataset, DataSettings, Split, clean, read, sample_path, split_last, split_time, split_users
from bowerbird.evaluation import evaluate, paired, tune
from bowerbird.evaluation.fallback import Fallback
from bowerbird.evaluation.tuning import Bench
from bowerbird.fitting import read_catalogue
from bowerbird.liking import LikingSettings
from bowerbird.models import Blend, Liking, Popular, Recipe
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.protocols import Scorer

EXAMPLES = Path(__file__).parents[1] / "examples"


@dataclass(frozen=True)
class Cell:
    """One data set, cut in one way."""

    name: str
    catalogue: Catalogue
    split: Split


def main() -> None:
    """Fit, ask, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("BOWERBIRD_DATA"), help="folder that holds the data sets")
    parser.add_argument("--slow", action="store_true", help="also those that take minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="cells whose names have this in them")
    parser.add_argument("--liking", action="store_true", help="the blend with the model liking beside the blend without")
    chosen = parser.parse_args()
    members = Blend().members
    table = Table(title=f"NDCG@10, default settings, seed {chosen.seed}", title_justify="left")
    for heading in ("data and split", "users", "newcomers", *map(called, members), "blend", "Δ to the best member", "verdict"):
        table.add_column(heading, justify="left" if heading in ("data and split", "verdict") else "right")
    with threadpool_limits(1):
        for cell in cells(Path(chosen.data) if chosen.data else None, slow=chosen.slow):
            if chosen.only not in cell.name:
                continue
            if chosen.liking:
                print(cell.name, with_liking(cell, chosen.seed), sep="  ", flush=True)
                continue
            row = measured(cell, members, chosen.seed)
            print(*row, sep="  ", flush=True)
            table.add_row(*row)
    if table.row_count:
        Console(width=190).print(table)


def called(recipe: Recipe) -> str:
    """The kind, and of a popularity the half-life."""
    half_life = recipe.half_life_days if isinstance(recipe, Popular) else None
    return recipe.kind if half_life is None else f"{recipe.kind} {half_life:g} d"


def cells(root: Path | None, *, slow: bool) -> Iterator[Cell]:
    """What is there, one data set after the other."""
    data, catalogue = opened(sample_path(), None, Config(data=DataSettings(format="movielens")))
    for test in (0.1, 0.2, 0.3):
        yield Cell(f"MovieLens, time, newest {test:.0%}", catalogue, split_time(data.log, 0.1, test))
    yield Cell("MovieLens, last", catalogue, split_last(data.log))
    yield Cell("MovieLens, users", catalogue, split_users(data.log, np.random.default_rng(0)))
    if office := found(root, "amazon-office", "events.csv", "items.jsonl"):
        config = Config(data=DataSettings(default_kind="purchase", context=("split",)))
        data, catalogue = opened(office / "events.csv", office / "items.jsonl", config)
        yield Cell("Amazon Office, test events", catalogue, labelled(data))
    if slow and (beauty := found(root, "amazon-beauty", "Beauty.txt", "items.csv")):
        data, catalogue = opened(beauty / "Beauty.txt", beauty / "items.csv", Config.load(EXAMPLES / "beauty.toml"))
        split = split_last(data.log)
        yield Cell("Amazon Beauty, last", catalogue, replace(split, before_test=split.train))
    if slow and (lastfm := found(root, "lastfm-2k", "user_artists.dat")):
        config = Config.load(EXAMPLES / "lastfm.toml")
        data, catalogue = opened(lastfm, None, config)
        yield Cell("Last.FM, users", catalogue, config.split_of(data.log, 0))


def found(root: Path | None, name: str, *files: str) -> Path | None:
    """The folder of a data set; None, and a sentence, where it is not."""
    for folder in (root, root / name) if root else ():
        if all((folder / file).is_file() for file in files):
            return folder
    print(f"skipped {name}: {' and '.join(files)} are not in {root}; give their folder with --data or BOWERBIRD_DATA")
    return None


def opened(events: Path, items: Path | None, config: Config) -> tuple[Dataset, Catalogue]:
    """Clean data, and the catalogue with its texts read."""
    data = clean(read(events, items, config.data), config.data)
    return data, read_catalogue(data.catalogue, config)


def labelled(data: Dataset) -> Split:
    """The cut that Office came with; validated by the last events of those that may be learned from."""
    labels = data.events["split"].to_numpy()
    inner = split_last(data.log.where(labels == "train"))
    return Split("labelled", inner.before_test, inner.test, data.log.where(labels == "train"), asked_one_by_one(data, labels == "test"))


def measured(cell: Cell, members: tuple[Recipe, ...], seed: int) -> list[str]:
    """One line of the table."""
    popular = fitted(tune(Popular(), Bench(cell.split, cell.catalogue, seed=seed)).recipe, cell, seed)
    alone = [asked(Fallback(fitted(member, cell, seed), popular), cell) for member in members]
    blend = asked(fitted(Blend().for_split(cell.split.name), cell, seed), cell)
    best = max(alone, key=lambda values: float(values.mean()))
    gap = paired(blend, best, np.random.default_rng(seed))
    verdict = "better" if gap.low > 0 else "worse" if gap.high < 0 else "level"
    newcomers = sum(not len(query.history) for query in cell.split.test.queries)
    figures = [f"{values.mean():.4f}{'*' * (values is best)}" for values in (*alone, blend)]
    return [cell.name, f"{len(blend)}", f"{newcomers}", *figures, f"{gap.mean:+.4f} ({gap.low:+.4f} … {gap.high:+.4f})", verdict]


def with_liking(cell: Cell, seed: int) -> str:
    """What `liking` is worth alone and in the blend."""
    liking = Liking(liking=LikingSettings(most=8_000, texts_l2=(5000.0,)))
    popular = fitted(tune(Popular(), Bench(cell.split, cell.catalogue, seed=seed)).recipe, cell, seed)
    alone = asked(Fallback(fitted(liking, cell, seed), popular), cell)
    print(f"{cell.name}  liking alone {alone.mean():.4f}", flush=True)
    blend = Blend().for_split(cell.split.name)
    without = asked(fitted(blend, cell, seed), cell)
    joined = asked(fitted(blend.model_copy(update={"members": (*blend.members, liking)}), cell, seed), cell)
    gap = paired(joined, without, np.random.default_rng(seed))
    return (
        f"{len(joined)} users  without {without.mean():.4f}  with {joined.mean():.4f}  Δ {gap.mean:+.4f} ({gap.low:+.4f} … {gap.high:+.4f})"
    )


def fitted(recipe: Recipe, cell: Cell, seed: int) -> Scorer:
    """On all that is learned from."""
    return recipe.fit(cell.split.before_test, cell.catalogue, np.random.default_rng(seed))


def asked(scorer: Scorer, cell: Cell) -> np.ndarray:
    """NDCG@10 of each user."""
    pipeline = Pipeline(scorer, cell.catalogue, RankingSettings(diversity=0))
    return evaluate(pipeline.recommend, cell.split.test, cell.catalogue, cell.split.before_test, tables={}).values["ndcg@10"]


if __name__ == "__main__":
    main()
