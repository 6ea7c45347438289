"""From a wish to what a slate is steered by: a bonus on standard scores, and which items may be shown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.language.nearness import near_of
from bowerbird.steering.vocabulary import Vocabulary
from bowerbird.steering.wish import Condition, Wish
from bowerbird.types import History

STRENGTH = 20.0
"""λ: standard scores by which an item moves that is as near as can be (`benchmarks/steering.py`)."""
MOST = 0.99
"""What is nearer to the wish than this share of all items is counts no more than they do: stuffing a title with a wish's words is of no use
beyond it."""
SOFT = 3.0
"""Standard scores for keeping to all of the conditions, where too few items do to show only them."""


@dataclass(frozen=True, eq=False)
class Steer:
    """How a slate is steered.

    bonus    (n_items,) float32, on standard scores, in −2 λ − SOFT … 2 λ + SOFT; None = nothing
    allowed  (n_items,) bool; None = all may be shown
    notes    what could not be kept to, one sentence each
    """

    bonus: NDArray[np.float32] | None = None
    allowed: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()


def steer(wish: Wish, vocabulary: Vocabulary, history: History, possible: NDArray[np.bool_], k: int, strength: float = STRENGTH) -> Steer:
    """What a wish does to a slate of `k` items.

        score′ = standard score + λ · (nearness to what is wanted − nearness to what is not)

    where nearness is the cosine on a scale from what chance gives, 0, to 1, so that it does not depend on the encoder (`relative`),
    and only items that keep to the conditions are shown; where fewer than `k` do, they get a bonus of `SOFT` instead, and that is noted.

    history   what is usual for the user, where the wish is measured against it
    possible  (n_items,) bool, the items that may be shown at all
    cost      O(n_items · d)

    >>> from bowerbird.data import Catalogue
    >>> shop = Vocabulary(Catalogue.of(["a", "b"], categories=[["tea"], ["rope"]]))
    >>> tea = Wish(text="tea", conditions=(Condition(column="categories", values=("tea",)),))
    >>> steer(tea, shop, History.of([]), np.ones(2, bool), k=1).allowed.tolist()
    [True, False]
    >>> steer(tea, shop, History.of([]), np.ones(2, bool), k=2).notes
    ('only 1 of the items that may be shown keep to: tea; others fill the slate behind them',)
    """
    catalogue = vocabulary.catalogue
    bonus = _direction(wish, vocabulary, history) * np.float32(strength)
    keeps = np.ones(len(catalogue), bool)
    for condition in wish.conditions:
        keeps &= holds(condition, vocabulary)
    for words in wish.without:
        keeps &= ~vocabulary.mentions(words)
    notes = tuple(f"not understood: {phrase}" for phrase in wish.unheard)
    found = int((keeps & possible).sum())
    if keeps.all() or found >= k:
        return Steer(bonus if bonus.any() else None, None if keeps.all() else keeps, notes)
    said = ", ".join([*(condition.words for condition in wish.conditions), *(f"no {words}" for words in wish.without)])
    note = f"only {found} of the items that may be shown keep to: {said}; others fill the slate behind them"
    return Steer((bonus + np.float32(SOFT) * keeps).astype(np.float32), None, (*notes, note))


def holds(condition: Condition, vocabulary: Vocabulary) -> NDArray[np.bool_]:
    """(n_items,) bool: the items that keep to a condition; one whose number is not known keeps to no bound, and to no exclusion's."""
    if condition.values:
        keeps = np.zeros(len(vocabulary.catalogue), bool)
        for value in condition.values:
            keeps |= vocabulary.of_category(value)
        return ~keeps if condition.exclude else keeps
    numbers = vocabulary.column(condition.column)
    low = -np.inf if condition.low is None else condition.low
    high = np.inf if condition.high is None else condition.high
    keeps = (numbers >= low) & (numbers <= high)
    return ~keeps & ~np.isnan(numbers) if condition.exclude else keeps


def _direction(wish: Wish, vocabulary: Vocabulary, history: History) -> NDArray[np.float32]:
    """(n_items,): how near an item is to what is wanted, less how near to what is not; 0 for items without a text."""
    vectors = vocabulary.catalogue.vectors
    nearness = np.zeros(len(vocabulary.catalogue), np.float32)
    if vectors is None or vocabulary.encoder is None:
        return nearness
    near = dict(zip((*wish.toward, *wish.away), vocabulary.nearness((*wish.toward, *wish.away)), strict=True))
    for phrases, sign in ((wish.toward, 1), (wish.away, -1)):
        for phrase in phrases:
            nearness += np.float32(sign / len(phrases)) * _bounded(near[phrase][1])
    liked = history.items[history.weights > 0]
    if wish.than_usual and len(liked):
        usual = np.nan_to_num(vectors[liked]).mean(axis=0)
        nearness -= np.float32(0.5) * _bounded(near_of(vectors @ (usual / max(float(np.linalg.norm(usual)), 1e-9)))[1])
    return nearness


def _bounded(near: NDArray[np.float32]) -> NDArray[np.float32]:
    """How near items are, none above the item which is nearer than `MOST` of all."""
    last = min(int(MOST * len(near)), len(near) - 1)
    return np.minimum(near, np.partition(near, last)[last]) if len(near) > 1 / (1 - MOST) else near
