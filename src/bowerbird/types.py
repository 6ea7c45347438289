"""The values everyone speaks. All are frozen; `docs/words.md` fixes the words.

Outside, users and items have *ids* (strings). Inside, items have *numbers*: 0 … n_items − 1, the row of the item in the
catalogue. Ids are turned into numbers once, at the edge.

Times are aware UTC `datetime`s outside, and inside float64 seconds since 1970 with NaN for "no clock".

A *weight* says what an event tells about the item: 1 is a plain sign of interest, 0 tells nothing (but the item counts as
taken), below 0 is a sign against. Weights lie in [-1, 1].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError

UserId = str
ItemId = str
Offset = int

Scores = NDArray[np.float32]
"""(n_queries, n_items): higher is better, NaN = cannot say."""

Value = str | float | bool

UNTOLD: NDArray[np.uint8] = np.zeros(0, np.uint8)
"""Stands for as many zeros as there are events: of none is the kind told."""


def _tell_kinds(events: "History | Log") -> None:
    if events.kinds is UNTOLD:
        object.__setattr__(events, "kinds", np.zeros(len(events.items), np.uint8))


@dataclass(frozen=True, slots=True)
class Event:
    """Something a user did, as it comes from outside.

    user, item   ids
    time         aware UTC; None where the source has no clock
    kind         what was done: view, click, like, rating … (`bowerbird.data.kinds`)
    value        stars, plays, seconds … as the kind has it
    text         what the user wrote
    context      the circumstances: device, place …
    key          idempotency key: a second event with the same key is the same event
    slate        id of the slate that it answers
    """

    user: UserId
    item: ItemId
    time: datetime | None = None
    kind: str = "view"
    value: float | None = None
    text: str | None = None
    context: Mapping[str, Value] = field(default_factory=dict)
    key: str | None = None
    slate: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class History:
    """What one user did, oldest first.

    items    (n,) int32, item numbers
    weights  (n,) float32, in [-1, 1]
    times    (n,) float64, seconds since 1970, NaN where there is no clock
    kinds    (n,) uint8, numbers of the events' kinds (`bowerbird.data.kinds.kind_number`), 0 = not told; all 0 where left out
    """

    items: NDArray[np.int32]
    weights: NDArray[np.float32]
    times: NDArray[np.float64]
    kinds: NDArray[np.uint8] = field(default_factory=lambda: UNTOLD)

    def __post_init__(self) -> None:
        _tell_kinds(self)
        lengths = [len(self.items), len(self.weights), len(self.times), len(self.kinds)]
        if len(set(lengths)) > 1:
            raise DataError("history: items, weights, times and kinds must have one length, got {}, {}, {} and {}".format(*lengths))

    def __len__(self) -> int:
        return len(self.items)

    def without(self, items: NDArray[np.int32]) -> "History":
        """The history had these items never been touched.

        >>> History.of([3, 5, 3]).without(np.array([3], np.int32)).items.tolist()
        [5]
        """
        return self.take(np.flatnonzero(~np.isin(self.items, items)))

    def take(self, places: NDArray[np.intp]) -> "History":
        """The history of the events at these places, in this order.

        >>> History.of([3, 5, 4]).take(np.array([0, 2])).items.tolist()
        [3, 4]
        """
        return History(self.items[places], self.weights[places], self.times[places], self.kinds[places])

    def last(self, n: int) -> "History":
        """The newest `n` events.

        >>> History.of([3, 5, 4]).last(2).items.tolist()
        [5, 4]
        """
        here = slice(max(len(self) - n, 0), None)
        return History(self.items[here], self.weights[here], self.times[here], self.kinds[here])

    @staticmethod
    def of(
        items: Sequence[int] | NDArray[np.int32],
        weights: Sequence[float] | NDArray[np.float32] | None = None,
        times: Sequence[float] | NDArray[np.float64] | None = None,
    ) -> "History":
        """A history from plain lists; every weight is 1 and no time is known unless given.

        >>> len(History.of([]))
        0
        """
        n = len(items)
        return History(
            np.asarray(items, np.int32),
            np.ones(n, np.float32) if weights is None else np.asarray(weights, np.float32),
            np.full(n, np.nan) if times is None else np.asarray(times, np.float64),
        )


@dataclass(frozen=True, eq=False, slots=True)
class Query:
    """A question to a scorer: what does this history want next? The user is the history, nothing else.

    time     when it is asked, seconds since 1970; NaN = not known
    context  the circumstances: device, place …
    text     a wish in words
    """

    history: History
    time: float = float("nan")
    context: Mapping[str, Value] = field(default_factory=dict)
    text: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Slate:
    """Items in the order in which they are shown, best first; no item twice, and short lists are short.

    items         (k,) int32, item numbers
    scores        (k,) float32, what the scorer said of each; need not fall after re-ranking
    standings     (k,) float32, the score of each as a standard score within the pool; None = not said
    propensities  (k,) float64 in (0, 1], the probability of each at its place, given those above it; None = not said
    considered    (n,) int32, rising: the items of the catalogue that were scored for it; None = all, or not said
    """

    items: NDArray[np.int32]
    scores: NDArray[np.float32]
    standings: NDArray[np.float32] | None = None
    propensities: NDArray[np.float64] | None = None
    considered: NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.items)

    def take(self, positions: NDArray[np.intp] | Sequence[int]) -> "Slate":
        """The slate of these positions, in this order. What was said of the places, standings and propensities, is not said of others."""
        chosen = np.asarray(positions, np.intp)
        return Slate(self.items[chosen], self.scores[chosen])


@dataclass(frozen=True, eq=False, slots=True)
class Request:
    """One call for a slate, item numbers inside: a query, and how the answer should look.

    k          how many items, at least 1
    diversity  0..1; 0 keeps the scorer's order, 1 looks at variety alone; None = as the bundle is set
    allowed    (n_items,) bool, False for items that must not be shown; None = all may
    seed       of whatever is random in the answer
    bonus      (n_items,) float32, added to the scores once these are standard scores: what the user said in words; None = nothing
    """

    query: Query
    k: int = 10
    diversity: float | None = None
    allowed: NDArray[np.bool_] | None = None
    seed: int = 0
    bonus: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """A slate that was shown, as it is known when an event answers it.

    items         (k,) int32, item numbers from the first place down; −1 = no longer in the catalogue
    standings     (k,) float32, the score of each as a standard score among those that the slate was chosen from
    propensities  (k,) float64 in (0, 1], the probability of each at its place, given those above it
    seen          how many places from the top earlier events have told of: who answered place 4 had seen 1 to 3
    liked         (k,) bool, the places that earlier events answered with a weight above 0; None = none
    """

    items: NDArray[np.int32]
    standings: NDArray[np.float32]
    propensities: NDArray[np.float64]
    seen: int = 0
    liked: NDArray[np.bool_] | None = None

    def place(self, item: int) -> int | None:
        """The place of an item, from 0; None where it has none."""
        places = np.flatnonzero(self.items == item)
        return int(places[0]) if item >= 0 and len(places) else None

    def after(self, item: int, weight: float) -> "Shown":
        """The slate as it is known once an event has answered it: what the next one that answers it is told.

        >>> shown = Shown(np.array([7, 3, 5], np.int32), np.zeros(3, np.float32), np.ones(3))
        >>> then = shown.after(3, 1.0).after(7, -1.0)
        >>> then.seen, then.liked.tolist()
        (2, [False, True, False])
        """
        place = self.place(item)
        if place is None:
            return self
        liked = np.zeros(len(self.items), bool) if self.liked is None else self.liked.copy()
        liked[place] |= weight > 0
        return replace(self, seen=max(self.seen, place + 1), liked=liked)


@dataclass(frozen=True, eq=False, slots=True)
class Happened:
    """One event as those are told of it who learn from the log as it grows.

    user    whoever it was, told apart from others by this alone
    query   what was known the moment before: the history without the event, the event's time and circumstances
    item    item number
    weight  in [-1, 1], of the event
    shown   the slate that it answers; None where it names none
    """

    user: UserId
    query: Query
    item: int
    weight: float
    shown: Shown | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Circumstances:
    """The context of many events, on numbers.

    values  name of a feature → the values that it has; the place of a value is its number
    codes   (n_events, n_features) int32, numbers of values, in the order of `values`; −1 = not told
    """

    values: Mapping[str, tuple[Value, ...]]
    codes: NDArray[np.int32]

    def at(self, event: int) -> dict[str, Value]:
        """What is told of one event.

        >>> where = Circumstances({"device": ("phone", "tv"), "place": ("home",)}, np.array([[1, -1]], np.int32))
        >>> where.at(0)
        {'device': 'tv'}
        """
        return {
            name: values[code] for (name, values), code in zip(self.values.items(), self.codes[event].tolist(), strict=True) if code >= 0
        }


@dataclass(frozen=True, eq=False, slots=True)
class Log:
    """Clean events on numbers, sorted by user and, within one, by time (stable): the behaviour that models learn from.

    users    (n,) int32, user numbers, never falling
    items    (n,) int32, item numbers
    weights  (n,) float32, in [-1, 1]
    times    (n,) float64, seconds since 1970, NaN where there is no clock
    kinds    (n,) uint8, as in `History`
    context  the circumstances; None where none are kept
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    weights: NDArray[np.float32]
    times: NDArray[np.float64]
    n_users: int
    n_items: int
    kinds: NDArray[np.uint8] = field(default_factory=lambda: UNTOLD)
    context: Circumstances | None = None
    starts: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _tell_kinds(self)
        if len(self.users) and (np.diff(self.users) < 0).any():
            raise DataError("log: events must be sorted by user")
        counts = np.bincount(self.users, minlength=self.n_users)
        object.__setattr__(self, "starts", np.concatenate(([0], np.cumsum(counts))).astype(np.int64))

    def __len__(self) -> int:
        return len(self.items)

    @property
    def has_clock(self) -> bool:
        """Whether the events have times."""
        return bool(len(self)) and not bool(np.isnan(self.times).any())

    def history(self, user: int) -> History:
        """All that user number `user` did. O(1): a view, no copy."""
        return self.between(int(self.starts[user]), int(self.starts[user + 1]))

    def between(self, start: int, end: int) -> History:
        """Some events of one user, number `start` up to and without number `end`, as a history. O(1): a view, no copy."""
        here = slice(start, end)
        return History(self.items[here], self.weights[here], self.times[here], self.kinds[here])

    def before(self, event: int) -> Query:
        """What was asked, as it were, by event number `event`: its user's history up to it, at its time and in its circumstances."""
        history = self.between(int(self.starts[self.users[event]]), event)
        return Query(history, float(self.times[event]), self.context.at(event) if self.context else {})

    def where(self, keep: NDArray[np.bool_]) -> "Log":
        """The log of the events where `keep` is true; numbers of users and items stay as they are."""
        return replace(
            self,
            users=self.users[keep],
            items=self.items[keep],
            weights=self.weights[keep],
            times=self.times[keep],
            kinds=self.kinds[keep],
            context=self.context and Circumstances(self.context.values, self.context.codes[keep]),
        )


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a talk with a chat model."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a chat model is asked.

    messages     the talk so far, oldest first; the last one is the user's
    system       what the model is told before it
    schema       a JSON schema that the answer must follow; None = free text
    max_tokens   of the answer
    temperature  0 = always the likeliest token; above it answers vary
    label        name and version of the file that it was made from: never sent, but a new version is asked anew where answers are kept
    """

    messages: tuple[Message, ...]
    system: str = ""
    schema: Mapping[str, Any] | None = None
    max_tokens: int = 256
    temperature: float = 0.0
    label: str = ""

    def __post_init__(self) -> None:
        if not self.messages or self.messages[-1].role != "user":
            raise DataError(f"prompt: the last message must be the user's, got {self.messages[-1].role if self.messages else 'none'}")
        if self.max_tokens < 1 or self.temperature < 0:
            raise DataError(f"prompt: max_tokens must be ≥ 1 and temperature ≥ 0, got {self.max_tokens} and {self.temperature:g}")

    @staticmethod
    def of(text: str, system: str = "", schema: Mapping[str, Any] | None = None, max_tokens: int = 256) -> "Prompt":
        """A prompt of one message.

        >>> Prompt.of("hello").messages
        (Message(role='user', text='hello'),)
        """
        return Prompt((Message("user", text),), system, schema, max_tokens)


Json = dict[str, Any]
