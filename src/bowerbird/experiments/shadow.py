"""Shadow mode: a challenger is asked what the live bundle is asked, in the background, and nobody sees its answers."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from queue import Empty, Full, Queue
from time import perf_counter
from typing import Any

from bowerbird.answers import Answer
from bowerbird.bundle import Bundle
from bowerbird.config import changed
from bowerbird.engine import Engine
from bowerbird.experiments.settings import Shadow
from bowerbird.types import UserId

logger = logging.getLogger(__name__)

WAIT_S = 0.5
"""How often the background looks whether it should end."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of the questions, in sums over those that both answered.

    asked    that were to be put to the challenger too
    dropped  of these, while too many waited
    failed   that it could not answer
    both     that both answered
    overlap  the share of the items of the longer slate that both have
    first    how often both have the same item in the first place
    live_s, shadow_s  seconds of the answers
    """

    asked: int = 0
    dropped: int = 0
    failed: int = 0
    both: int = 0
    overlap: float = 0.0
    first: int = 0
    live_s: float = 0.0
    shadow_s: float = 0.0

    def after(self, live: Answer, shadow: Answer, live_s: float, shadow_s: float) -> "Compared":
        """With one question more that both answered."""
        mine, other = ([one.item for one in answer.items] for answer in (live, shadow))
        longest = max(len(mine), len(other))
        return replace(
            self,
            both=self.both + 1,
            overlap=self.overlap + (len({*mine} & {*other}) / longest if longest else 1.0),
            first=self.first + (mine[:1] == other[:1]),
            live_s=self.live_s + live_s,
            shadow_s=self.shadow_s + shadow_s,
        )


@dataclass(eq=False)
class Shadowed(Engine):
    """Answers as an `Engine` does; a share of the requests of users is also put to another bundle, and the slates are compared.

    A request waits for nothing of it: questions wait in a queue that is bounded, and one that finds it full is dropped and counted. The
    challenger reads the same log, learns live, and logs no slate.

    shadow    who is asked, and how much
    compared  so far, in this process

    raises    BundleError if its bundle cannot be read
    """

    shadow: Shadow = field(kw_only=True)
    compared: Compared = field(init=False, default_factory=Compared)
    challenger: Engine = field(init=False, repr=False)
    _waiting: "Queue[tuple[dict[str, Any], Answer, float]]" = field(init=False, repr=False)
    _due: float = field(init=False, repr=False, default=0.0)
    _counting: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        super().__post_init__()
        bundle = Bundle.load(self.shadow.bundle)
        silenced = replace(bundle, config=changed(bundle.config, {"live.log_slates": False}))
        self.challenger = Engine(silenced, self.store, self.encoder, self.progress)
        self._waiting = Queue(self.shadow.queue)

    def recommend(self, *, user: UserId | None = None, **asked: Any) -> Answer:
        """As `Engine.recommend`."""
        begun = perf_counter()
        answer = super().recommend(user=user, **asked)
        if user is not None and self._is_due():
            try:
                self._waiting.put_nowait(({**asked, "user": user, "seed": answer.receipt.seed}, answer, perf_counter() - begun))
            except Full:
                with self._counting:
                    self.compared = replace(self.compared, dropped=self.compared.dropped + 1)
        return answer

    def compare(self, wait_s: float | None = None) -> bool:
        """Put the next question that waits to the challenger; whether there was one.

        wait_s  how long to wait for one; None = not at all
        """
        try:
            asked, live, live_s = self._waiting.get(block=wait_s is not None, timeout=wait_s)
        except Empty:
            return False
        begun = perf_counter()
        try:
            shadow = self.challenger.recommend(**asked)
        except Exception as error:  # noqa: BLE001 whatever is wrong with the challenger is what is to be found out
            logger.warning("shadow: %s: %s", type(error).__name__, error)
            with self._counting:
                self.compared = replace(self.compared, failed=self.compared.failed + 1)
            return True
        took = perf_counter() - begun
        with self._counting:
            self.compared = self.compared.after(live, shadow, live_s, took)
        return True

    @contextmanager
    def following(self) -> Iterator[None]:
        """As `Engine.following`, for both, and compare in the background."""
        over = threading.Event()

        def compare() -> None:
            while not over.is_set():
                self.compare(WAIT_S)

        thread = threading.Thread(target=compare, name="shadow", daemon=True)
        with super().following(), self.challenger.following():
            thread.start()
            try:
                yield
            finally:
                over.set()
                thread.join()

    def _is_due(self) -> bool:
        """Every n-th request, so that the shares are exact."""
        with self._counting:
            self._due += self.shadow.share
            due = self._due >= 1 - 1e-9
            if due:
                self._due -= 1
                self.compared = replace(self.compared, asked=self.compared.asked + 1)
            return due
