"""What preferring items that were shown little costs, and how much more of the catalogue is shown: `python benchmarks/exposure.py`.

The bundled MovieLens sample: half of the users are held out, EASE is fitted on the others, a fifth of each held-out user's ratings is
hidden and asked for; lists of 10 from pools of 200. All ask once a round, and a round knows what the rounds before it showed, as a bundle
knows the slates from before it was fitted. Figures are of the last round; intervals over users, by the paired bootstrap, against 0.
"""

import argparse
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bowerbird import data
from bowerbird.data import DataSettings
from bowerbird.evaluation import paired
from bowerbird.evaluation.beyond import coverage, exposure, gini
from bowerbird.models import Ease
from bowerbird.pipeline import Pipeline
from bowerbird.ranking import InverseExposure
from bowerbird.types import Request, Slate

K, ROUNDS = 10, 4


def asked(pools: Sequence[Slate], n_items: int, strength: float) -> list[Slate]:
    """The slates of the last round."""
    shown = np.zeros(n_items, np.int64)
    slates: list[Slate] = []
    for _ in range(ROUNDS):
        prefer = InverseExposure(shown, strength)
        slates = [prefer.traded(pool).take(np.arange(min(K, len(pool)))) for pool in pools]
        shown = shown + exposure(slates, n_items)
    return slates


def ndcg(slate: Slate, wanted: NDArray[np.int32]) -> float:
    """Binary NDCG of one slate."""
    gains = 1 / np.log2(np.arange(K) + 2)
    return float(np.isin(slate.items, wanted) @ gains[: len(slate)] / gains[: len(wanted)].sum())


def main() -> None:
    """Fit, ask, print."""
    settings = DataSettings(format="movielens")
    dataset = data.clean(data.read(data.sample_path(), None, settings), settings)
    split = data.split_users(dataset.log, np.random.default_rng(0), validation=0.05, test=0.5)
    pipeline = Pipeline(Ease().fit(split.train, dataset.catalogue, np.random.default_rng(0)), dataset.catalogue)
    requests = [Request(query, k=K) for query in split.test.queries]
    pools = [pipeline.pool(request, row) for request, row in zip(requests, pipeline.candidates(requests), strict=True)]
    print(f"MovieLens sample {dataset.fingerprint[:16]}, {len(pools)} held-out users, EASE, round {ROUNDS}, seed 0")
    print("| strength | NDCG@10 | against 0 (95 %) | catalogue shown | Gini |\n|---|---|---|---|---|")
    base = None
    for strength in (0.0, 0.05, 0.1, 0.2, 0.3, 0.5):
        slates = asked(pools, len(dataset.catalogue), strength)
        values = np.array([ndcg(slate, wanted) for slate, wanted in zip(slates, split.test.targets, strict=True)])
        base = values if base is None else base
        gap, shown = paired(values, base, np.random.default_rng(0)), exposure(slates, len(dataset.catalogue))
        print(f"| {strength:g} | {values.mean():.4f} | {gap.mean:+.4f} ({gap.low:+.4f} … {gap.high:+.4f}) | ", end="")
        print(f"{coverage(shown):.1%} | {gini(shown):.3f} |")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with threadpool_limits(1):
        main()
