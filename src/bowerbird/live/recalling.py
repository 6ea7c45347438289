"""What was read of the log last: it answers where the log itself does not."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from bowerbird.errors import StoreError
from bowerbird.store import SqlStore, State
from bowerbird.types import Event, Offset, UserId

REMEMBERED = 100_000
"""Events of all users together that are remembered; who was asked for longest ago is forgotten first."""

KNOWN = "the event log does not answer now: this is from what was read of it before"
STRANGER = "the event log does not answer now, and nothing of this user was read before: this is for a newcomer"


@dataclass(frozen=True, eq=False, slots=True)
class Seen:
    """The log as a request sees it, at one instant.

    offset, item_offset  of the newest event and of the newest item put in
    events               the newest of the user, oldest first
    notes                a sentence if it is not the log as it is now
    """

    offset: Offset
    item_offset: Offset
    events: Sequence[Event] = ()
    notes: tuple[str, ...] = ()

    def history(self, user: UserId, limit: int, up_to: Offset | None = None) -> list[Event]:
        """The user's events: what a store would say."""
        del user, limit, up_to
        return list(self.events)


@dataclass(eq=False)
class Recall:
    """Reads the log, and remembers what it read. One object serves all threads.

    recalled  how many reads were answered from memory
    """

    store: SqlStore
    recalled: int = 0
    _acts: int = field(init=False, repr=False, default=0)
    _offsets: tuple[Offset, Offset] = field(init=False, repr=False, default=(0, 0))
    _of: OrderedDict[UserId, tuple[Offset, Sequence[Event]]] = field(init=False, repr=False, default_factory=OrderedDict)
    _total: int = field(init=False, repr=False, default=0)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def seen(self, user: UserId | None, limit: int) -> Seen:
        """The log now; where it does not answer, as it was when this user was asked for last. Its offset is then of that time, so that who
        asks again up to it gets the same.

        raises  nothing of the store's
        """
        try:
            state = self.store.seen(user, limit)
        except StoreError:
            return self._from_memory(user)
        self._take(state, user)
        return Seen(state.offset, state.item_offset, state.history)

    def refresh(self) -> None:
        """Forget all, if somebody's data was erased or somebody objected since, at whichever server.

        raises  StoreError
        """
        self._take(self.store.seen(None, 0), None)

    def history(self, user: UserId, limit: int) -> list[Event]:
        """The newest events of a user, oldest first; where the log does not answer, of those that were read before.

        raises  StoreError where nothing of the user was read before
        """
        try:
            return self.store.history(user, limit)
        except StoreError:
            with self._lock:
                if user not in self._of:
                    raise
                self.recalled += 1
                events = self._of[user][1]
                return list(events[max(len(events) - limit, 0) :])

    def item_offset(self) -> Offset:
        """Of the newest item put in, as far as is known."""
        return self.seen(None, 0).item_offset

    def _take(self, state: State, user: UserId | None) -> None:
        with self._lock:
            if state.acts < self._acts:
                return  # read before what another thread has read
            if state.acts > self._acts:
                self._acts, self._total = state.acts, 0
                self._of.clear()
            self._offsets = state.offset, state.item_offset
            if user is not None:
                self._remember(user, state.offset, state.history)

    def _remember(self, user: UserId, offset: Offset, events: Sequence[Event]) -> None:
        if user in self._of:
            self._total -= len(self._of.pop(user)[1])
        self._of[user] = offset, events
        self._total += len(events)
        while len(self._of) > 1 and self._total + len(self._of) > REMEMBERED:
            self._total -= len(self._of.popitem(last=False)[1][1])

    def _from_memory(self, user: UserId | None) -> Seen:
        with self._lock:
            self.recalled += 1
            offset, item_offset = self._offsets
            if user is None:
                return Seen(offset, item_offset, (), (KNOWN,))
            if user not in self._of:
                return Seen(0, item_offset, (), (STRANGER,))
            self._of.move_to_end(user)
            offset, events = self._of[user]
            return Seen(offset, item_offset, events, (KNOWN,))
