"""Does a net between user and item beat a dot product? MovieLens latest-small: `python benchmarks/ncf.py [--split time|last] [--seed 0]`.

GMF, MLP and NeuMF differ in nothing but the architecture; each also with the paper's loss, binary cross-entropy. Beside them stand EASE and
iALS, tuned on validation over the few values that their recipes list, and the two-tower model. All are fitted on what may be learned
from and asked the test's questions; the catalogue is ranked in full, items of the history are left out. Where a model can say nothing it
shows what is popular. Δ is the mean of the paired differences to GMF with the same loss, with its 95 % bootstrap interval over users.
"""

import argparse
import time
from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from bowerbird.bundle import Config
from bowerbird.config import parse
from bowerbird.data import Catalogue, DataSettings, Split, clean, read, sample_path, split_last, split_time
from bowerbird.evaluation import evaluate, paired, tune
from bowerbird.evaluation.fallback import Fallback
from bowerbird.evaluation.tuning import Bench
from bowerbird.fitting import read_catalogue
from bowerbird.models import Ease, Ials, Ncf, Popular, Recipe, TwoTower
from bowerbird.pipeline import Pipeline, RankingSettings

QUIET = {"runs": None, "tracker": None, "accelerator": "cpu"}


def main() -> None:
    """Fit, ask, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--split", choices=("time", "last"), default="time")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    config = Config(data=DataSettings(format="movielens"))
    data = clean(read(sample_path(), None, config.data), config.data)
    catalogue = read_catalogue(data.catalogue, config)
    split = split_time(data.log) if chosen.split == "time" else split_last(data.log)
    title = f"MovieLens latest-small, {chosen.split}, {len(split.test)} users; data {data.fingerprint}; seed {chosen.seed}"
    table = Table("model", "NDCG@10", "Recall@10", "Δ NDCG@10 to GMF", "seconds", title=title, title_justify="left")
    beside: dict[str, np.ndarray] = {}
    with threadpool_limits(1):
        for name, recipe, rival in contestants(split, catalogue, chosen.seed):
            began = time.perf_counter()
            ndcg, recall = asked(recipe, split, catalogue, chosen.seed)
            beside[name] = ndcg
            gap = paired(ndcg, beside[rival], np.random.default_rng(0)) if rival else None
            told = f"{gap.mean:+.4f} ({gap.low:+.4f} … {gap.high:+.4f})" if gap else ""
            row = (name, f"{ndcg.mean():.4f}", f"{recall.mean():.4f}", told, f"{time.perf_counter() - began:.0f}")
            print(*row, sep="  ", flush=True)
            table.add_row(*row)
    Console(width=130).print(table)


def contestants(split: Split, catalogue: Catalogue, seed: int) -> Iterator[tuple[str, Recipe, str | None]]:
    """Name, recipe, and whom it is compared with."""
    for base in (Ease(), Ials()):
        yield f"{base.kind}, tuned", tune(base, Bench(split, catalogue, seed=seed)).recipe, None
    for loss in (Ncf().loss, "bce"):
        for architecture in ("gmf", "mlp", "neumf"):
            recipe = parse(Ncf, {"architecture": architecture, "loss": loss, "train": QUIET})
            yield f"{architecture}, {loss}", recipe, f"gmf, {loss}" if architecture != "gmf" else None
    yield "two_tower", parse(TwoTower, {"train": QUIET}), None


def asked(recipe: Recipe, split: Split, catalogue: Catalogue, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """NDCG@10 and Recall@10 of each user."""
    model, popular = (one.fit(split.before_test, catalogue, np.random.default_rng(seed)) for one in (recipe, Popular()))
    pipeline = Pipeline(Fallback(model, popular), catalogue, RankingSettings(diversity=0))
    values = evaluate(pipeline.recommend, split.test, catalogue, split.before_test, tables={}).values
    return values["ndcg@10"], values["recall@10"]


if __name__ == "__main__":
    main()
