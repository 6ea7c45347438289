"""The seams: small shapes with one verb each. Anything of the right shape plugs in."""

from collections.abc import Iterator, Sequence
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bowerbird.types import Event, Happened, Offset, Prompt, Query, Scores, Slate, UserId, Value


@runtime_checkable
class Scorer(Protocol):
    """Scores the whole catalogue for each query: (n_queries, n_items) float32, NaN = cannot say."""

    def score(self, queries: Sequence[Query]) -> Scores: ...


@runtime_checkable
class VectorScorer(Scorer, Protocol):
    """A scorer whose score is a dot product, so an index can serve it."""

    @property
    def item_vectors(self) -> NDArray[np.float32]:
        """(n_items, d)"""
        ...

    def query_vectors(self, queries: Sequence[Query]) -> NDArray[np.float32]:
        """(n_queries, d)"""
        ...


@runtime_checkable
class ScoresSome(Scorer, Protocol):
    """A scorer that can be asked about some of the items, at the cost of these."""

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        ...

    def score_some(self, queries: Sequence[Query], items: NDArray[np.int32]) -> Scores:
        """(n_queries, len(items)): these columns of `score`, up to rounding."""
        ...


@runtime_checkable
class Nominates(Protocol):
    """A scorer that finds its best items without scoring all."""

    def nominate(self, queries: Sequence[Query], n: int) -> list[NDArray[np.int32]]:
        """The numbers of its `n` best items for each query, in any order; fewer where it can tell fewer apart from the rest."""
        ...


@runtime_checkable
class Mixes(Protocol):
    """A scorer that adds up what others say of the same query."""

    @property
    def members(self) -> Sequence[Scorer]:
        """The others."""
        ...

    @property
    def known(self) -> NDArray[np.bool_]:
        """(n_items,): items that some member knows from behaviour; the others are new."""
        ...


@runtime_checkable
class Explains(Protocol):
    """A scorer whose score is a sum over the events of the history."""

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_events, n_items): what each event of `query.history` adds to the score of each of `items`.

        The column sums equal the scores up to a term that does not depend on single events. 0 where it cannot say.
        """
        ...


@runtime_checkable
class ReadsVectors(Protocol):
    """A scorer that knows items by their language vectors, so it can take in items it never saw in training."""

    def with_vectors(self, vectors: NDArray[np.float32]) -> Self:
        """The same scorer over another (n_items, d) table: rows may be changed and rows may be added, none removed."""
        ...


@runtime_checkable
class Learns(Protocol):
    """A scorer that reads vectors, and knows some items from behaviour as well."""

    @property
    def learned(self) -> NDArray[np.bool_]:
        """(n_items,): items known from behaviour."""
        ...

    def score_as_new(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items): the scores that items would have, were they new; histories are read as they are."""
        ...


@runtime_checkable
class Follows(Protocol):
    """A scorer that learns from events as they happen."""

    def after(self, happened: Sequence[Happened]) -> Self:
        """The scorer once these happened too, in this order; the one that was stays as it is.

        A fold: `after([a, b])` and `after([a]).after([b])` are the same to the bit.
        """
        ...


@runtime_checkable
class ReadsContext(Protocol):
    """A scorer that reads the circumstances of a query."""

    @property
    def context(self) -> tuple[tuple[str, tuple[Value, ...]], ...]:
        """The features that are read, and of each the values that were met in the fit: all others count for nothing."""
        ...


class Reranker(Protocol):
    """Reorders or shortens one slate; never adds to it."""

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate: ...


class Encoder(Protocol):
    """Reads texts into vectors of unit length: (n, d) float32."""

    @property
    def name(self) -> str:
        """Names the weights: two encoders of one name give the same vectors. Part of the cache key."""
        ...

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


class Chat(Protocol):
    """Answers prompts in words: one text for each, in their order. An answer is what a model said, and nothing that can be trusted."""

    @property
    def name(self) -> str:
        """Names the model: two of one name are taken to answer alike. Part of the cache key."""
        ...

    def complete(self, prompts: Sequence[Prompt]) -> list[str]: ...


@runtime_checkable
class Streams(Chat, Protocol):
    """A `Chat` that can be listened to while it speaks."""

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """The pieces of one answer as they come; joined they are the answer."""
        ...


class EventStore(Protocol):
    """An append-only log of events."""

    def append(self, events: Sequence[Event]) -> Offset:
        """Store the events in order; durable when it returns. Returns the offset of the newest event in the log."""
        ...

    def history(self, user: UserId, limit: int, up_to: Offset | None = None) -> list[Event]:
        """The newest `limit` events of `user` with an offset of at most `up_to`, oldest first."""
        ...


class Progress(Protocol):
    """Told how far a long job is, so that whoever called can show it."""

    def __call__(self, what: str, done: int, total: int) -> None: ...


@runtime_checkable
class Watches(Progress, Protocol):
    """A `Progress` that is also told how good the model is in validation after each epoch, and may end the fit by raising."""

    def epoch(self, number: int, figure: float) -> None:
        """`number` from 1; of `figure`, higher is better."""
        ...


def silent(what: str, done: int, total: int) -> None:
    """A `Progress` that shows nothing."""
