"""What does stuffing a title with words buy? `python benchmarks/stuffing.py [--data FOLDER] [--blend]`.

MovieLens latest-small or, with FOLDER, Amazon Office. Of 40 items drawn by chance the title is stuffed: for search and steering, once and
five times, with a query of two words from the title of another item (that other item is the honest answer); for the models with the titles
of the five items taken most, five times. Lifts are of the stuffed item against its own honest text, for the same queries or 40 users.
Places: how many it goes up, of all items. Standard scores: of search none are given, since ranks are fused. "first": share of the stuffed
that stand in the first ten; "honest": of the honest answers, and for models of the items before they were stuffed.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from office import data_folder
from rich.console import Console
from rich.table import Table

from bowerbird.bundle import Config
from bowerbird.data import Catalogue, Dataset, DataSettings, clean, read, sample_path
from bowerbird.fitting import read_catalogue
from bowerbird.language import item_texts
from bowerbird.language.lexical import search_tokens
from bowerbird.models import Blend, Recipe, Text
from bowerbird.pipeline import steered
from bowerbird.protocols import Encoder
from bowerbird.search import Index
from bowerbird.steering import Vocabulary, Wish, steer
from bowerbird.types import History, Query

DRAWN, USERS, TIMES, TOP, SEED = 40, 40, 5, 10, 0
Lifts = tuple[NDArray[np.float64], NDArray[np.float64] | None, float, float]
"""Places, standard scores, share of the stuffed in the first ten, share of the honest answers there."""


def main() -> None:
    """Stuff, ask, print."""
    table = Table(title=f"Titles stuffed with words; seed {SEED}", title_justify="left")
    for heading in ("data", "way", "places up: median (90 %, most)", "standard scores: median (90 %, most)", "first", "honest"):
        table.add_column(heading)
    blend = "--blend" in sys.argv
    sys.argv = [one for one in sys.argv if one != "--blend"]
    if "--data" in sys.argv:
        folder = data_folder("amazon-office", "events.csv", "items.jsonl")
        paths = folder / "events.csv", folder / "items.jsonl"
        name, config = "Office", Config(data=DataSettings(default_kind="purchase", context=("split",)))
        data = clean(read(*paths, config.data), config.data)
    else:
        name, config = "MovieLens", Config(data=DataSettings(format="movielens"))
        data = clean(read(sample_path(), None, config.data), config.data)
    catalogue = read_catalogue(data.catalogue, config)
    for way, lifts in measured(data, catalogue, config.encoder.open(threads=1), [Text(), *([Blend()] if blend else [])]):
        table.add_row(f"{name}, {data.fingerprint}", way, *cells(lifts))
    Console(width=150).print(table)


def measured(data: Dataset, catalogue: Catalogue, encoder: Encoder, recipes: list[Recipe]) -> Iterator[tuple[str, Lifts]]:
    """Each way that a text can lift an item."""
    rng = np.random.default_rng(SEED)
    able = np.array([item for item in range(len(catalogue)) if len(query_of(catalogue, item)) > 1])
    drawn = rng.choice(len(catalogue), DRAWN, replace=False)
    answers = rng.choice(np.setdiff1d(able, drawn), DRAWN, replace=False)
    queries = [" ".join(query_of(catalogue, item)[:2]) for item in answers]
    for times in (1, TIMES):
        stuffed = with_titles(catalogue, drawn, queries, encoder, times)
        yield f"search, said {times} ×", searched(catalogue, stuffed, drawn, answers, queries, encoder)
        yield f"steering, said {times} ×", led(catalogue, stuffed, drawn, answers, queries, encoder)
    taken = np.bincount(data.log.items, minlength=len(catalogue))
    fame = " ".join(catalogue.titles[item] for item in np.argsort(-taken, kind="stable")[:5])
    famous = with_titles(catalogue, drawn, [fame] * DRAWN, encoder, TIMES)
    users = rng.choice(data.log.n_users, USERS, replace=False)
    asked = [Query(data.log.history(int(user))) for user in users]
    for recipe in recipes:
        model = recipe.fit(data.log, catalogue, np.random.default_rng(SEED))
        before, after = model.score(asked), model.with_vectors(famous.vectors).score(asked)
        yield recipe.kind, scored(before, after, drawn)


def query_of(catalogue: Catalogue, item: int) -> list[str]:
    """The words of a title that say something, as they are searched for."""
    return [word for word in dict.fromkeys(search_tokens(catalogue.titles[item].split(" (")[0])) if len(word) > 3 and word.isalpha()]


def with_titles(catalogue: Catalogue, items: NDArray[np.int64], words: list[str], encoder: Encoder, times: int) -> Catalogue:
    """The catalogue with these words so many times before each of these titles, read anew."""
    titles = list(catalogue.titles)
    for item, said in zip(items.tolist(), words, strict=True):
        titles[item] = f"{(said + ' ') * times}{titles[item]}"
    frame = catalogue.frame.with_columns(title=np.array(titles, object))
    vectors = catalogue.vectors.copy()
    vectors[items] = encoder.encode(item_texts(frame[items]))
    return replace(catalogue, frame=frame, vectors=vectors)


def searched(
    honest: Catalogue,
    stuffed: Catalogue,
    drawn: NDArray[np.int64],
    answers: NDArray[np.int64],
    queries: list[str],
    encoder: Encoder,
) -> Lifts:
    """By search: words and vectors."""
    indices = [Index.of(honest), Index.of(stuffed)]
    places = np.zeros((2, len(queries)))
    first = np.zeros((2, len(queries)))
    for at, (query, vector) in enumerate(zip(queries, encoder.encode(queries), strict=True)):
        found = [index.search(query, len(honest), vector=vector).items.tolist() for index in indices]
        places[:, at] = [items.index(drawn[at]) if drawn[at] in items else len(honest) - 1 for items in found]
        first[:, at] = [drawn[at] in found[1][:TOP], answers[at] in found[0][:TOP]]
    return places[0] - places[1], None, float(first[0].mean()), float(first[1].mean())


def led(
    honest: Catalogue,
    stuffed: Catalogue,
    drawn: NDArray[np.int64],
    answers: NDArray[np.int64],
    queries: list[str],
    encoder: Encoder,
) -> Lifts:
    """By the direction of a wish alone, on scores that are all alike."""
    everything = np.ones(len(honest), bool)
    vocabularies = [Vocabulary(one, encoder) for one in (honest, stuffed)]
    bonuses = []
    for query in queries:
        wish = Wish(text=query, toward=(query,))
        told = [steer(wish, one, History.of([]), everything, TOP).bonus for one in vocabularies]
        bonuses.append([np.zeros(len(honest), np.float32) if bonus is None else bonus for bonus in told])
    both = np.array(bonuses)  # (n_queries, 2, n_items)
    rows = np.arange(len(queries))
    before, after = both[rows, 0, drawn], both[rows, 1, drawn]
    places = [(both[rows, side] > own[:, None]).sum(axis=1) for side, own in ((0, before), (1, after))]
    answer = (both[rows, 0] > both[rows, 0, answers][:, None]).sum(axis=1)
    return (places[0] - places[1]).astype(np.float64), (after - before).astype(np.float64), share(places[1]), share(answer)


def scored(before: NDArray[np.float32], after: NDArray[np.float32], drawn: NDArray[np.int64]) -> Lifts:
    """By a model, (n_users, n_items) before and after."""
    nothing = np.zeros(before.shape[1], np.float32)
    one, other = steered(before, nothing), steered(after, nothing)
    places = [(np.nan_to_num(side, nan=-np.inf)[:, None, :] > side[:, drawn, None]).sum(axis=2).ravel() for side in (one, other)]
    gained = (other[:, drawn] - one[:, drawn]).ravel().astype(np.float64)
    return (places[0] - places[1]).astype(np.float64), gained, share(places[1]), share(places[0])


def share(places: NDArray[np.int64]) -> float:
    """Of those that stand in the first ten."""
    return float((places < TOP).mean())


def cells(lifts: Lifts) -> list[str]:
    """One row's figures."""
    places, scores, first, honest = lifts
    said = [
        f"{np.median(values):+{form}} ({np.quantile(values, 0.9):+{form}}, {values.max():+{form}})" if values is not None else "–"
        for values, form in ((places, ".0f"), (scores, ".2f"))
    ]
    return [*said, f"{first:.3f}", f"{honest:.3f}"]


if __name__ == "__main__":
    main()
