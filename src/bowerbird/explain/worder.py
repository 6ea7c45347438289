"""Reasons in the words of a chat model, shown only where every claim is among the facts."""

import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from threading import Lock

from bowerbird.errors import ConfigError, LanguageError
from bowerbird.explain.facts import Facts
from bowerbird.explain.grammar import unsupported
from bowerbird.explain.reasons import Reason
from bowerbird.explain.tongues import TONGUES
from bowerbird.language.prompts import template
from bowerbird.protocols import Chat
from bowerbird.tracing import looked
from bowerbird.types import Prompt

KEPT, MOST_WAITING, MAX_TOKENS = 20_000, 256, 90

Asked = tuple[Facts, str]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of reasons.

    worded       shown in the chat model's words
    unsupported  it said something that is not among the facts, or nothing: the template speaks
    late         there was no answer within the budget: the template speaks
    failed       the chat model could not be asked: the template speaks
    plain        have no facts to word; the template speaks, and the model is not asked
    """

    worded: int = 0
    unsupported: int = 0
    late: int = 0
    failed: int = 0
    plain: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, name) + getattr(other, name) for name in Tally.__dataclass_fields__))

    @property
    def fell_back(self) -> int:
        """Reasons that the chat model was to word and did not."""
        return self.unsupported + self.late + self.failed


@dataclass(frozen=True, slots=True)
class Worded:
    """Reasons with their words, in order, and what became of them."""

    reasons: tuple[Reason, ...]
    tally: Tally


class Worder:
    """Asks a chat model to word reasons, checks each answer against the facts (`grammar.unsupported`), and keeps what came of it.

    A reason is asked for by its facts alone, so two reasons with the same facts are asked for once. Within a budget, what has not come when
    it ends goes on being made, for whoever asks next. `close` it, or use it as a context.

    chat      should be a `CachedChat`, so that answers outlast the process
    language  of `TONGUES`, unless `word` is told another
    threads   answers that are waited for at a time
    raises    ConfigError for a language without a grammar

    >>> class Parrot:
    ...     name = "parrot"
    ...     def complete(self, prompts):
    ...         return ["You liked Up, a masterpiece."] * len(prompts)
    >>> with Worder(Parrot()) as worder:
    ...     worder.word([]).tally.fell_back
    0
    """

    def __init__(self, chat: Chat, language: str = "en", threads: int = 2) -> None:
        self.chat = chat
        self.language = known(language)
        self.tally = Tally()
        self._made: OrderedDict[Asked, str | None] = OrderedDict()
        self._waiting: dict[Asked, Future[None]] = {}
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(threads, "worder")

    def __enter__(self) -> "Worder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what is still waiting to be asked."""
        self._pool.shutdown(cancel_futures=True)

    def word(self, reasons: Sequence[Reason], *, budget_s: float | None = None, language: str | None = None) -> Worded:
        """The reasons, in words that are supported.

        budget_s  return by then; None = wait for all, which is for work ahead of time
        raises    ConfigError for a language without a grammar
        cost      of the model, for facts that it was not asked for before; then half a millisecond a reason
        """
        tongue = self.language if language is None else known(language)
        asked = {(reason.facts, tongue): None for reason in reasons if reason.facts is not None}
        with self._lock:
            new = [one for one in asked if one not in self._made]
        looked("reasons", len(asked) - len(new), len(new))
        failed = self._make_all(new) if budget_s is None else self._make_some(new, budget_s)
        told = [self._told(reason, tongue, failed) for reason in reasons]
        tally = sum((one for _, one in told), Tally())
        with self._lock:
            self.tally += tally
        return Worded(tuple(reason for reason, _ in told), tally)

    def _told(self, reason: Reason, tongue: str, failed: set[Asked]) -> tuple[Reason, Tally]:
        if reason.facts is None:
            return reason, Tally(plain=1)
        key = (reason.facts, tongue)
        with self._lock:
            if key not in self._made:
                return reason, Tally(failed=1) if key in failed else Tally(late=1)
            self._made.move_to_end(key)
            text = self._made[key]
        return (reason, Tally(unsupported=1)) if text is None else (replace(reason, text=text), Tally(worded=1))

    def _make_all(self, new: Sequence[Asked]) -> set[Asked]:
        """Ask for all of these at once; those that failed."""
        try:
            self._keep(new, self.chat.complete([prompt_of(*one) for one in new]) if new else [])
        except LanguageError as error:
            logger.warning("reasons: the chat model gave no words (%s); the template speaks", error)
            return set(new)
        return set()

    def _make_some(self, new: Sequence[Asked], budget_s: float) -> set[Asked]:
        """Ask for these one by one until the budget ends; those that failed."""
        end = time.monotonic() + budget_s
        with self._lock:
            for one in new:
                if one not in self._waiting and len(self._waiting) < MOST_WAITING:
                    self._waiting[one] = self._pool.submit(self._make, one)
            mine = {one: self._waiting[one] for one in new if one in self._waiting}
        done, _ = wait(mine.values(), timeout=max(0.0, end - time.monotonic()))
        errors = {one: future.exception() for one, future in mine.items() if future in done}
        failed = {one for one, error in errors.items() if error is not None}
        if failed:
            logger.warning("reasons: the chat model gave no words (%s); the template speaks", errors[next(iter(failed))])
        return failed

    def _make(self, one: Asked) -> None:
        try:
            self._keep([one], self.chat.complete([prompt_of(*one)]))
        finally:
            with self._lock:
                self._waiting.pop(one, None)

    def _keep(self, asked: Sequence[Asked], answers: Sequence[str]) -> None:
        """Keep what is supported, and of the rest that it is not."""
        made = {one: supported(answer, *one) for one, answer in zip(asked, answers, strict=True)}
        with self._lock:
            self._made |= made
            while len(self._made) > KEPT:
                self._made.popitem(last=False)


def known(language: str) -> str:
    """raises  ConfigError if it has no grammar"""
    if language not in TONGUES:
        raise ConfigError(f"language: must be one of {', '.join(TONGUES)}, got {language!r}")
    return language


def prompt_of(facts: Facts, language: str) -> Prompt:
    """What the chat model is asked."""
    return template("reason").fill({"facts": facts.told(), "language": TONGUES[language].name}, max_tokens=MAX_TOKENS)


def supported(answer: str, facts: Facts, language: str) -> str | None:
    """The answer on one line, if it may be shown."""
    text = " ".join(answer.split())
    if len(text) > 1 and (text[0], text[-1]) in (('"', '"'), ("“", "”")) and text[0] not in text[1:-1]:
        text = text[1:-1].strip()
    return None if unsupported(text, facts, TONGUES[language].grammar) else text
