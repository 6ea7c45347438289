"""Which way of finding the best items, and from how many items on: `python benchmarks/retrieval.py`.

Vectors of ours, not drawn ones: `ials` and the language model on the MovieLens sample that comes with the package. More items are made
between these: each lies on the line from one to one of its five nearest, at a random place, with a tenth of their distance as noise.
Asked with the query vectors of histories. Processor time of one search on one thread, median and 95th of 100, and the share of the hundred
best by all dot products that it finds. `usearch` takes part where it is installed (`pip install usearch`).

    python benchmarks/retrieval.py --items 10000,100000,1000000
    python benchmarks/retrieval.py --model text --items 10000,100000
"""

import argparse
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bowerbird.bundle import Config
from bowerbird.data import DataSettings, clean, read, sample_path
from bowerbird.fitting import read_catalogue
from bowerbird.models import Ials, Text
from bowerbird.retrieval import VectorIndex
from bowerbird.retrieval.index import TOP, best_of, cells_to_look_at, recall_of
from bowerbird.types import Query

Vectors = NDArray[np.float32]
Search = Callable[[Vectors], NDArray[np.int32]]

ASKED, NEAR, RECALL = 100, 5, 0.99
WIDTHS = (100, 200, 400, 800, 1600)
"""How many candidates usearch keeps while it searches."""


def fitted(kind: str) -> tuple[Vectors, Vectors]:
    """The items' vectors, and those that histories ask with."""
    config = Config(data=DataSettings(format="movielens"))
    data = clean(read(sample_path(), None, config.data), config.data)
    catalogue = read_catalogue(data.catalogue, config)
    model = (Ials() if kind == "ials" else Text()).fit(data.log, catalogue, np.random.default_rng(0))
    queries = model.query_vectors([Query(data.log.history(user)) for user in range(2 * ASKED)])
    return model.item_vectors[~np.isnan(model.item_vectors[:, 0])], queries


def grown(vectors: Vectors, n_items: int, rng: np.random.Generator) -> Vectors:
    """Real vectors and others between them."""
    if n_items <= len(vectors):
        return vectors[:n_items]
    nearest = np.concatenate([near(vectors, slice(start, start + 1000)) for start in range(0, len(vectors), 1000)])
    one = rng.integers(len(vectors), size=n_items - len(vectors))
    step = vectors[nearest[one, rng.integers(NEAR, size=len(one))]] - vectors[one]
    noise = rng.normal(size=step.shape).astype(np.float32) * np.linalg.norm(step, axis=1, keepdims=True) / (10 * np.sqrt(step.shape[1]))
    return np.concatenate((vectors, vectors[one] + rng.random((len(one), 1), np.float32) * step + noise))


def near(vectors: Vectors, rows: slice) -> NDArray[np.intp]:
    """The `NEAR` nearest of each of some rows."""
    squares = (vectors**2).sum(axis=1)
    far = squares - 2 * vectors[rows] @ vectors.T
    return np.argpartition(far, NEAR, axis=1)[:, 1 : NEAR + 1]


def ways(vectors: Vectors, setting: Vectors) -> Iterator[tuple[str, float, Search]]:
    """Name, seconds to build, and the search."""
    every, allowed = np.arange(len(vectors), dtype=np.int32), np.ones(len(vectors), bool)
    yield "all dot products", 0.0, lambda query: best_of(vectors @ query, every, TOP)
    begun = time.process_time()
    index = VectorIndex.build(vectors, setting, RECALL)
    taken = time.process_time() - begun
    yield (
        f"faiss: {index.index.nprobe} of {index.index.nlist} cells",
        taken,
        lambda query: index.search(query[None], allowed, TOP)[0],
    )
    yield by_directions(vectors, setting, index.index.nlist)
    if find_spec("usearch"):
        from usearch.index import Index  # noqa: PLC0415 a rival that need not be there

        begun = time.process_time()
        graph = Index(ndim=vectors.shape[1], metric="ip", dtype="f16")
        graph.add(every, vectors, threads=1)
        taken = time.process_time() - begun
        for width in WIDTHS:
            graph.expansion_search = width
            yield f"usearch: {width} candidates", taken, lambda query: graph.search(query, TOP, threads=1).keys.astype(np.int32)


def by_directions(vectors: Vectors, setting: Vectors, cells: int) -> tuple[str, float, Search]:
    """Cells as faiss makes them for dot products: of directions alone."""
    import faiss  # noqa: PLC0415 as in `VectorIndex`

    begun = time.process_time()
    index = faiss.index_factory(vectors.shape[1], f"IVF{cells},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
    index.add(vectors)
    rows, asked = np.arange(len(vectors)), setting[~np.isnan(setting).any(axis=1)]
    index.nprobe = cells_to_look_at(index, vectors, rows, asked, RECALL)
    taken = time.process_time() - begun
    return f"faiss by directions: {index.nprobe} of {cells} cells", taken, lambda query: index.search(query[None], TOP)[1][0]


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--items", default="10000,30000,100000,300000,1000000", help="sizes of catalogue, with commas")
    options.add_argument("--model", choices=("ials", "text"), default="ials")
    given = options.parse_args()
    real, queries = fitted(given.model)
    setting, asked = queries[:ASKED], queries[ASKED:]
    print(f"{given.model}, {len(real)} real vectors of {real.shape[1]} numbers; recall of the {TOP} best, milliseconds of one search\n")
    print("| items | way | recall | median | p95 | build, s |\n|---:|---|---:|---:|---:|---:|")
    with threadpool_limits(1):
        for n_items in (int(size) for size in given.items.split(",")):
            vectors = grown(real, n_items, np.random.default_rng(0))
            every = np.arange(len(vectors), dtype=np.int32)
            best = [best_of(vectors @ query, every, TOP) for query in asked]
            for name, build, search in ways(vectors, setting):
                found, took = [], []
                for query in asked:
                    begun = time.process_time()
                    found.append(search(query))
                    took.append(1000 * (time.process_time() - begun))
                median, late = np.quantile(took, (0.5, 0.95))
                print(f"| {len(vectors)} | {name} | {recall_of(found, best):.3f} | {median:.2f} | {late:.2f} | {build:.1f} |", flush=True)


if __name__ == "__main__":
    main()
