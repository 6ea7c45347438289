"""Retraining beside a server that answers: begun when it is due, in a process of its own, and what wins goes live."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from shutil import rmtree

from bowerbird.bundle import Bundle, now
from bowerbird.errors import BowerbirdError, BundleError, DataError
from bowerbird.retraining.child import Child
from bowerbird.retraining.due import Due, due, new_events
from bowerbird.retraining.looking import looking
from bowerbird.retraining.report import Outcome, read_outcome
from bowerbird.retraining.settings import RetrainSettings
from bowerbird.retraining.shelf import Shelf
from bowerbird.store import SqlStore

logger = logging.getLogger(__name__)

LOOK_S = 30.0
"""Seconds between two looks at the clock, or at what runs."""


@dataclass(frozen=True, slots=True)
class State:
    """What is to be shown of a retrainer.

    running  whether a challenger is being fitted
    runs     how many were begun since the server started
    swaps    how many went live
    last     what came of the last run that ended well, also of one before the server started
    error    why the last run failed, in a sentence; None if it did not
    why      why one is due or not, as of the last look
    """

    running: bool = False
    runs: int = 0
    swaps: int = 0
    last: Outcome | None = None
    error: str | None = None
    why: str = ""


@dataclass(eq=False)
class Retrainer:
    """Has `bowerbird retrain` run when it is due, one at a time, and puts what wins in the place of the champion.

    url       of the event log, for the process that fits
    store     the same, to count new events
    shelf     of the bundles; the live one is the champion
    live      the bundle that answers now, as it was saved
    swap      puts a bundle in its place, as `Engine.swap`; the shelf names it already
    breaks    how often drift was seen since the live bundle was fitted
    settings  as in `file`
    file      the settings as a file, for the process that fits; None = all defaults
    config    the challenger's settings; None = the champion's
    threads   that a fit may compute with
    clock     aware UTC
    """

    url: str
    store: SqlStore
    shelf: Shelf
    live: Callable[[], Bundle]
    swap: Callable[[Bundle], object]
    breaks: Callable[[], int] = lambda: 0
    settings: RetrainSettings = field(default_factory=RetrainSettings)
    file: Path | None = None
    config: Path | None = None
    threads: int = 1
    clock: Callable[[], datetime] = now
    _child: Child | None = field(init=False, repr=False, default=None)
    _place: Path = field(init=False, repr=False)
    _tried: tuple[str, datetime, int] | None = field(init=False, repr=False, default=None)
    _state: State = field(init=False, repr=False)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._state = State(last=read_outcome(self.shelf.report))

    @property
    def state(self) -> State:
        """How it stands."""
        return self._state

    def look(self) -> State:
        """Look once: take in what has ended, or begin what is due. Does not wait for a fit.

        raises  StoreError if new events cannot be counted, OSError if no process can be started
        """
        with self._lock:
            if self._child is not None:
                self._taken_in(self._child)
            elif (said := self._due()).now:
                self._begin(said.why)
            else:
                self._state = replace(self._state, why=said.why)
            return self._state

    def stop(self) -> None:
        """End what runs; the champion stays, and nothing half written is left."""
        with self._lock:
            if self._child is not None:
                self._child.end()
                self._child = None
                self._state = replace(self._state, running=False)

    @contextmanager
    def looking(self, every_s: float = LOOK_S) -> Iterator[None]:
        """Look again and again in the background while the block runs, and `stop` when it ends."""

        def failed(error: str) -> None:
            self._state = replace(self._state, error=error)

        try:
            with looking(self.look, every_s, "retrain", failed):
                yield
        finally:
            self.stop()

    def _due(self) -> Due:
        champion, last = self.live(), self._state.last
        tried = last.at if last is not None and last.champion == champion.fingerprint else None
        breaks = self.breaks()
        if self._tried is not None and self._tried[0] == champion.fingerprint:
            tried = self._tried[1]
            breaks -= self._tried[2]
        counted = new_events(champion, self.store, self.settings.schedule.least_events)
        return due(self.settings.schedule, fitted=champion.created, tried=tried, at=self.clock(), new_events=counted, breaks=breaks)

    def _begin(self, why: str) -> None:
        at = self.clock()
        self._tried = self.live().fingerprint, at, self.breaks()
        self._place = self.shelf.place(at)
        words = ["retrain", "--store", self.url, "--bundle", str(self.shelf.live.path), "--out", str(self._place)]
        words += ["--report", str(self.shelf.report)]
        for option, path in (("--settings", self.file), ("--config", self.config)):
            words += [option, str(path)] if path is not None else []
        self._child = Child(words, threads=self.threads)
        self._state = replace(self._state, running=True, runs=self._state.runs + 1, why=why)
        logger.info("retrain: begun, %s", why)

    def _taken_in(self, child: Child) -> None:
        fault = child.ended()
        if fault is None:
            return
        child.end()
        self._child = None
        self._state = replace(self._state, running=False, error=fault or None)
        if fault:
            logger.warning("retrain: %s", fault)
            return
        try:
            self._judged(read_outcome(self.shelf.report))
        except BowerbirdError as error:
            self._state = replace(self._state, error=str(error))
            logger.warning("retrain: %s", error)

    def _judged(self, outcome: Outcome | None) -> None:
        if outcome is None:
            raise DataError(f"{self.shelf.report}: no report was written")
        self._state = replace(self._state, last=outcome)
        logger.info("retrain: %s, %s", outcome.verdict, outcome.why)
        if outcome.challenger is None:
            if outcome.verdict == "lost":
                self.shelf.note("refused", None, by="retraining", why=outcome.why, over=outcome.champion, figures=outcome.figures)
            return
        if outcome.champion != self.live().fingerprint:
            rmtree(self._place, ignore_errors=True)
            raise BundleError(f"bundle {self._place}: does not go live, since {outcome.champion}, which it beat, is no longer live itself")
        bundle = Bundle.load(self._place)
        over, why = outcome.champion, outcome.why
        self.shelf.put(self._place, bundle.fingerprint, by="retraining", why=why, over=over, figures=outcome.figures)
        self.swap(bundle)
        self._state = replace(self._state, swaps=self._state.swaps + 1)
