"""The live recommender: an event store, a bundle, and the pipeline between them.

`observe` is durable when it returns, and the next `recommend` of that user sees it. The live state is one immutable value;
`swap`, `rollback`, `put_items` and `catch_up` replace it by one assignment, so a request in flight keeps the state that it began with.
"""

import logging
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.answers import Answer, PastEvent, Receipt, Recommended, UserProfile, shown
from bowerbird.asking import asked, known_history
from bowerbird.bundle import Bundle, words_of
from bowerbird.data import Catalogue, weigh
from bowerbird.data.kinds import EDITS
from bowerbird.errors import BowerbirdError, BundleError, ConfigError, DataError, StoreError
from bowerbird.explain import TONGUES, Reason, Tally, Worder
from bowerbird.language.harmless import harmless
from bowerbird.live import (
    HISTORY_LIMIT,
    Clock,
    Expirer,
    Follower,
    Grower,
    Learned,
    Recall,
    Seen,
    SlateLog,
    Taken,
    Worded,
    learns,
    shown_before,
)
from bowerbird.models import unread
from bowerbird.pipeline import Pipeline, RankingSettings, Steered
from bowerbird.profiles import Edit, acting, event_of, idle, read_edits, standing
from bowerbird.profiling import profiled
from bowerbird.protocols import Encoder, Progress, silent
from bowerbird.store import Put, SlateRow, SqlStore
from bowerbird.tracing import stage, staged
from bowerbird.types import Event, History, ItemId, Json, Offset, Query, Request, Slate, UserId, Value

CLOCK_SKEW = timedelta(minutes=1)
"""How far in the future an event may lie, since clocks differ."""

SNAPSHOT = 1000
"""After so many events what was learned is kept, so that the next start need not go through them again."""

STEP = 50
"""Events that the background looks at before what it learned is live."""

IDLE_S = 0.25
"""How often the background looks for events that other processes stored, and stores slates that wait, which others may be asked about."""

HAD = 4
"""Bundles that are held in memory, the live one among them: to return to, and to make their slates again."""

log = logging.getLogger(__name__)

Filters = Mapping[str, Value | list[Value]]


@dataclass(frozen=True, eq=False)
class _Live:
    """What one request works with, from beginning to end."""

    bundle: Bundle
    learned: Learned
    item_offset: Offset
    shown: NDArray[np.int64] | None

    @cached_property
    def pipeline(self) -> Pipeline:
        """The path from request to slate, with what exploration found and how often items were shown."""
        return replace(self.bundle.pipeline, bandit=self.learned.bandit, shown=self.shown)

    @property
    def base(self) -> Bundle:
        """The bundle as it was saved."""
        return self.learned.base


@dataclass(eq=False)
class Engine:
    """The live recommender.

    bundle   the model to begin with
    store    the event log; an empty one is seeded with the bundle's own events
    encoder  reads items put in live; unless given, the live bundle's, opened at the first need, with the cache on disk
    progress told how the seeding goes, and the telling of the log
    clock    aware UTC
    """

    first: Bundle
    store: SqlStore
    encoder: Encoder | None = None
    progress: Progress = silent
    clock: Callable[[], datetime] = field(default_factory=Clock)
    _live: _Live = field(init=False, repr=False)
    _previous: list[Bundle] = field(init=False, repr=False, default_factory=list)
    _had: dict[str, Bundle] = field(init=False, repr=False, default_factory=dict)
    _worders: dict[str, Worder] = field(init=False, repr=False, default_factory=dict)
    _change: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)
    _telling: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)
    _news: threading.Event = field(init=False, repr=False, default_factory=threading.Event)
    _grower: Grower = field(init=False, repr=False)
    _follower: Follower = field(init=False, repr=False)
    _slates: SlateLog = field(init=False, repr=False)
    _expirer: Expirer = field(init=False, repr=False)
    _recall: Recall = field(init=False, repr=False)
    _words: Worded = field(init=False, repr=False)
    _exposed: Callable[[Bundle], NDArray[np.int64] | None] = field(init=False, repr=False)
    _kept: Offset = field(init=False, repr=False)
    _abreast: float = field(init=False, repr=False, default_factory=time.monotonic)
    taken: Taken = field(init=False, repr=False, default_factory=Taken)

    def __post_init__(self) -> None:
        if self.first.config.data.pseudonyms and self.store.names is None:
            raise ConfigError("engine: data.pseudonyms needs a store that gives them: SqlStore(url, names=Pseudonyms.from_environment())")
        if self.store.newest() == 0 and len(self.first.events):
            self.store.import_events(self.first.events, self.progress, unless_filled=True)
        self._grower = Grower(self.encoder)
        self._words = Worded(self._grower)
        self._follower = Follower(self.store, self._grower)
        self._slates = SlateLog(self.store)
        self._expirer = Expirer(self.store)
        self._exposed = lru_cache(HAD)(lambda base: shown_before(self.store, base, base.config.ranking))
        self._recall = Recall(self.store)
        self._live = self._begun(self.first)
        self._kept = self._live.learned.offset

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
    def features(self) -> frozenset[str]:
        """The declared features of a context: those that `[data] context` keeps with events."""
        return frozenset(self.bundle.config.data.context)

    @property
    def learned(self) -> Learned:
        """What was learned from the log since the bundle was fitted."""
        return self._live.learned

    @property
    def ready(self) -> bool:
        """Whether a request can be answered: a newcomer's slate can be made, and there is something to show. The store need not answer, see
        `recommend`.

        raises  what making a slate raises
        cost    of a slate of one item; nothing is logged
        """
        live = self._live
        live.pipeline.recommend([Request(Query(History.of([]), self.clock().timestamp()), k=1)])
        return bool(live.bundle.catalogue.available.any())

    @property
    def behind_s(self) -> float:
        """Seconds since what learns from the log was last abreast of it: under two where all is well, also where nothing learns."""
        return time.monotonic() - self._abreast

    @property
    def recalled(self) -> int:
        """How many requests were answered from memory, since the store did not answer."""
        return self._recall.recalled

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
        language: str | None = None,
        seed: int | None = None,
        text: str | None = None,
        arm: str | None = None,
    ) -> Answer:
        """A slate for a user of the log, or for a history given here; a stranger is an empty history. Where the log does not answer, the
        slate is from what was read of it before, and its notes say so.

        k          how many items, at least 1
        diversity  0..1; None = as the bundle is set
        filters    attribute → wanted value, or list of values of which one must hold
        exclude    ids that must not be shown
        explain    whether to give reasons (one more scoring of k histories)
        language   of the reasons, one of `bowerbird.explain.TONGUES`; None = as the bundle is set
        seed       of the places that are drawn, where the bundle explores; None = another one each time
        text       a wish in words ("something lighter, from the 90s, no sequels"); the answer says what was understood
        arm        of an experiment; kept with the slate, and changes nothing of it
        raises     DataError for a k, diversity, filter, language or history that cannot be
        """
        if user is not None and history is not None:
            raise DataError("recommend: give a user or a history, not both")
        with stage("history"):
            seen = self._recall.seen(user, HISTORY_LIMIT)
        live = self._refreshed(seen.item_offset)
        if seed is None:
            seed = secrets.randbits(32) if live.pipeline.exploration else 0
        answer = self._answer(
            live,
            Receipt(
                bundle=live.base.fingerprint,
                offset=seen.offset,
                item_offset=live.item_offset,
                learned=live.learned.offset,
                asked_at=self.clock(),
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
                language=_tongue(language),
                seed=seed,
                text=text,
                arm=arm,
            ),
            seen,
        )
        self._log(answer)
        return answer

    def replay(self, receipt: Receipt) -> Answer:
        """The slate of a receipt, made again.

        raises  BundleError if the bundle of the receipt is not among the last few that were live in this engine
        cost    where more was learned or put in since, the log from the snapshot before it on
        """
        live = self._live
        if (live.base.fingerprint, live.learned.offset, live.item_offset) != (receipt.bundle, receipt.learned, receipt.item_offset):
            if receipt.bundle not in self._had:
                raise BundleError(f"receipt: it was made by bundle {receipt.bundle}, which is not among the last that this engine had live")
            live = self._at(self._had[receipt.bundle], receipt.learned, receipt.item_offset)
        return self._answer(live, receipt, self.store)

    def similar(self, item: ItemId, k: int = 10) -> list[Recommended]:
        """What goes with an item: the slate of someone who liked just that.

        raises  DataError if the item is not in the catalogue
        """
        live = self._refreshed(self._recall.item_offset())
        number = live.bundle.catalogue.number(item)
        if number is None:
            raise DataError(f"item {item!r}: not in the catalogue")
        slate = live.pipeline.unexplored.recommend([Request(Query(History.of([number])), k=_positive(k), diversity=0.0)])[0]
        return shown(live.bundle.catalogue, slate, None)

    def why(self, item: ItemId, user: UserId | None = None, language: str | None = None) -> Recommended:
        """What speaks for an item and a user, or a newcomer, whether or not it would be on their slate. Its rank is 0, and its score NaN
        where it may not be shown.

        raises  DataError if the item is not in the catalogue, or for a language that is none of `bowerbird.explain.TONGUES`
        """
        offset, item_offset = self.store.offsets()
        live = self._refreshed(item_offset)
        number = live.bundle.catalogue.number(item)
        if number is None:
            raise DataError(f"item {item!r}: not in the catalogue")
        told = {"bundle": live.base.fingerprint, "offset": offset, "item_offset": live.item_offset, "learned": live.learned.offset}
        of = asked(Receipt(**told, asked_at=self.clock(), user=user), live.bundle, live.pipeline, self.store, self._words)
        slate = Slate(np.array([number], np.int32), live.pipeline.candidates([of.request])[0, [number]])
        return replace(shown(live.bundle.catalogue, slate, self._reasons(live, of.request, slate, _tongue(language)))[0], rank=0)

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
        """The newest events of a user, oldest first; without edits of the profile, which are no events of theirs."""
        return [event for event in self._recall.history(user, limit) if event.kind not in EDITS]

    def profile(self, user: UserId, language: str | None = None) -> UserProfile:
        """What a user's log says they are after, in words that are checked, and the corrections that stand.

        language  of the sentences, one of `bowerbird.explain.TONGUES`; None = as the bundle is set
        raises    DataError for another language
        """
        events = self._recall.history(user, HISTORY_LIMIT)
        return profiled(user, events, self._refreshed(self._recall.item_offset()).bundle, self._words, _tongue(language))

    def edits(self, user: UserId) -> tuple[Edit, ...]:
        """The corrections of a profile that stand, oldest first."""
        return standing(self._recall.history(user, HISTORY_LIMIT))

    def search(self, text: str, user: UserId | None = None, k: int = 10) -> list[Recommended]:
        """Items found by words and by what they mean, in an order that the user's own scores have a part in. What they muted is not found.

        raises  DataError for a k below 1
        cost    the encoder's for the text, some ms; one scoring where there is a user
        """
        live = self._refreshed(self._recall.item_offset())
        catalogue, vocabulary = live.bundle.catalogue, self._words.reader(live.bundle).vocabulary
        words = harmless(text)
        allowed, own = catalogue.available, None
        if user is not None:
            events = self._recall.history(user, HISTORY_LIMIT)
            acts = acting(standing(events), known_history(live.bundle, events)[0], catalogue, repeats=True)
            allowed = allowed if acts.allowed is None else allowed & acts.allowed
            scorer = live.pipeline.scorer if acts.bonus is None else Steered(live.pipeline.scorer, acts.bonus)
            asked_now = Request(Query(acts.history, self.clock().timestamp()))
            own = Pipeline(scorer, catalogue, RankingSettings(repeats=True)).candidates([asked_now])[0]
        vector = vocabulary.vector(words) if words and vocabulary.encoder is not None else None
        found = self._words.index(live.bundle).search(words, _positive(k), vector=vector, own=own, allowed=allowed)
        return shown(catalogue, found, None)

    def users(self, limit: int = 50) -> list[UserId]:
        """Some users of the log."""
        return self.store.users(limit)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def observe(self, events: Sequence[Event]) -> Offset:
        """Store events; durable when it returns, and seen by the next `recommend`. An event without a time happens now. One that names a
        slate that is not in the log, or whose items do not have its own, is stored without the name (`SqlStore.unknown_slates` counts).

        raises  DataError for an event of a kind that is not declared, without ids, or from the future; StoreError
        """
        arrived = self.clock()
        timed = [event if event.time is not None else replace(event, time=arrived) for event in events]
        for event in timed:
            _check(event, arrived)
        bundle = self._live.bundle
        values = np.array([np.nan if e.value is None else e.value for e in timed], np.float64)
        weigh([e.kind for e in timed], values, np.arange(len(timed)), bundle.config.data, bundle.scale)
        if any(event.slate for event in timed):
            self._slates.flush()
        offset = self.store.append(timed)
        self.taken.add(timed)
        self._news.set()
        return offset

    def edit_profile(self, user: UserId, edits: Sequence[Edit] | str, language: str | None = None) -> UserProfile:
        """Correct a profile, by edits or by words ("mute horror", "forget my gift shopping in May"); durable when it returns, acts on the
        very next slate, and stands until withdrawn.

        language  of the sentences of the profile that is returned, as of `profile`
        raises    DataError where nothing of the words is understood, or a user has no id; StoreError: then nothing is kept
        """
        if not user:
            raise DataError("profile: user must not be empty")
        _tongue(language)
        at, said = self.clock(), None
        unheard: tuple[str, ...] = ()
        if isinstance(edits, str):
            edits, unheard = read_edits(
                said := harmless(edits), self._words.reader(self._refreshed(self._recall.item_offset()).bundle).vocabulary, at
            )
            if not edits:
                raise DataError(f"profile: a correction must say what to mute, to show more or less of, or to forget, got {said!r:.80}")
        notes = idle(edits, self.edits(user))
        events = [event_of(edit, user, at, uuid.uuid4().hex, said) for edit in edits]
        self.store.append(events)
        self.taken.add(events)
        profile = self.profile(user, language)
        return replace(profile, unheard=unheard, notes=(*notes, *profile.notes))

    def catch_up(self, most: int | None = None) -> Offset:
        """Tell what learns from the log of the events that it has not been told of: the next request is answered from that.

        most     look at no more than about so many events
        returns  the offset of the newest event that it has been told of
        raises   StoreError, LanguageError: then nothing is lost, and the next call begins where this one did
        cost     `Follower.onward`; nothing where nothing learns
        """
        with self._telling:
            live = self._live
            learned = self._follower.onward(live.learned, newest := self.store.newest(), most=most)
            if learned.offset >= newest or not learns(live.base):
                self._abreast = time.monotonic()
            if learned is live.learned:
                return learned.offset
            with self._change:
                if self._live.base is live.base:
                    self._live = self._serving(learned)
            if learned.offset - self._kept >= SNAPSHOT:
                self._keep(learned)
            return learned.offset

    def flush(self) -> None:
        """Store the slates that were made and wait to be logged.

        raises  StoreError: then they wait on
        """
        self._slates.flush()

    @contextmanager
    def following(self) -> Iterator[None]:
        """Catch up in the background, soon after each event and four times a second for what other processes stored, and log the slates
        that wait, and delete what is too old; at the end keep it all."""
        ended = threading.Event()
        said = ""

        def follow() -> None:
            nonlocal said
            while not ended.is_set():
                self._news.clear()
                try:
                    self.flush()
                    self._recall.refresh()
                    self._expirer.look(self.bundle.config.live.keep_days, self.clock())
                    told = -1
                    while told != (told := self.catch_up(STEP)) and not ended.is_set():
                        pass
                    said = ""
                except BowerbirdError as error:
                    if str(error) != said:  # a database that is gone is not news four times a second
                        log.warning("following the log: %s", error)
                    said = str(error)
                self._news.wait(IDLE_S)

        thread = threading.Thread(target=follow, name="following the log", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            self._news.set()
            thread.join()
            try:
                self.flush()
                self._keep(self._live.learned)
            except BowerbirdError as error:
                log.warning("stopping: %s", error)

    def put_items(self, items: Sequence[Mapping[str, Any]]) -> Offset:
        """Add items or change them; they are read by the encoder and can be recommended when this returns.

        items   rows as in the catalogue's table: `item`, and optionally title, categories, created, available and the
                table's other columns
        raises  DataError for a row without `item` or with an unknown column, LanguageError, StoreError: then nothing is kept
        """
        rows = [dict(item) for item in items]
        with self._change:
            self._grower.grown(self._live.bundle, rows)
            offset = self.store.put_items(rows)
        self._refreshed(offset)
        return offset

    def swap(self, bundle: Bundle) -> None:
        """Answer from another bundle from the next request on; `rollback` returns to the one before. Requests go on meanwhile."""
        with self._telling:
            former = self._live.base
            self._go_live(bundle)
            self._previous = [*self._previous, former][-HAD:]

    def rollback(self) -> Bundle:
        """Answer again from the bundle before the last `swap`, and return it.

        raises  BundleError if there was none
        """
        with self._telling:
            if not self._previous:
                raise BundleError("rollback: no bundle was live before this one")
            self._go_live(self._previous[-1])
            return self._previous.pop()

    @property
    def worded(self) -> Tally:
        """What became of the reasons that a chat model was to word; all 0 where none was."""
        worder = self._worders.get(self.bundle.fingerprint)
        return Tally() if worder is None else worder.tally

    @property
    def slates_dropped(self) -> int:
        """How many slates were not logged, since the store did not answer for too long."""
        return self._slates.dropped

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _answer(self, live: _Live, receipt: Receipt, log: SqlStore | Seen) -> Answer:
        _positive(receipt.k), _share(receipt.diversity)
        bundle, of = live.bundle, asked(receipt, live.bundle, live.pipeline, log, self._words)
        slate = live.pipeline.recommend([of.request])[0]
        reasons = self._reasons(live, of.request, slate, receipt.language) if receipt.explain else None
        items, ignored = tuple(shown(bundle.catalogue, slate, reasons)), unread(receipt.context, bundle.model)
        notes = (*(log.notes if isinstance(log, Seen) else ()), *of.notes, *ignored.values())
        return Answer(
            uuid.uuid4().hex,
            receipt.user,
            items,
            receipt,
            notes,
            of.wish,
            tuple(ignored),
        )

    def _reasons(self, live: _Live, request: Request, slate: Slate, language: str | None) -> Sequence[Reason]:
        """Why each item is there; where the bundle has a chat model word reasons, in its words as far as they come in time."""
        settings = live.base.config.explain
        if language is not None:
            settings = settings.model_copy(update={"language": language})
        reasons = live.pipeline.explain(request, slate, settings)
        worder = self._worders.get(live.base.fingerprint)
        if worder is None:
            return reasons
        with stage("words"):
            return worder.word(reasons, budget_s=settings.budget_s, language=settings.language).reasons

    @staged("log")
    def _log(self, answer: Answer) -> None:
        """Let the slate wait for the log."""
        receipt = answer.receipt
        if not self._live.base.config.live.log_slates:
            return
        many = self._slates.add(
            SlateRow(
                id=answer.slate_id,
                offset=receipt.offset,
                time=receipt.asked_at,
                user=receipt.user,
                bundle=receipt.bundle,
                receipt=receipt.model_dump(mode="json"),
                items=tuple(one.item for one in answer.items),
                standings=tuple(one.standing for one in answer.items),
                propensities=tuple(one.propensity for one in answer.items),
            )
        )
        if many:
            try:
                self._slates.flush()
            except StoreError as error:
                log.warning("logging slates: %s", error)

    def _refreshed(self, newest: Offset) -> _Live:
        """What is live now, with the items that were put into the store since, by this process or another.

        newest  offset of the newest item in the store
        """
        live = self._live
        if newest <= live.item_offset:
            return live
        with self._change:
            self._live = self._with(self._live, self.store.items_since(self._live.item_offset))
            return self._live

    def _begun(self, bundle: Bundle) -> _Live:
        """A bundle about to be live; its slates can be made again until so many others have been."""
        self._had.pop(bundle.fingerprint, None)
        self._had[bundle.fingerprint] = bundle
        if bundle.fingerprint not in self._worders and (worder := words_of(bundle)) is not None:
            self._worders[bundle.fingerprint] = worder
        for former in list(self._had)[:-HAD]:
            del self._had[former]
            if (worder := self._worders.pop(former, None)) is not None:
                worder.close()
        return self._serving(self._follower.onward(self._follower.begun(bundle), self.store.newest(), self.progress))

    def _go_live(self, bundle: Bundle) -> None:
        """Tell a bundle of the log, which may take long and holds up nobody, then answer from it."""
        fresh = self._begun(bundle)
        with self._change:
            self._live = self._with(fresh, self.store.items_since(fresh.item_offset))

    def _at(self, base: Bundle, learned: Offset, item_offset: Offset) -> _Live:
        """What was live once."""
        state = self._follower.onward(self._follower.begun(base, learned), min(learned, self.store.newest()))
        return self._serving(state, item_offset)

    def _serving(self, learned: Learned, item_offset: Offset | None = None) -> _Live:
        """What was learned, over all items that were put in, or those up to an offset."""
        puts = self.store.items_since(learned.item_offset)
        live = _Live(learned.bundle, learned, learned.item_offset, self._exposed(learned.base))
        return self._with(live, [put for put in puts if item_offset is None or put.offset <= item_offset])

    def _with(self, live: _Live, puts: Sequence[Put]) -> _Live:
        if not puts:
            return live
        return replace(live, bundle=self._grower.grown(live.bundle, [put.row for put in puts]), item_offset=puts[-1].offset)

    def _keep(self, learned: Learned) -> None:
        self._follower.keep(learned)
        self._kept = learned.offset


def _check(event: Event, arrived: datetime) -> None:
    if not event.user or not event.item:
        raise DataError(f"event: user and item must not be empty, got user {event.user!r} and item {event.item!r}")
    if event.time is None or event.time.tzinfo is None:
        raise DataError(f"event.time: must have a time zone, got {event.time!r}")
    if event.time - arrived > CLOCK_SKEW:
        raise DataError(f"event.time: must not lie in the future, got {event.time.isoformat()}")


def _tongue(language: str | None) -> str | None:
    if language is not None and language not in TONGUES:
        raise DataError(f"language: must be one of {', '.join(TONGUES)}, got {language!r}")
    return language


def _positive(k: int) -> int:
    if k < 1:
        raise DataError(f"k: must be at least 1, got {k}")
    return k


def _share(diversity: float | None) -> float | None:
    if diversity is not None and not 0 <= diversity <= 1:
        raise DataError(f"diversity: must be in 0..1, got {diversity}")
    return diversity
