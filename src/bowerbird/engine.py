"""The live recommender: an event store, a bundle, and the pipeline between them.

`observe` is durable when it returns, and the next `recommend` of that user sees it. The live state is one immutable value;
`swap`, `rollback` and `put_items` replace it by one assignment, so a request in flight keeps the state that it began with.
"""

import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.answers import Answer, PastEvent, Receipt, Recommended, shown
from bowerbird.bundle import Bundle, now
from bowerbird.data import Catalogue, history_of, weigh
from bowerbird.errors import BundleError, DataError
from bowerbird.language import CachedEncoder, EncoderSettings, item_texts, told
from bowerbird.protocols import Encoder, Progress, ReadsVectors, silent
from bowerbird.ranking import allowed_items
from bowerbird.store import SqlStore
from bowerbird.types import Event, History, ItemId, Json, Offset, Query, Request, UserId, Value

HISTORY_LIMIT = 100_000
"""How many of a user's newest events a slate is made from: all that cleaning lets one user have, so that nothing taken comes back."""

CLOCK_SKEW = timedelta(minutes=1)
"""How far in the future an event may lie, since clocks differ."""

Filters = Mapping[str, Value | list[Value]]


@dataclass(frozen=True, eq=False, slots=True)
class _Live:
    """What one request works with, from beginning to end."""

    bundle: Bundle
    base: Bundle
    item_offset: Offset


@dataclass(eq=False)
class Engine:
    """The live recommender.

    bundle   the model to begin with
    store    the event log; an empty one is seeded with the bundle's own events
    encoder  reads items put in live; unless given, the live bundle's, opened at the first need, with the cache on disk
    progress told how the seeding goes
    """

    first: Bundle
    store: SqlStore
    encoder: Encoder | None = None
    progress: Progress = silent
    _live: _Live = field(init=False, repr=False)
    _previous: list[Bundle] = field(init=False, repr=False, default_factory=list)
    _had: dict[str, Bundle] = field(init=False, repr=False, default_factory=dict)
    _opened: dict[EncoderSettings, Encoder] = field(init=False, repr=False, default_factory=dict)
    _change: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if self.store.newest() == 0 and len(self.first.events):
            self.store.import_events(self.first.events, self.progress)
        self._live = self._begun(self.first)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def bundle(self) -> Bundle:
        """The bundle that answers now, as it was saved (without items put in live)."""
        return self._live.base

    @property
    def catalogue(self) -> Catalogue:
        """The items that can be recommended now, those put in live among them."""
        return self._live.bundle.catalogue

    @property
    def ready(self) -> bool:
        """Whether a request can be answered: the store can be read and the model scores."""
        scores = self._live.bundle.model.score([Query(History.of([]))])
        return self.store.newest() >= 0 and scores.ndim == 2

    def recommend(
        self,
        *,
        user: UserId | None = None,
        history: Sequence[Event] | None = None,
        k: int = 10,
        diversity: float | None = None,
        filters: Filters | None = None,
        exclude: Sequence[ItemId] = (),
        context: Mapping[str, Value] | None = None,
        explain: bool = False,
        seed: int = 0,
    ) -> Answer:
        """A slate for a user of the log, or for a history given here; a stranger is an empty history.

        k          how many items, at least 1
        diversity  0..1; None = as the bundle is set
        filters    attribute → wanted value, or list of values of which one must hold
        exclude    ids that must not be shown
        explain    whether to give reasons (one more scoring of k histories)
        raises     DataError for a k, diversity, filter or history that cannot be
        """
        if user is not None and history is not None:
            raise DataError("recommend: give a user or a history, not both")
        live = self._refreshed()
        return self._answer(
            live,
            Receipt(
                bundle=live.base.fingerprint,
                offset=self.store.newest(),
                item_offset=live.item_offset,
                asked_at=now(),
                user=user,
                history=None
                if history is None
                else tuple(PastEvent(item=e.item, time=e.time, kind=e.kind, value=e.value) for e in history),
                k=k,
                diversity=diversity,
                filters=dict(filters or {}),
                exclude=tuple(exclude),
                context=dict(context or {}),
                explain=explain,
                seed=seed,
            ),
        )

    def replay(self, receipt: Receipt) -> Answer:
        """The slate of a receipt, made again.

        raises  BundleError if the bundle of the receipt is neither live nor one that was live in this engine
        """
        live = self._live
        if (live.base.fingerprint, live.item_offset) != (receipt.bundle, receipt.item_offset):
            if receipt.bundle not in self._had:
                raise BundleError(f"receipt: it was made by bundle {receipt.bundle}, which this engine has not had live")
            live = self._with_items(self._had[receipt.bundle], receipt.item_offset)
        return self._answer(live, receipt)

    def similar(self, item: ItemId, k: int = 10) -> list[Recommended]:
        """What goes with an item: the slate of someone who liked just that.

        raises  DataError if the item is not in the catalogue
        """
        live = self._refreshed()
        number = live.bundle.catalogue.number(item)
        if number is None:
            raise DataError(f"item {item!r}: not in the catalogue")
        slate = live.bundle.pipeline.recommend([Request(Query(History.of([number])), k=_positive(k), diversity=0.0)])[0]
        return shown(live.bundle.catalogue, slate, None)

    def item(self, item: ItemId) -> Json | None:
        """The catalogue's row of an item, or None."""
        catalogue = self.catalogue
        number = catalogue.number(item)
        return None if number is None else catalogue.frame.row(number, named=True)

    def search_titles(self, text: str, k: int = 10) -> list[Json]:
        """Items whose title holds `text`, in any case: those that begin with it first. O(n_items)."""
        wanted, catalogue = text.casefold().strip(), self.catalogue
        titles = [title.casefold() for title in catalogue.titles]
        found = sorted((not title.startswith(wanted), number) for number, title in enumerate(titles) if wanted in title)
        return [catalogue.frame.row(number, named=True) for _, number in found[:k]] if wanted else []

    def history(self, user: UserId, limit: int = 50) -> list[Event]:
        """The newest events of a user, oldest first."""
        return self.store.history(user, limit)

    def users(self, limit: int = 50) -> list[UserId]:
        """Some users of the log."""
        return self.store.users(limit)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def observe(self, events: Sequence[Event]) -> Offset:
        """Store events; durable when it returns, and seen by the next `recommend`. An event without a time happens now.

        raises  DataError for an event of a kind that is not declared, without ids, or from the future; StoreError
        """
        arrived = now()
        timed = [event if event.time is not None else replace(event, time=arrived) for event in events]
        for event in timed:
            _check(event, arrived)
        bundle = self._live.bundle
        values = np.array([np.nan if e.value is None else e.value for e in timed], np.float64)
        weigh([e.kind for e in timed], values, np.arange(len(timed)), bundle.config.data, bundle.scale)
        return self.store.append(timed)

    def put_items(self, items: Sequence[Mapping[str, Any]]) -> Offset:
        """Add items or change them; they are read by the encoder and can be recommended when this returns.

        items   rows as in the catalogue's table: `item`, and optionally title, categories, created, available and the
                table's other columns
        raises  DataError for a row without `item` or with an unknown column, LanguageError, StoreError: then nothing is kept
        """
        rows = [dict(item) for item in items]
        with self._change:
            self._extended(self._live.bundle, rows)
            offset = self.store.put_items(rows)
        self._refreshed()
        return offset

    def swap(self, bundle: Bundle) -> None:
        """Answer from another bundle from the next request on; `rollback` returns to the one before."""
        with self._change:
            fresh = self._begun(bundle)
            self._previous.append(self._live.base)
            self._live = fresh

    def rollback(self) -> Bundle:
        """Answer again from the bundle before the last `swap`, and return it.

        raises  BundleError if there was none
        """
        with self._change:
            if not self._previous:
                raise BundleError("rollback: no bundle was live before this one")
            self._live = self._begun(self._previous.pop())
            return self._live.base

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _answer(self, live: _Live, receipt: Receipt) -> Answer:
        bundle = live.bundle
        history, notes = self._history(bundle, receipt)
        request = Request(
            Query(history, time=receipt.asked_at.timestamp(), context=receipt.context),
            k=_positive(receipt.k),
            diversity=_share(receipt.diversity),
            allowed=allowed_items(bundle.catalogue, receipt.filters, self._numbers(bundle, receipt.exclude)),
            seed=receipt.seed,
        )
        slate = bundle.pipeline.recommend([request])[0]
        reasons = bundle.pipeline.explain(request, slate, bundle.config.explain) if receipt.explain else None
        return Answer(uuid.uuid4().hex, receipt.user, tuple(shown(bundle.catalogue, slate, reasons)), receipt, notes)

    def _history(self, bundle: Bundle, receipt: Receipt) -> tuple[History, tuple[str, ...]]:
        if receipt.history is not None:
            events = [past.event() for past in receipt.history]
        elif receipt.user is not None:
            events = self.store.history(receipt.user, HISTORY_LIMIT, receipt.offset)
        else:
            events = []
        history, unknown = history_of(events, bundle.catalogue, bundle.config.data, bundle.scale)
        return history, (f"{unknown} events of the history are about items that are not in the catalogue",) if unknown else ()

    def _numbers(self, bundle: Bundle, items: Sequence[ItemId]) -> NDArray[np.int32]:
        numbers = bundle.catalogue.numbers(items)
        return numbers[numbers >= 0]

    def _refreshed(self) -> _Live:
        """What is live now, with the items that were put into the store since, by this process or another."""
        live = self._live
        if not self.store.items_since(live.item_offset):
            return live
        with self._change:
            self._live = self._grown(self._live, self.store.items_since(self._live.item_offset))
            return self._live

    def _begun(self, bundle: Bundle) -> _Live:
        """A bundle about to be live; its slates can be made again as long as this engine lives."""
        self._had[bundle.fingerprint] = bundle
        return self._with_items(bundle, None)

    def _with_items(self, base: Bundle, up_to: Offset | None) -> _Live:
        """A bundle with the items that were put in live, all or up to an offset."""
        return self._grown(_Live(base, base, 0), [row for row in self.store.items_since(0) if up_to is None or row[0] <= up_to])

    def _grown(self, live: _Live, rows: Sequence[tuple[Offset, Json]]) -> _Live:
        if not rows:
            return live
        return _Live(self._extended(live.bundle, [row for _, row in rows]), live.base, rows[-1][0])

    def _extended(self, bundle: Bundle, rows: Sequence[Json]) -> Bundle:
        """The bundle with rows added or changed, their texts read."""
        catalogue, model, vectors = bundle.catalogue.upsert(rows), bundle.model, bundle.catalogue.vectors
        if vectors is None:
            return bundle.with_catalogue(catalogue, model)
        changed = np.unique(catalogue.numbers([str(row["item"]) for row in rows]))
        table = np.zeros((len(catalogue), vectors.shape[1]), np.float32)
        table[: len(vectors)] = vectors
        texts = item_texts(catalogue.frame[changed], bundle.config.text)
        table[changed] = self._reader(bundle).encode(texts)
        intents = bundle.catalogue.intents
        placed = None if intents is None else intents.with_items(changed, told(table[changed], texts), len(catalogue))
        read = catalogue.with_vectors(table).with_intents(placed)
        return bundle.with_catalogue(read, model.with_vectors(table) if isinstance(model, ReadsVectors) else model)

    def _reader(self, bundle: Bundle) -> Encoder:
        """The encoder that read the bundle's catalogue."""
        if self.encoder is not None:
            return self.encoder
        settings = bundle.config.encoder
        if settings not in self._opened:
            self._opened[settings] = CachedEncoder(settings.open(threads=1))
        return self._opened[settings]


def _check(event: Event, arrived: datetime) -> None:
    if not event.user or not event.item:
        raise DataError(f"event: user and item must not be empty, got user {event.user!r} and item {event.item!r}")
    if event.time is None or event.time.tzinfo is None:
        raise DataError(f"event.time: must have a time zone, got {event.time!r}")
    if event.time - arrived > CLOCK_SKEW:
        raise DataError(f"event.time: must not lie in the future, got {event.time.isoformat()}")


def _positive(k: int) -> int:
    if k < 1:
        raise DataError(f"k: must be at least 1, got {k}")
    return k


def _share(diversity: float | None) -> float | None:
    if diversity is not None and not 0 <= diversity <= 1:
        raise DataError(f"diversity: must be in 0..1, got {diversity}")
    return diversity
