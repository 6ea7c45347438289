"""Which items of the history carry a recommended item."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.explain.settings import ExplainSettings
from bowerbird.protocols import Explains, Scorer
from bowerbird.types import History, Query


@dataclass(frozen=True, eq=False)
class Carriers:
    """What speaks most for one item.

    items   (n,) int32, distinct items of the history, strongest first, at most `max_cited`; empty = nothing speaks for it
    enough  how many of them, from the strongest, make up the wanted share of all that speaks for it (all of them, if they do not)
    """

    items: NDArray[np.int32]
    enough: int


def carriers(scorer: Scorer, query: Query, items: NDArray[np.int32], settings: ExplainSettings) -> list[Carriers]:
    """For each of `items`, what of the history speaks most for it, as far as the scorer itself tells or occlusion finds.

    Only liked items are cited, those whose newest weight that says anything is above 0; all events of an item count together. This is a
    claim: `certificate.certify` tests it.

    cost  for a scorer that `Explains` itself, one `contributions`; for any other, one `score` of `occluded` + 1 queries
    """
    history = query.history
    liked = liked_items(history)
    if len(liked) == 0:
        return [Carriers(liked, 0)] * len(items)
    if isinstance(scorer, Explains):
        told = _by_item(history, liked, np.nan_to_num(scorer.contributions(query, items)))
    else:
        liked = liked[-settings.occluded :]
        told = occlusion(scorer, query, liked, items)
    return [_strongest(liked, told[:, column], settings) for column in range(len(items))]


def liked_items(history: History) -> NDArray[np.int32]:
    """The distinct items whose newest weight other than 0 is above 0, in the order in which they were last touched.

    >>> liked_items(History.of([4, 7, 4, 9], [1, 1, -1, 0])).tolist()
    [7]
    """
    newest: dict[int, bool] = {}
    for item, weight in zip(history.items.tolist(), history.weights.tolist(), strict=True):
        if weight != 0:
            newest.pop(item, None)
            newest[item] = weight > 0
    return np.array([item for item, likes in newest.items() if likes], np.int32)


def occlusion(scorer: Scorer, query: Query, cited: NDArray[np.int32], items: NDArray[np.int32]) -> NDArray[np.float64]:
    """(n_cited, n_items): how far each item's score falls when one item of the history is taken away, all else being equal.

    Scores are read against the mean of their row, since a scorer may shift them all. An item that cannot be scored any more has fallen
    to the bottom of the row.
    """
    history = query.history
    fewer = [_with(query, history.without(np.array([item], np.int32))) for item in cited]
    scores = scorer.score([query, *fewer]).astype(np.float64)
    known = ~np.isnan(scores)
    counts = np.maximum(known.sum(axis=1), 1)
    centred = scores - (np.where(known, scores, 0).sum(axis=1) / counts)[:, None]
    bottom = np.where(known, centred, np.inf).min(axis=1, initial=0)
    placed = np.where(known, centred, bottom[:, None])[:, items]
    fall: NDArray[np.float64] = placed[0] - placed[1:]
    return fall


def _with(query: Query, history: History) -> Query:
    return Query(history, query.time, query.context, query.text)


def _by_item(history: History, liked: NDArray[np.int32], contributions: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n_liked, n_items): what all events of an item add together."""
    row = {item: number for number, item in enumerate(liked.tolist())}
    told = np.zeros((len(liked), contributions.shape[1]))
    events = [event for event, item in enumerate(history.items.tolist()) if item in row]
    np.add.at(told, [row[item] for item in history.items[events].tolist()], contributions[events])
    return told


def _strongest(liked: NDArray[np.int32], told: NDArray[np.float64], settings: ExplainSettings) -> Carriers:
    """The strongest, ties to the newer item."""
    speaks = np.maximum(told, 0)
    order = np.lexsort((-np.arange(len(liked)), -speaks))[: settings.max_cited]
    order = order[(speaks[order] > 0) & (speaks[order] >= settings.min_share * speaks.max())]
    covered = np.cumsum(speaks[order]) / (speaks.sum() or 1)
    enough = min(int(np.searchsorted(covered, settings.cover)) + 1, len(order))
    return Carriers(liked[order], enough)
