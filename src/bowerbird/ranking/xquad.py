"""Slates that serve every intent which the user may have."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from bowerbird.data.sequences import decayed_weights
from bowerbird.errors import DataError
from bowerbird.ranking.compiled import compiled
from bowerbird.ranking.relevance import checked_dial, ranked, relevance
from bowerbird.ranking.space import checked_items
from bowerbird.types import History, Query, Slate

Intents: TypeAlias = NDArray[np.float32] | csr_array
"""(n_items, n_intents), dense or sparse: how far an item serves an intent, 0 or more; a row that sums to more than 1 counts divided by
its sum, so a matrix of zeros and ones will do."""


@dataclass(frozen=True, eq=False)
class Xquad:
    """Pick items one by one so that scores are high and it grows less and less likely that an intent of the user is not served.

        next = argmax over i not picked:  (1 − strength) · relevance(i) + strength · gain(i)
        gain(i) = Σ over z:  p(z) · m(i, z) · Π over j picked: (1 − m(j, z))

    p(z) is how the liked part of the history divides over the intents (`wanted_intents`), m(i, z) how far item i serves intent z. An
    intent that a pick serves already counts less, and what nobody is after does not count at all. Where `Calibration` gives 7 and 3 of
    ten places to a taste of 70 and 30 %, this sees to it that both get something early. Of whom nothing is known, all intents are equally
    likely.

    intents           (n_items, n_intents), as `Intents` says
    strength          0..1; 0 keeps the order given, 1 looks at the intents alone
    half_life_events  a liked event counts half once this many newer liked ones have followed; None = no decay
    raises            DataError if a slate or history names an item beyond `intents`, or something in there is negative or NaN
    cost              O(k · intents of all items of the slate) time at worst: an item is looked at only when it could win
    source            Santos, Macdonald & Ounis, WWW 2010; picked lazily (Minoux 1978), which changes the cost and not the answer

    >>> intents = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    >>> slate = Slate(np.array([0, 1, 2], np.int32), np.array([.9, .8, .6], np.float32))
    >>> Xquad(intents, strength=0.7)(slate, Query(History.of([3, 0])), k=3).items.tolist()
    [0, 2, 1]
    """

    intents: Intents
    strength: float
    half_life_events: float | None = None

    def __post_init__(self) -> None:
        checked_dial("xquad: strength", self.strength)
        if self.half_life_events is not None and not self.half_life_events > 0:
            raise DataError(f"xquad: half_life_events must be above 0, got {self.half_life_events}")

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate:
        """The `k` picks, in the order in which they were picked."""
        k = min(k, len(slate))
        wanted = wanted_intents(self.intents, query.history, self.half_life_events)
        if self.strength == 0:
            checked_items(slate.items, self.intents.shape[0])
            return slate.take(np.arange(k))
        slate = ranked(slate)
        starts, columns, serves = intent_parts(self.intents, slate.items)
        gain = (1 - self.strength) * relevance(slate.scores).astype(np.float64)
        return slate.take(_pick(starts, columns, serves, gain, self.strength * wanted, k))


def intent_parts(intents: Intents, items: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """How far each item serves the intents: item i serves `columns[starts[i]:starts[i + 1]]` by `serves`, which sum to at most 1.

    raises  DataError if an item number lies beyond the matrix, or something in its rows is negative or NaN
    cost    O(what stands in the rows of these items); of a dense matrix O(n · n_intents)

    >>> intent_parts(np.array([[1, 1], [0, 0], [0.2, 0]], np.float32), np.array([0, 1, 2], np.int32))[2].round(2).tolist()
    [0.5, 0.5, 0.2]
    """
    checked_items(items, intents.shape[0])
    if isinstance(intents, csr_array):
        counts = np.diff(intents.indptr)[items].astype(np.int64)
        starts = np.concatenate(([0], np.cumsum(counts)))
        at = np.repeat(intents.indptr[items] - starts[:-1], counts) + np.arange(starts[-1])
        columns, written = intents.indices[at].astype(np.int64), intents.data[at].astype(np.float64)
    else:
        rows = intents[items]
        where, columns = np.nonzero(rows)
        counts = np.bincount(where, minlength=len(items))
        starts, written = np.concatenate(([0], np.cumsum(counts))), rows[where, columns].astype(np.float64)
    if not (written >= 0).all():
        raise DataError(f"intents: must be 0 or more, got {written[~(written >= 0)][0]}")
    sums = np.bincount(np.repeat(np.arange(len(items)), counts), written, minlength=len(items))
    return starts, columns, written / np.repeat(np.maximum(sums, 1), counts)


def wanted_intents(intents: Intents, history: History, half_life_events: float | None = None) -> NDArray[np.float64]:
    """(n_intents,): how likely the user is after each intent; sums to 1.

    The liked events (weights above 0, weighted) divide as their items do. All intents alike where nothing liked serves any.

    >>> wanted_intents(np.array([[1, 0], [0.5, 0.5], [0, 0]], np.float32), History.of([0, 1, 0], [1, 1, -1])).tolist()
    [0.75, 0.25]
    """
    weights = decayed_weights([history], half_life_events=half_life_events, signed=False)
    starts, columns, serves = intent_parts(intents, history.items)
    likely = np.bincount(columns, np.repeat(weights, np.diff(starts)) * serves, minlength=intents.shape[1])
    total = likely.sum()
    return likely / total if total > 0 else np.full(len(likely), 1 / max(len(likely), 1))


@compiled
def _pick(
    starts: NDArray[np.int64],
    columns: NDArray[np.int64],
    serves: NDArray[np.float64],
    gain: NDArray[np.float64],
    wanted: NDArray[np.float64],
    k: int,
) -> NDArray[np.intp]:
    """The positions picked. `open_[z]` is the weight of intent z times the likelihood that no pick serves it; it can only shrink, so an
    old value is a bound from above: refresh only what could win."""
    n = len(gain)
    picked = np.empty(k, np.intp)
    open_ = wanted.copy()
    value = np.full(n, np.inf)
    for t in range(k):
        lead = np.argmax(value)
        best, best_value = int(lead), -np.inf
        for turn in range(-1, n):
            i = turn if turn >= 0 else int(lead)
            if value[i] < best_value or (value[i] == best_value and i >= best):
                continue
            value[i] = gain[i]
            for at in range(starts[i], starts[i + 1]):
                value[i] += open_[columns[at]] * serves[at]
            if value[i] > best_value or (value[i] == best_value and i < best):
                best, best_value = i, value[i]
        picked[t] = best
        value[best] = -np.inf
        gain[best] = -np.inf
        for at in range(starts[best], starts[best + 1]):
            open_[columns[at]] *= 1 - serves[at]
    return picked
