"""What a live engine served, read back from its store: slates, propensities, answers; and what another policy would have done instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from bowerbird.adaptation import Bandit
from bowerbird.answers import Receipt
from bowerbird.bundle import Bundle
from bowerbird.config import parse
from bowerbird.data import history_of, weigh
from bowerbird.errors import DataError
from bowerbird.evaluation.offpolicy.logged import LoggedSlates
from bowerbird.live import HISTORY_LIMIT, Grower
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.protocols import Progress, silent
from bowerbird.ranking import allowed_items
from bowerbird.store import SlateRow, SqlStore
from bowerbird.types import Event, Happened, History, Offset, Query, Request, Shown

BATCH = 64
"""Requests scored at a time: each brings what was known of rewards when it was made."""


@dataclass(frozen=True, eq=False, slots=True)
class Served:
    """Slates of a store that have an item, in the order in which they were made.

    slates   as they were shown
    logged   the same as numbers: what each place earned, 1 if it was answered with a weight above 0, else 0
    rounds   (n,) int, equal for the slates of one user; who has no name is alone
    answers  how many events answered them
    """

    slates: tuple[SlateRow, ...]
    logged: LoggedSlates
    rounds: NDArray[np.int64]
    answers: int


def served(store: SqlStore, bundle: Bundle) -> Served:
    """What a store holds.

    bundle  says what events weigh
    raises  DataError if no slate is stored; for a kind of event that the bundle does not declare
    """
    slates = tuple(slate for slate in store.all_slates() if slate.items)
    if not slates:
        raise DataError("off-policy: the store must hold slates that were shown, got none")
    answers = [event for _, event in store.all_answers()]
    liked = {(event.slate, event.item) for event, weight in zip(answers, weights_of(answers, bundle), strict=True) if weight > 0}
    shape = (len(slates), max(len(slate.items) for slate in slates))
    rewards, propensities = np.full(shape, np.nan), np.full(shape, np.nan)
    for row, slate in enumerate(slates):
        rewards[row, : len(slate.items)] = [(slate.id, item) in liked for item in slate.items]
        propensities[row, : len(slate.items)] = slate.propensities
    names = [slate.id if slate.user is None else f"user {slate.user}" for slate in slates]
    return Served(slates, LoggedSlates(rewards, propensities), np.unique(names, return_inverse=True)[1], len(answers))


def target_chances(
    store: SqlStore,
    bundle: Bundle,
    ranking: RankingSettings,
    slates: Sequence[SlateRow],
    progress: Progress = silent,
    grower: Grower | None = None,
) -> NDArray[np.float64]:
    """(n, k): how likely another policy would have been to show what was shown, given what stood above it; NaN beyond the end of a slate.

    Each slate's request is made again from its receipt: the history of then, the items of then, and, where the policy explores, what the
    answers of until then tell of rewards. The model is the bundle's, as it was fitted.

    ranking  the policy
    slates   in the order in which they were made
    grower   reads items that were put in live; unless given, with the bundle's own encoder
    raises   ConfigError for a receipt that this version does not read
    cost     one request a slate
    """
    puts, grower = store.items_since(0), grower or Grower()
    receipts: list[Receipt] = [parse(Receipt, slate.receipt, f"slate {slate.id}: receipt") for slate in slates]
    told = Told(store, bundle, {slate.id: slate for slate in slates})
    found = np.full((len(slates), max(len(slate.items) for slate in slates)), np.nan)
    for item_offset, stretch in groupby(range(len(slates)), key=lambda at: receipts[at].item_offset):
        grown = grower.grown(bundle, [put.row for put in puts if put.offset <= item_offset])
        pipeline, rows = Pipeline(grown.model, grown.catalogue, ranking), list(stretch)
        bandit = None if pipeline.exploration is None else pipeline.exploration.bandit
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            progress("asking again", batch[0], len(slates))
            bandits = None if bandit is None else [told.known(bandit, slates[at].offset, grown) for at in batch]
            shown = [grown.catalogue.numbers(slates[at].items) for at in batch]
            requests = [request_of(receipts[at], grown, store) for at in batch]
            for at, chances in zip(batch, pipeline.chances(requests, shown, bandits), strict=True):
                found[at, : len(chances)] = chances
    progress("asking again", len(slates), len(slates))
    return found


def request_of(receipt: Receipt, bundle: Bundle, store: SqlStore) -> Request:
    """The request that a receipt was given for, on the numbers of a bundle."""
    if receipt.history is not None:
        events = [past.event() for past in receipt.history]
    else:
        events = store.history(receipt.user, HISTORY_LIMIT, receipt.offset) if receipt.user is not None else []
    catalogue = bundle.catalogue
    history, _ = history_of(events, catalogue, bundle.config.data, bundle.scale)
    excluded = catalogue.numbers(receipt.exclude)
    return Request(
        Query(history, time=receipt.asked_at.timestamp(), context=receipt.context),
        receipt.k,
        receipt.diversity,
        allowed_items(catalogue, receipt.filters, excluded[excluded >= 0]),
        receipt.seed,
    )


class Told:
    """What the answers of a store tell of rewards, up to one offset after another.

    slates  those that are answered, by id
    """

    def __init__(self, store: SqlStore, bundle: Bundle, slates: dict[str, SlateRow]) -> None:
        answers = list(store.all_answers())
        weights = weights_of([event for _, event in answers], bundle)
        self._answers = iter([(offset, event, weight) for (offset, event), weight in zip(answers, weights, strict=True)])
        self._next = next(self._answers, None)
        self._slates = slates
        self._shown: dict[str, Shown] = {}
        self._bandit: Bandit | None = None

    def known(self, begun: Bandit, offset: Offset, grown: Bundle) -> Bandit:
        """The state after all answers up to an offset, which does not fall from call to call.

        begun  where the first answer found nothing
        grown  the bundle with the items of then
        """
        bandit = begun if self._bandit is None else self._bandit
        if len(bandit) < len(grown.catalogue) and grown.catalogue.vectors is not None:
            bandit = bandit.with_vectors(grown.catalogue.vectors)
        happened = []
        while self._next is not None and self._next[0] <= offset:
            happened += self._happened(self._next[1], self._next[2], grown)
            self._next = next(self._answers, None)
        self._bandit = bandit.after(happened)
        return self._bandit

    def _happened(self, event: Event, weight: float, grown: Bundle) -> list[Happened]:
        slate = self._slates.get(event.slate or "")
        number = grown.catalogue.number(event.item)
        if slate is None or number is None:
            return []
        shown = self._shown.get(slate.id) or Shown(
            grown.catalogue.numbers(slate.items), np.array(slate.standings, np.float32), np.array(slate.propensities)
        )
        self._shown[slate.id] = shown.after(number, weight)
        return [Happened(event.user, Query(History.of([])), number, weight, shown)]


def weights_of(events: Sequence[Event], bundle: Bundle) -> list[float]:
    """What events tell of their items, as the bundle's settings have it; each alone, not held against the user's other ratings."""
    values = np.array([np.nan if event.value is None else event.value for event in events], np.float64)
    weights: list[float] = weigh(
        [event.kind for event in events], values, np.arange(len(events)), bundle.config.data, bundle.scale
    ).tolist()
    return weights
