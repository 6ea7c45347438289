"""The log, told to what learns from it: event by event, in the order in which they were stored."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from math import log2

import numpy as np

from bowerbird.adaptation import Drift, LiveSettings, PageHinkley
from bowerbird.bundle import Bundle
from bowerbird.data import history_of
from bowerbird.data.kinds import EDITS
from bowerbird.live.growing import Grower
from bowerbird.live.learned import Learned
from bowerbird.protocols import Follows, Progress, silent
from bowerbird.store import Put, SqlStore
from bowerbird.types import Event, Happened, Offset, Query, Shown, UserId

CHUNK = 500
"""Events of one look into the log."""

HISTORY_LIMIT = 100_000
"""How many of a user's newest events are their history: all that cleaning lets one user have, so that nothing taken comes back."""


@dataclass(frozen=True, eq=False)
class Follower:
    """Tells a bundle's model of the events that happened since it was fitted: of those later than its own newest event.

    Of any `LiveSettings.window` events that taught, at most `per_user` are of one user. An item teaches from the moment that it is put. A
    slate that was made for one user is answered by nobody else.
    """

    store: SqlStore
    grower: Grower

    def begun(self, base: Bundle, up_to: Offset | None = None) -> Learned:
        """The newest state that is kept of a bundle, at most up to an offset; else that of a bundle that was told of nothing."""
        found = self.store.snapshot(base.fingerprint, up_to)
        if found is None or Learned.acts_of(found[1]) != self.store.acts():
            return self._anew(base)
        item_offset = Learned.item_offset_of(found[1])
        rows = [put.row for put in self.store.items_since(0) if put.offset <= item_offset]
        return Learned.from_bytes(base, self.grower.grown(base, rows), found[1])

    def onward(self, learned: Learned, up_to: Offset, progress: Progress = silent, most: int | None = None) -> Learned:
        """The state once everything up to an offset was told.

        most  look at no more than about so many events; the state may then end before `up_to`
        cost  an event: its user's history, what the model's `after` says, and one scoring where drift is watched; where somebody was
              erased, objected, or data has expired since, all of it again from the bundle on
        """
        if not learns(learned.base):
            return learned
        if learned.acts != self.store.acts():
            learned, most = self._anew(learned.base), None  # all in one go: answers come from the state before until it is done
        newest = newest_event(learned.base)
        begin = learned.offset
        while learned.offset < up_to and (most is None or learned.offset - begin < most):
            progress("following the log", learned.offset - begin, up_to - begin)
            events = self.store.newer(newest, learned.offset, up_to, CHUNK)
            learned = self._told(learned, events)
            if len(events) < CHUNK:
                learned = replace(learned, offset=up_to)
        progress("following the log", up_to - begin, up_to - begin)
        return learned

    def keep(self, learned: Learned) -> None:
        """Keep the state, so that the next start need not go through all of the log.

        raises  StoreError
        """
        if learns(learned.base):
            self.store.keep_snapshot(learned.base.fingerprint, learned.offset, learned.to_bytes(), learned.acts)

    def _anew(self, base: Bundle) -> Learned:
        """The state of a bundle that was told of nothing, and that nobody is in who was erased."""
        acts, events = self.store.acts(), self.store.spared(base.events)
        return replace(fresh(base if events is base.events else replace(base, events=events)), acts=acts)

    def _told(self, learned: Learned, events: Sequence[tuple[Offset, Event]]) -> Learned:
        """The state after these events, and after the items that were put in between."""
        puts = self.store.items_since(learned.item_offset)
        done = 0
        for due, stretch in groupby(events, key=lambda one: sum(put.events < one[0] for put in puts)):
            if due > done:
                learned = self._with(learned, puts[done:due])
                done = due
            learned = self._taught(learned, list(stretch))
        return learned

    def _with(self, learned: Learned, puts: Sequence[Put]) -> Learned:
        bundle = self.grower.grown(learned.bundle, [put.row for put in puts])
        bandit, vectors = learned.bandit, bundle.catalogue.vectors
        if bandit is not None and vectors is not None:
            bandit = bandit.with_vectors(vectors)
        return replace(learned, bundle=bundle, bandit=bandit, item_offset=puts[-1].offset)

    def _taught(self, learned: Learned, events: Sequence[tuple[Offset, Event]]) -> Learned:
        room = Room(learned.base.config.live, learned.teachers)
        happened, passed, unknown = [], 0, 0
        for offset, event in events:
            number = learned.bundle.catalogue.number(event.item)
            if event.kind in EDITS:
                continue
            if number is None:
                unknown += 1
            elif room.take(event.user):
                happened.append(self._happened(learned.bundle, offset, event, number))
            else:
                passed += 1
        return replace(
            self._after(learned, happened),
            offset=events[-1][0],
            teachers=room.teachers,
            taught=learned.taught + len(happened),
            passed=learned.passed + passed,
            unknown=learned.unknown + unknown,
        )

    def _after(self, learned: Learned, happened: Sequence[Happened]) -> Learned:
        drift, bundle = learned.drift, learned.bundle
        if learned.bandit is not None:
            learned = replace(learned, bandit=learned.bandit.after(happened))
        if learned.base.config.live.drift is None:
            return replace(learned, bundle=_followed(bundle, happened))
        for one in happened:
            drift = _watched(drift, bundle, one)
            bundle = _followed(bundle, [one])
        return replace(learned, bundle=bundle, drift=drift)

    def _happened(self, bundle: Bundle, offset: Offset, event: Event, item: int) -> Happened:
        before = self.store.history(event.user, HISTORY_LIMIT, offset - 1)
        config = bundle.config.data
        history, _ = history_of([past for past in before if not _later(past, event)], bundle.catalogue, config, bundle.scale)
        [weight] = history_of([event], bundle.catalogue, config, bundle.scale)[0].weights.tolist()
        query = Query(history, event.time.timestamp() if event.time else float("nan"), event.context)
        return Happened(event.user, query, item, weight, self._shown(bundle, offset, event) if event.slate else None)

    def _shown(self, bundle: Bundle, offset: Offset, event: Event) -> Shown | None:
        """The slate that an event answers, as those before it had answered it."""
        slate = self.store.slate(event.slate or "")
        if slate is None or slate.user not in (None, event.user):
            return None
        items = bundle.catalogue.numbers(slate.items)
        shown = Shown(items, np.array(slate.standings, np.float32), np.array(slate.propensities, np.float64))
        answers = [answer for answer in self.store.answers(slate.id, offset - 1) if slate.user in (None, answer.user)]
        for answer in answers:
            history, _ = history_of([answer], bundle.catalogue, bundle.config.data, bundle.scale)
            if len(history):
                shown = shown.after(int(history.items[0]), float(history.weights[0]))
        return shown


class Room:
    """Who may teach next: at most `per_user` of any `window` lessons are of one user.

    >>> room = Room(LiveSettings(per_user=2, window=4))
    >>> "".join(user for user in "aaabbabcca" if room.take(user))
    'aabbacca'
    """

    def __init__(self, settings: LiveSettings, teachers: Sequence[UserId] = ()) -> None:
        self._settings = settings
        self._last = deque(teachers, settings.window - 1)
        self._of = Counter(self._last)

    def take(self, user: UserId) -> bool:
        """Whether an event of the user may teach; if so, it has."""
        if self._of[user] >= self._settings.per_user:
            return False
        if self._last.maxlen == len(self._last) and self._last:
            self._of[self._last[0]] -= 1
        self._last.append(user)
        if self._last:
            self._of[user] += 1
        return True

    @property
    def teachers(self) -> tuple[UserId, ...]:
        """Whose the last lessons were, oldest first."""
        return tuple(self._last)


def learns(bundle: Bundle) -> bool:
    """Whether there is anything that learns from the log while the bundle is live."""
    return isinstance(bundle.model, Follows) or bundle.config.live.drift is not None or bool(bundle.config.ranking.explore.places)


def fresh(base: Bundle) -> Learned:
    """The state of a bundle that was told of nothing."""
    explore, catalogue = base.config.ranking.explore, base.catalogue
    bandit = None
    if explore.places:
        numbers = catalogue.numbers(base.events["item"].to_list())
        bandit = explore.bandit.begin(len(catalogue), catalogue.vectors, np.bincount(numbers[numbers >= 0], minlength=len(catalogue)))
    return Learned(base, base, bandit=bandit, drift=Drift(base.config.live.drift or PageHinkley()))


def newest_event(bundle: Bundle) -> datetime | None:
    """When the newest of the events happened that the bundle was fitted on; None if they have no times."""
    found = bundle.events["time"].max()
    return found if isinstance(found, datetime) else None


def _followed(bundle: Bundle, happened: Sequence[Happened]) -> Bundle:
    model = bundle.model
    return bundle.with_catalogue(bundle.catalogue, model.after(happened)) if isinstance(model, Follows) and happened else bundle


def _watched(drift: Drift, bundle: Bundle, one: Happened) -> Drift:
    """How well a liked new item was foreseen, 1 / log₂(1 + its place among all that the user had not touched); other events say nothing."""
    if one.weight <= 0 or one.item in one.query.history.items:
        return drift
    scores = bundle.model.score([one.query])[0]
    scores[one.query.history.items[one.query.history.items < len(scores)]] = np.nan
    mine = scores[one.item] if one.item < len(scores) else np.nan
    return drift.after(0.0 if np.isnan(mine) else 1 / log2(1 + float((scores >= mine).sum())))


def _later(past: Event, event: Event) -> bool:
    return past.time is not None and event.time is not None and past.time > event.time
