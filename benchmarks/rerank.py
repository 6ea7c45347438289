"""What re-ranking costs, and what the diversity dial buys: `python benchmarks/rerank.py` and `python benchmarks/rerank.py --dial`.

The first tables time one request, a pool of 1000 items, 50 picks, vectors of 64 dimensions, on one thread: the least over repeats, in
milliseconds of processor time, of the plain numpy loop and of the re-ranker, taken turn by turn, since whatever else runs on the
machine only adds to it; and how many times as fast it is.
The last turns the dial on the bundled MovieLens sample: half of the users are held out, EASE is fitted on the others, a fifth of each
held-out user's ratings is hidden, pool 200, k 10.
"""

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import svds
from threadpoolctl import threadpool_limits

from bowerbird import data
from bowerbird.data import Catalogue, DataSettings
from bowerbird.models.ease import Ease
from bowerbird.pipeline import best
from bowerbird.protocols import Reranker
from bowerbird.ranking import (
    Apart,
    Calibration,
    Dpp,
    FreshQuota,
    ItemSpace,
    MaxShare,
    Mmr,
    Pin,
    Pinned,
    Rulebook,
    Ssd,
    Xquad,
    category_shares,
    divergence,
    plain,
    wanted_intents,
)
from bowerbird.ranking.calibration import category_parts
from bowerbird.ranking.relevance import relevance
from bowerbird.types import History, Log, Query, Slate

N, K, D, CATEGORIES, WINDOW = 1000, 50, 64, 20, 10


def least_ms(works: Sequence[Callable[[], object]], repeats: int) -> list[float]:
    """The least time of one call of each, after two rounds that do not count."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(repeats + 2):
        for work, taken in zip(works, times, strict=True):
            start = time.process_time()
            work()
            taken.append(time.process_time() - start)
    return [min(taken[2:]) * 1000 for taken in times]


def request(rng: np.random.Generator) -> tuple[NDArray[np.float32], sparse.csr_array, Slate, Query]:
    """Vectors with something in common, skewed scores, one to five categories an item, a history of thirty."""
    vectors = rng.normal(size=(N, D)).astype(np.float32) + np.float32(0.3)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    categories = sparse.csr_array((rng.random((N, CATEGORIES)) < 0.12).astype(np.float32))
    slate = Slate(np.arange(N, dtype=np.int32), np.sort(rng.exponential(size=N))[::-1].astype(np.float32))
    return vectors, categories, slate, Query(History.of(list(range(30))))


def shares(categories: sparse.csr_array) -> NDArray[np.float64]:
    """(n, n_categories + 1): how each item divides over the categories, dense for the plain algorithm."""
    starts, columns, parts = category_parts(categories, np.arange(categories.shape[0], dtype=np.int32))
    table = np.zeros((categories.shape[0], categories.shape[1] + 1))
    table[np.repeat(np.arange(len(table)), np.diff(starts)), columns] = parts
    return table


def timings(repeats: int) -> None:
    """One table for each re-ranker: its whole call, beside the loop in plain numpy without the gathering of its arrays."""
    vectors, categories, slate, query = request(np.random.default_rng(0))
    known, table, wanted = relevance(slate.scores), shares(categories), category_shares(categories, query.history)
    serves, likely = table[:, :-1], wanted_intents(categories, query.history)
    providers = csr_labels(np.arange(N) % 10)
    book = Rulebook(
        [MaxShare(providers, 0.2)], Pinned([Pin((3, 7), np.arange(N) % 7 == 0)]), FreshQuota(np.arange(N) % 50 == 0, 3), Apart(providers, 2)
    )
    plain_form: dict[str, Callable[[float], object]] = {
        "mmr": lambda dial: plain.mmr(vectors, known, 1 - dial, K),
        "dpp": lambda dial: plain.dpp(vectors, known, 1 - dial, 0.01, K),
        f"dpp, window {WINDOW}": lambda dial: plain.dpp_in_window(vectors, known, 1 - dial, 0.01, WINDOW, K),
        f"ssd, window {WINDOW}": lambda dial: plain.ssd(vectors, known, 1 - dial, WINDOW, K),
        "xquad": lambda dial: plain.xquad(serves, known, likely, dial, K),
        "calibration": lambda dial: plain.calibration(table, known, wanted, dial, 0.01, K),
    }
    ours: dict[str, Callable[[float], Reranker]] = {
        "mmr": lambda dial: Mmr(vectors, 1 - dial),
        "dpp": lambda dial: Dpp(vectors, 1 - dial),
        f"dpp, window {WINDOW}": lambda dial: Dpp(vectors, 1 - dial, window=WINDOW),
        f"ssd, window {WINDOW}": lambda dial: Ssd(vectors, 1 - dial, WINDOW),
        "xquad": lambda dial: Xquad(categories, dial),
        "calibration": lambda dial: Calibration(categories, dial),
    }
    print(f"one request, {N} items, {K} picks, {D} dimensions, {CATEGORIES} categories, least of {repeats}, ms of processor time")
    print(f"{'re-ranker':<16} {'dial':>4} {'numpy':>8} {'ours':>8} {'times as fast':>14}")
    for name, slow in plain_form.items():
        for dial in (0.1, 0.3, 0.5, 0.7, 1.0):
            rerank = ours[name](dial)
            before, after = least_ms([lambda: slow(dial), lambda: rerank(slate, query, K)], repeats)  # noqa: B023
            print(f"{name:<16} {dial:>4} {before:>8.2f} {after:>8.2f} {before / after:>14.1f}")
    rules, kernel = least_ms([lambda: book(slate, query, K), lambda: vectors @ vectors.T], repeats)
    print(f"a share, two pins, fresh places and a distance, together, over the same slate: {rules:.2f} ms")
    print(f"the kernel of all pairs alone, which nothing here builds: {kernel:.2f} ms")


def csr_labels(numbers: NDArray[np.int64]) -> sparse.csr_array:
    """(n, n_labels): one label for each item."""
    return sparse.csr_array((np.ones(len(numbers), np.float32), (np.arange(len(numbers)), numbers)))


def sample() -> tuple[Catalogue, Log, data.Cases]:
    """The bundled ratings: the catalogue, the events of half of the users, and the questions of the other half."""
    settings = DataSettings(format="movielens")
    dataset = data.clean(data.read(data.sample_path(), None, settings), settings)
    split = data.split_users(dataset.log, np.random.default_rng(0), validation=0.05, test=0.5)
    return dataset.catalogue, split.train, split.test


def co_liked_vectors(log: Log) -> NDArray[np.float32]:
    """(n_items, 64) unit vectors of who liked what: a likeness that owes nothing to categories. Zero where nobody did."""
    liked = log.weights > 0
    shape = (log.n_users, log.n_items)
    table = sparse.csr_array((np.ones(liked.sum()), (log.users[liked], log.items[liked])), shape=shape)
    scaled = table @ sparse.diags_array(1 / np.sqrt(np.maximum(table.sum(axis=0), 1)))
    _, strength, right = svds(scaled, k=64, random_state=0)
    vectors = (right.T * strength).astype(np.float32)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(length > 1e-6, vectors / np.maximum(length, 1e-6), 0).astype(np.float32)


def distance(space: ItemSpace, items: NDArray[np.int32]) -> float:
    """The mean of 1 − cosine over all pairs of a slate."""
    rows = space.of(items)
    return float(1 - (rows @ rows.T)[np.triu_indices(len(items), 1)].mean())


def ndcg(items: NDArray[np.int32], targets: NDArray[np.int32]) -> float:
    """Binary nDCG of one slate."""
    discount = 1 / np.log2(np.arange(len(items)) + 2)
    return float((np.isin(items, targets) * discount).sum() / discount[: len(targets)].sum())


def dial() -> None:
    """Means over the held-out users at each step of the dial."""
    catalogue, log, cases = sample()
    model = Ease(half_life_events=None).fit(log, catalogue, np.random.default_rng(0))
    asked = [(q, t) for q, t in zip(cases.queries, cases.targets, strict=True) if (q.history.weights > 0).sum() >= 3 and len(t)]
    scores = model.score([query for query, _ in asked])
    for (query, _), row in zip(asked, scores, strict=True):
        row[query.history.items] = np.nan
    pools = [best(row, 200) for row in scores]
    categories = catalogue.category_matrix
    spaces = {"categories": ItemSpace(None, categories), "co-liked": ItemSpace(co_liked_vectors(log))}
    print(f"MovieLens sample, {len(asked)} held-out users, {len(catalogue)} items, EASE, pool 200, k 10")
    print(f"{'re-ranker':<16} {'dial':>4} {'nDCG@10':>8} {'distance: categories':>21} {'co-liked':>9} {'divergence from history':>24}")
    makers: dict[str, Callable[[float], Reranker]] = {
        "mmr categories": lambda value: Mmr(spaces["categories"], 1 - value),
        "mmr co-liked": lambda value: Mmr(spaces["co-liked"], 1 - value),
        "dpp categories": lambda value: Dpp(spaces["categories"], 1 - value),
        "dpp co-liked": lambda value: Dpp(spaces["co-liked"], 1 - value),
        "ssd categories": lambda value: Ssd(spaces["categories"], 1 - value),
        "ssd co-liked": lambda value: Ssd(spaces["co-liked"], 1 - value),
        "xquad": lambda value: Xquad(categories, value),
        "calibration": lambda value: Calibration(categories, value),
    }
    for name, make in makers.items():
        for value in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0):
            rows = []
            for (query, targets), pool in zip(asked, pools, strict=True):
                items = make(value)(pool, query, 10).items
                far = divergence(category_shares(categories, query.history), category_shares(categories, History.of(items)))
                rows.append((ndcg(items, targets), distance(spaces["categories"], items), distance(spaces["co-liked"], items), far))
            a, b, c, d = np.mean(rows, axis=0)
            print(f"{name:<16} {value:>4} {a:>8.4f} {b:>21.3f} {c:>9.3f} {d:>24.3f}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--dial", action="store_true", help="turn the dial on the bundled sample")
    options.add_argument("--repeats", type=int, default=100)
    given = options.parse_args()
    with threadpool_limits(1):
        dial() if given.dial else timings(given.repeats)
