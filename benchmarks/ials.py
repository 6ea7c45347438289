"""What does our iALS add to `implicit`'s training time, and is the loss the same? `python benchmarks/ials.py [--data FOLDER]`.

Both factorise the same matrix with the same settings and as many iterations, in turn. The loss is the one that alternating least squares
minimises, Σ c (p − uᵀv)² + l2 (Σ |u|² + Σ |v|²) over *all* pairs of user and item, with each library's item vectors and the users solved
for exactly. MovieLens latest-small comes with the package; FOLDER may hold Amazon Beauty (`Beauty.txt` of S3-Rec).
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy import sparse
from threadpoolctl import threadpool_limits

from bowerbird.data import Dataset, DataSettings, clean, read, sample_path
from bowerbird.models import Ials


def main() -> None:
    """Fit in turn, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("BOWERBIRD_DATA", ".")), help="folder that holds the data sets")
    parser.add_argument("--repeats", type=int, default=5)
    told = parser.parse_args()
    table = Table(title=f"iALS, {Ials().factors} factors, {Ials().iterations} iterations, {told.repeats} repeats", title_justify="left")
    for heading in ("data", "ours, s", "implicit, s", "ours, CPU-s", "implicit, CPU-s", "ratio of CPU-s", "loss, ours / implicit"):
        table.add_column(heading, justify="left" if heading == "data" else "right")
    for name, data in sets(told.data):
        table.add_row(name, *measured(data, told.repeats))
    Console(width=130).print(table)


def sets(root: Path) -> Iterator[tuple[str, Dataset]]:
    """What is there."""
    settings = DataSettings(format="movielens")
    yield "MovieLens latest-small", clean(read(sample_path(), None, settings), settings)
    beauty = next((path for path in (root / "Beauty.txt", root / "amazon-beauty" / "Beauty.txt") if path.is_file()), None)
    if beauty is None:
        print(f"skipped: Beauty.txt is not in {root}; give its folder with --data or BOWERBIRD_DATA")
        return
    settings = DataSettings(format="s3rec")
    yield "Amazon Beauty", clean(read(beauty, None, settings), settings)


def measured(data: Dataset, repeats: int) -> list[str]:
    """One line of the table."""
    recipe = Ials()
    liked = data.log.where(data.log.weights > 0)
    shape = (data.log.n_users, len(data.catalogue))
    confidences = sparse.coo_matrix((recipe.alpha * liked.weights, (liked.users, liked.items)), shape=shape).tocsr()
    makers: dict[str, Callable[[int], NDArray[np.float32]]] = {
        "ours": lambda seed: recipe.fit(data.log, data.catalogue, np.random.default_rng(seed)).item_vectors,
        "implicit": lambda seed: plain(recipe, confidences, seed),
    }
    walls: dict[str, list[float]] = {name: [] for name in makers}
    cpus: dict[str, list[float]] = {name: [] for name in makers}
    losses: dict[str, list[float]] = {name: [] for name in makers}
    for seed in range(-1, repeats):  # the first round, which also imports, is left out
        for name, make in makers.items():
            wall, cpu = time.perf_counter(), time.process_time()
            vectors = make(max(seed, 0))
            if seed >= 0:
                walls[name].append(time.perf_counter() - wall)
                cpus[name].append(time.process_time() - cpu)
                losses[name].append(loss(np.nan_to_num(vectors.astype(np.float64)), confidences, recipe.l2))
    ratios = [ours / theirs for ours, theirs in zip(cpus["ours"], cpus["implicit"], strict=True)]
    seconds = [f"{median(some[name]):.2f}" for some in (walls, cpus) for name in makers]
    return [
        *seconds,
        f"{median(ratios):.2f} ({min(ratios):.2f} – {max(ratios):.2f})",
        f"{median(losses['ours']) / median(losses['implicit']):.4f}",
    ]


def plain(recipe: Ials, confidences: sparse.csr_matrix, seed: int) -> NDArray[np.float32]:
    """The item vectors of the library, used as its pages say."""
    from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415 it warns of threads where it is imported

    with threadpool_limits(1, "blas"):
        als = AlternatingLeastSquares(
            factors=recipe.factors, regularization=recipe.l2, alpha=1.0, iterations=recipe.iterations, random_state=seed
        )
        als.fit(confidences, show_progress=False)
    return np.asarray(als.item_factors)


def loss(items: NDArray[np.float64], confidences: sparse.csr_matrix, l2: float) -> float:
    """Of these item vectors, each user's vector being the best there is."""
    gram, total = items.T @ items, l2 * float((items**2).sum())
    ridge = l2 * np.eye(items.shape[1])
    for start, end in zip(confidences.indptr[:-1], confidences.indptr[1:], strict=True):
        rows, sure = items[confidences.indices[start:end]], confidences.data[start:end].astype(np.float64)
        user = np.linalg.solve(gram + ridge + (rows.T * (sure - 1)) @ rows, rows.T @ sure)
        said = rows @ user
        total += float(user @ gram @ user + (sure * (1 - said) ** 2 - said**2).sum() + l2 * user @ user)
    return total


if __name__ == "__main__":
    main()
