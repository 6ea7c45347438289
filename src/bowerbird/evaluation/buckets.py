"""The same result, cut up: by how much is known of the user, and by how much is known of the item (the cold-start curve)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.evaluation.metrics import discount
from bowerbird.evaluation.protocol import Result
from bowerbird.evaluation.significance import Interval, intervals, ratios

Edges = Sequence[tuple[int, int | None]]
"""First and last number of each bucket; None = no end."""

HISTORY_LENGTHS: Edges = ((0, 0), (1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, None))
"""By events in the user's history."""

ITEM_AGES: Edges = ((0, 0), (1, 2), (3, 9), (10, None))
"""By training events of the item; 0 = a new item."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One row of a curve.

    label    "3–5"
    users    how many cases have a part in it
    events   how many targets
    figures  name -> mean with its interval
    """

    label: str
    users: int
    events: int
    figures: dict[str, Interval]


def by_history(result: Result, rng: np.random.Generator, k: int | None = None, resamples: int = 1000) -> list[Bucket]:
    """NDCG, recall and hit rate of the users of each history length; buckets without users are left out.

    k  the cut-off, at most max(result.ks); the first that was evaluated unless given
    """
    k = k or result.ks[0]
    names = [f"{name}@{k}" for name in ("ndcg", "recall", "hit")]
    rows = []
    for edges in HISTORY_LENGTHS:
        here = _within(result.lengths, edges)
        if here.any():
            table = np.stack([result.values[name][here] for name in names], axis=1)
            figures = dict(zip(names, intervals(table, rng, resamples), strict=True))
            rows.append(Bucket(_label(edges), int(here.sum()), int(result.judged.sizes[here].sum()), figures))
    return rows


def by_item_age(result: Result, rng: np.random.Generator, k: int | None = None, resamples: int = 1000) -> list[Bucket]:
    """The cold-start curve: of the target events whose item has so many training events, how many were found?

    recall@k  the share of these targets that stand among the first k
    ndcg@k    the mean of 1 / log2(rank + 1) of these targets, 0 beyond k: each target taken alone
    new shown the share of items of this age among all that were shown, to hold against the share of the targets
    wanted    the share of the targets that have this age

    Means are over target events; the intervals draw users, with all of their targets. Ages without targets are left out.
    """
    k = k or result.ks[0]
    owners, ranks = result.judged.owners, np.where(result.judged.ranks <= k, result.judged.ranks, 0)
    target_ages = result.ages[result.targets]
    shown_ages = result.ages[np.concatenate([slate.items[:k] for slate in result.slates])]
    showers = np.repeat(np.arange(result.users), [len(slate.items[:k]) for slate in result.slates])

    def per_user(who: NDArray[np.int64], what: NDArray[np.float64] | NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.bincount(who, weights=what, minlength=result.users).astype(np.float64)

    rows = []
    for edges in ITEM_AGES:
        here, there = _within(target_ages, edges), _within(shown_ages, edges)
        if not here.any():
            continue
        wanted = per_user(owners, here)
        parts = [per_user(owners, here & (ranks > 0)), per_user(owners, here * discount(ranks)), wanted, per_user(showers, there)]
        wholes = [wanted, wanted, per_user(owners, np.ones(len(here))), per_user(showers, np.ones(len(there)))]
        found = ratios(np.stack(parts, axis=1), np.stack(wholes, axis=1), rng, resamples)
        figures = dict(zip((f"recall@{k}", f"ndcg@{k}", "wanted", "shown"), found, strict=True))
        rows.append(Bucket(_label(edges), int((wanted > 0).sum()), int(here.sum()), figures))
    return rows


def _within(numbers: NDArray[np.int64], edges: tuple[int, int | None]) -> NDArray[np.bool_]:
    low, high = edges
    return (numbers >= low) & (numbers <= (np.iinfo(np.int64).max if high is None else high))


def _label(edges: tuple[int, int | None]) -> str:
    """The bucket in words.

    >>> [_label((0, 0)), _label((3, 5)), _label((21, None))]
    ['0', '3–5', '21+']
    """
    low, high = edges
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}–{high}"
