"""Do wishes in words steer? Queries made from what held-out users took later: `python benchmarks/steering.py`.

MovieLens latest-small, held-out users, EASE. Of each user's hidden films one genre and decade is drawn, and asked for in words: "comedies
from the 90s". Keeps: share of the top 10 that is of both. NDCG@10: of the user's own hidden films that are of both. Films of the history
are left out everywhere. "direction" has the rules switched off: the same words as a vector alone, at strengths λ. Below, what a text
adds to the processor time of a request of one thread: the same request is asked with and without it in turn, and the median of the
differences stands there with its quartiles. How far a stuffed title rises is measured by `stuffing.py`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bowerbird.bundle import Config
from bowerbird.data import Catalogue, DataSettings, clean, read, sample_path, split_users
from bowerbird.evaluation import paired
from bowerbird.fitting import read_catalogue
from bowerbird.models import Ease
from bowerbird.pipeline import Pipeline
from bowerbird.search import Index
from bowerbird.steering import Reader, Vocabulary, Wish, steer
from bowerbird.types import Query, Request

K = 10
ASKED = 100
PLURAL = {
    "Comedy": "comedies",
    "Documentary": "documentaries",
    "Mystery": "mysteries",
    "Fantasy": "fantasy films",
    "Children": "children's films",
}


@dataclass(frozen=True, eq=False)
class Asked:
    """One question: in words, which films are of it, and which of these the user took later."""

    query: Query
    text: str
    keeps: NDArray[np.bool_]
    wanted: NDArray[np.int32]


def main() -> None:
    """Ask, print."""
    config = Config(data=DataSettings(format="movielens"))
    data = clean(read(sample_path(), None, config.data), config.data)
    catalogue = read_catalogue(data.catalogue, config)
    rng = np.random.default_rng(0)
    split = split_users(data.log, rng, test=0.5)
    asked = [
        one
        for query, targets in zip(split.test.queries, split.test.targets, strict=True)
        if (one := question(query, targets, catalogue, rng))
    ]
    pipeline = Pipeline(Ease().fit(split.before_test, catalogue, rng), catalogue)
    reader = Reader(Vocabulary(catalogue, config.encoder.open(threads=1)))
    index = Index.of(catalogue)
    systems = dict(ways(pipeline, reader, index))
    figures = {name: np.array([judged(way(one), one) for one in asked]) for name, way in systems.items()}
    table = Table(title=f"MovieLens latest-small, {len(asked)} users; data {data.fingerprint}", title_justify="left")
    for heading in ("", "keeps", "NDCG@10", "Δ NDCG@10 of both together to it"):
        table.add_column(heading)
    for name, values in figures.items():
        gap = paired(figures[BOTH][:, 1], values[:, 1], np.random.default_rng(0))
        table.add_row(
            name, f"{values[:, 0].mean():.3f}", f"{values[:, 1].mean():.4f}", f"{gap.mean:+.4f} ({gap.low:+.4f} … {gap.high:+.4f})"
        )
    console = Console(width=130)
    console.print(table)
    console.print(latency(pipeline, reader, asked))


BOTH = "steered by words"


def question(query: Query, targets: NDArray[np.int32], catalogue: Catalogue, rng: np.random.Generator) -> Asked | None:
    """A genre and a decade of one of the films that the user took later."""
    years = catalogue.frame["year"].fill_null(0).to_numpy()
    able = [item for item in targets.tolist() if years[item] >= 1930 and catalogue.categories[item]]
    if not able:
        return None
    item = able[rng.integers(len(able))]
    genre, decade = str(rng.choice(catalogue.categories[item])), int(years[item]) // 10 * 10
    keeps = catalogue.mask({"categories": genre}) & (years // 10 * 10 == decade)
    text = f"{PLURAL.get(genre, f'{genre.lower()} films')} from the {f'{decade % 100}s' if decade < 2000 else f'{decade}s'}"
    return Asked(query, text, keeps, targets[keeps[targets]])


def ways(pipeline: Pipeline, reader: Reader, index: Index) -> list[tuple[str, Callable[[Asked], NDArray[np.int32]]]]:
    """Each takes a question and gives ten films."""

    def free(one: Asked) -> NDArray[np.bool_]:
        return pipeline.allowed(Request(one.query))

    def vector(one: Asked) -> NDArray[np.float32]:
        return reader.vocabulary.vector(one.text)

    def told(one: Asked, wish: Wish, strength: float | None = None) -> NDArray[np.int32]:
        request = Request(one.query, K)
        options = {} if strength is None else {"strength": strength}
        how = steer(wish, reader.vocabulary, one.query.history, free(one), K, **options)
        return pipeline.recommend([replace(request, allowed=how.allowed, bonus=how.bonus)])[0].items

    def own(one: Asked) -> NDArray[np.float32]:
        return pipeline.candidates([Request(one.query)])[0]

    found: list[tuple[str, Callable[[Asked], NDArray[np.int32]]]] = [
        ("personalisation without search", lambda one: pipeline.recommend([Request(one.query, K)])[0].items),
        ("search without personalisation", lambda one: index.search(one.text, K, vector=vector(one), allowed=free(one)).items),
        ("search with personal scores", lambda one: index.search(one.text, K, vector=vector(one), own=own(one), allowed=free(one)).items),
        (BOTH, lambda one: told(one, reader.read(one.text))),
    ]
    for strength in (1.0, 5.0, 10.0, 20.0, 40.0):
        found.append((f"direction, λ = {strength:g}", lambda one, s=strength: told(one, Wish(text=one.text, toward=(one.text,)), s)))
    return found


def judged(items: NDArray[np.int32], one: Asked) -> tuple[float, float]:
    """Share that keeps, NDCG."""
    gains = np.isin(items, one.wanted) / np.log2(np.arange(2, len(items) + 2))
    best = (1 / np.log2(np.arange(2, min(K, len(one.wanted)) + 2))).sum()
    return float(one.keeps[items].sum() / K), float(gains.sum() / best)


def latency(pipeline: Pipeline, reader: Reader, asked: list[Asked]) -> Table:
    """What each kind of text adds, in milliseconds of this process."""
    kinds: dict[str, Callable[[int, Asked], str]] = {
        "names a category and a decade": lambda _, one: one.text,
        "a phrase never read": lambda number, one: f"{one.text.split()[0]} about old friends in town {number}",
        "two phrases never read": lambda number, _: f"a heist by the sea {number}, but with a quiet ending {number}",
        "a phrase read before": lambda _, one: f"{one.text.split()[0]} about old friends",
        "words to leave out": lambda _, one: f"{one.text.split()[0]}, no submarines",
        "lighter than what I usually watch, no sequels": lambda *_: "lighter than what I usually watch, no sequels",
    }
    alone = [spent(pipeline, reader, one, None) for one in asked[:ASKED]]
    table = Table(title=f"A request without a text takes {np.median(alone):.1f} ms (median of {ASKED})", title_justify="left")
    for heading in ("text", "adds, ms", "quartiles"):
        table.add_column(heading)
    for name, text in kinds.items():
        spent(pipeline, reader, asked[0], text(-1, asked[0]))
        gaps = []
        for number, one in enumerate(asked[:ASKED]):
            alone_ms = spent(pipeline, reader, one, None)
            gaps.append(spent(pipeline, reader, one, text(number, one)) - alone_ms)
        low, middle, high = np.quantile(gaps, [0.25, 0.5, 0.75])
        table.add_row(name, f"{middle:+.1f}", f"{low:+.1f} … {high:+.1f}")
    return table


def spent(pipeline: Pipeline, reader: Reader, one: Asked, text: str | None) -> float:
    """Milliseconds of processor time for one request."""
    start = time.process_time()
    request = Request(one.query, K)
    if text is not None:
        how = steer(reader.read(text), reader.vocabulary, one.query.history, pipeline.allowed(request), K)
        request = replace(request, allowed=how.allowed, bonus=how.bonus)
    pipeline.recommend([request])
    return 1000 * (time.process_time() - start)


if __name__ == "__main__":
    main()
