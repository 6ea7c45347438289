"""What a live engine served, read back from its store: slates, propensities, answers; and what another policy would have done instead."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from bowerbird.answers import Receipt
from bowerbird.asking import asked
from bowerbird.bundle import Bundle
from bowerbird.config import parse
from bowerbird.data import weigh
from bowerbird.errors import DataError
from bowerbird.evaluation.offpolicy.logged import LoggedSlates
from bowerbird.live import Follower, Grower, Worded, fresh, shown_before
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.protocols import Progress, silent
from bowerbird.store import SlateRow, SqlStore
from bowerbird.types import Event, Offset


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
    """What a store holds. An answer by someone else than the user whom the slate was made for counts for nothing.

    bundle  says what events weigh
    raises  DataError if no slate is stored; for a kind of event that the bundle does not declare
    """
    slates = tuple(slate for slate in store.all_slates() if slate.items)
    if not slates:
        raise DataError("off-policy: the store must hold slates that were shown, got none")
    users = {slate.id: slate.user for slate in slates}
    answers = [event for _, event in store.all_answers() if users.get(event.slate or "") in (None, event.user)]
    liked = {(event.slate, event.item) for event, weight in zip(answers, _weights(answers, bundle), strict=True) if weight > 0}
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
    """(n, k): how likely a bundle with other ranking settings would have been to show what was shown, given what stood above it; NaN beyond
    the end of a slate.

    Each slate's request is made again from its receipt: the history of then with the profile's edits, the words, the items of then, and all
    that is learned from the log up to where the engine had learned then, what exploration goes by too.

    ranking  the policy
    grower   reads items that were put in live; unless given, with the bundle's own encoder
    raises   ConfigError for a receipt that this version does not read
    cost     one request a slate, and where something learns from the log, telling it the log once
    """
    base = replace(bundle, config=bundle.config.model_copy(update={"ranking": ranking}))
    follower, puts, learned = Follower(store, grower or Grower()), store.items_since(0), fresh(base)
    words, exposed = Worded(follower.grower), shown_before(store, bundle, ranking)
    receipts: list[Receipt] = [parse(Receipt, slate.receipt, f"slate {slate.id}: receipt") for slate in slates]
    found, done = np.full((len(slates), max(len(slate.items) for slate in slates)), np.nan), 0

    def moment(at: int) -> tuple[Offset, Offset]:
        return receipts[at].learned, receipts[at].item_offset

    for (offset, items), together in groupby(sorted(range(len(slates)), key=moment), key=moment):
        progress("asking again", done, len(slates))
        learned, rows = follower.onward(learned, offset), list(together)
        new = [put.row for put in puts if learned.item_offset < put.offset <= items]
        then = follower.grower.grown(learned.bundle, new)
        pipeline = Pipeline(then.model, then.catalogue, ranking, learned.bandit, exposed)
        requests = [asked(receipts[at], then, pipeline, store, words).request for at in rows]
        shown = [then.catalogue.numbers(slates[at].items) for at in rows]
        for at, chances in zip(rows, pipeline.chances(requests, shown), strict=True):
            found[at, : len(chances)] = chances
        done += len(rows)
    progress("asking again", len(slates), len(slates))
    return found


def _weights(events: Sequence[Event], bundle: Bundle) -> list[float]:
    """What events tell of their items, as the bundle's settings have it; each alone, not held against the user's other ratings."""
    values = np.array([np.nan if event.value is None else event.value for event in events], np.float64)
    weights: list[float] = weigh(
        [event.kind for event in events], values, np.arange(len(events)), bundle.config.data, bundle.scale
    ).tolist()
    return weights
