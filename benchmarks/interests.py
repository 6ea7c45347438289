"""Is a minor interest retrieved at all? Pools and slates with and without a query for each interest: `python benchmarks/interests.py`.

MovieLens latest-small, held-out users and the split by time, EASE as it comes. Of every test user with two interests or more: in how many
of these has the pool an item (that belongs most to it), and the slate of ten; how much of the history's intents the slate serves; NDCG@10.
The slate is picked by xQuAD over intents at a dial of .3. Δ is the paired difference of "asked" to "not asked", with 95 % intervals.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bowerbird.bundle import Config
from bowerbird.data import Cases, Catalogue, DataSettings, Split, clean, read, sample_path, split_time, split_users
from bowerbird.evaluation import evaluate, paired
from bowerbird.evaluation.beyond import intents_served
from bowerbird.fitting import read_catalogue
from bowerbird.models import Ease
from bowerbird.pipeline import Pipeline, RankingSettings, pooled
from bowerbird.ranking import XquadSettings, interests
from bowerbird.types import Request, Slate

MOST, DIAL, K = 6, 0.3, 10


def main() -> None:
    """Fit, ask, print."""
    config = Config(data=DataSettings(format="movielens"))
    data = clean(read(sample_path(), None, config.data), config.data)
    catalogue = read_catalogue(data.catalogue, config)
    table = Table(title=f"MovieLens latest-small, EASE; up to {MOST} interests; data {data.fingerprint}", title_justify="left")
    for heading in (
        "split, pool",
        "users",
        "interests",
        "asked",
        "in the pool",
        "in the slate",
        "served",
        "NDCG@10",
        "Δ in the slate",
        "Δ NDCG@10",
    ):
        table.add_column(heading, justify="left" if heading in ("split, pool", "asked") else "right")
    for split in (split_users(data.log, np.random.default_rng(0), test=0.3), split_time(data.log)):
        for pool in (50, 200):
            for row in rows(split, catalogue, pool):
                table.add_row(*row)
    Console(width=170).print(table)


def rows(split: Split, catalogue: Catalogue, pool: int) -> list[list[str]]:
    """Without and with."""
    found = catalogue.intents
    assert found is not None
    many = [len(interests(query.history, found, MOST)) for query in split.test.queries]
    cases = split.test.take(np.flatnonzero(many))
    model = Ease().fit(split.before_test, catalogue, np.random.default_rng(0))
    measured = {}
    for asked in (0, MOST):
        ranking = RankingSettings(rerank=XquadSettings(), diversity=DIAL, pool=pool, interests=asked)
        pipeline = Pipeline(model, catalogue, ranking)
        requests = [Request(query, K) for query in cases.queries]
        scores = pipeline.candidates(requests)
        pools = [pooled(row, part, pool) for row, part in zip(scores, pipeline.parts(requests, scores), strict=True)]
        slates = pipeline.recommend(requests)
        ndcg = evaluate(pipeline.recommend, cases, catalogue, split.before_test, tables={}).values["ndcg@10"]
        served = intents_served(slates, [query.history for query in cases.queries], found)
        measured[asked] = (share(pools, cases, catalogue), share(slates, cases, catalogue), served, ndcg)
    lines = []
    for asked, (in_pool, in_slate, served, ndcg) in measured.items():
        means = [f"{np.nanmean(values):.3f}" for values in (in_pool, in_slate, served)]
        gaps = [gap(measured[MOST][place], measured[0][place]) if asked else "" for place in (1, 3)]
        start = [f"{split.name}, {pool}", str(len(cases)), f"{np.mean([n for n in many if n]):.1f}", "yes" if asked else "no"]
        lines.append([*start, *means, f"{ndcg.mean():.4f}", *gaps])
    return lines


def share(slates: Sequence[Slate], cases: Cases, catalogue: Catalogue) -> NDArray[np.float64]:
    """(n_users,): of each user's interests, the share that has an item in the slate."""
    found = catalogue.intents
    assert found is not None
    shares = []
    for slate, query in zip(slates, cases.queries, strict=True):
        wanted = {int(found.main[part.items[0]]) for part in interests(query.history, found, MOST)}
        shares.append(len(wanted & set(found.main[slate.items].tolist())) / len(wanted))
    return np.array(shares)


def gap(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> str:
    """The paired difference."""
    said = paired(ours, theirs, np.random.default_rng(0))
    return f"{said.mean:+.4f} ({said.low:+.4f} … {said.high:+.4f})"


if __name__ == "__main__":
    main()
