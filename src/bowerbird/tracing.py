"""How long each stage of one request took, and what caches had for it. Where nobody traces, nothing is noted and next to nothing spent."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import wraps
from time import perf_counter_ns
from typing import Literal, NamedTuple, ParamSpec, TypeVar, get_args

P = ParamSpec("P")
R = TypeVar("R")

Stage = Literal["history", "wish", "retrieve", "score", "interests", "arrange", "explore", "explain", "words", "log", "json"]
"""history: the log is read. wish: words are read, and steer. retrieve: what is worth scoring, and what is chosen from, is found. score: the
model scores. interests: it scores each of the user's interests. arrange: re-ranker and rules. explore: places are drawn. explain: reasons
are found and checked. words: a chat model puts them. log: the slate goes to the log. json: the answer's bytes are made."""

STAGES: tuple[Stage, ...] = get_args(Stage)

Cache = Literal["phrases", "vectors", "reviews", "reasons"]
"""phrases: vectors of words in wishes. vectors: of items' texts, on disk. reviews: vectors of what users wrote. reasons: in a chat model's
words."""


class Mark(NamedTuple):
    """A stage from begin to end, nanoseconds of `perf_counter_ns`; `own` is without the stages that lay in it."""

    stage: Stage
    begin: int
    end: int
    own: int


class Trace:
    """What is noted of one request, by whatever threads work on it one after the other.

    id        of the request
    begun     nanoseconds of `perf_counter_ns`
    marks     the stages, in the order in which they ended
    looks     how often something was looked up in a cache, and whether it was there
    trace_id  of the trace that others know it by; None where nobody else is told
    """

    def __init__(self, id: str = "") -> None:
        self.id = id
        self.begun = perf_counter_ns()
        self.marks: list[Mark] = []
        self.looks: Counter[tuple[Cache, bool]] = Counter()
        self.trace_id: str | None = None
        self.inner: _Open | None = None

    def milliseconds(self) -> dict[Stage, float]:
        """Of each stage that there was, in the order of `STAGES`. No time is in two of them."""
        own: Counter[Stage] = Counter()
        for mark in self.marks:
            own[mark.stage] += mark.own
        return {stage: own[stage] / 1e6 for stage in STAGES if stage in own}


_CURRENT: ContextVar[Trace | None] = ContextVar("bowerbird_trace", default=None)
_NOTHING = nullcontext()


@contextmanager
def tracing(id: str = "") -> Iterator[Trace]:
    """Note what is done inside, also in threads that are handed the context.

    >>> with tracing() as trace, stage("explain"), stage("score"):
    ...     looked("phrases", 2, 1)
    >>> list(trace.milliseconds()), trace.looks["phrases", True]
    (['score', 'explain'], 2)
    """
    trace = Trace(id)
    token = _CURRENT.set(trace)
    try:
        yield trace
    finally:
        _CURRENT.reset(token)


def current() -> Trace | None:
    """What is noted into now; None where nobody traces."""
    return _CURRENT.get()


def stage(name: Stage) -> AbstractContextManager[None]:
    """Note how long what is inside takes. One that lies in another is taken out of the other's time."""
    trace = _CURRENT.get()
    return _NOTHING if trace is None else _Open(name, trace)


def staged(name: Stage) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A function that is a stage."""

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            with stage(name):
                return function(*args, **kwargs)

        return timed

    return wrap


def looked(cache: Cache, hits: int, misses: int) -> None:
    """Note what a cache had."""
    trace = _CURRENT.get()
    if trace is not None:
        trace.looks[cache, True] += hits
        trace.looks[cache, False] += misses


class _Open(AbstractContextManager[None]):
    """A stage that is not over."""

    __slots__ = ("begin", "inside", "name", "outer", "trace")

    def __init__(self, name: Stage, trace: Trace) -> None:
        self.name = name
        self.trace = trace
        self.inside = 0

    def __enter__(self) -> None:
        self.outer = self.trace.inner
        self.trace.inner = self
        self.begin = perf_counter_ns()

    def __exit__(self, *_: object) -> None:
        end = perf_counter_ns()
        took = end - self.begin
        self.trace.marks.append(Mark(self.name, self.begin, end, took - self.inside))
        self.trace.inner = self.outer
        if self.outer is not None:
            self.outer.inside += took
