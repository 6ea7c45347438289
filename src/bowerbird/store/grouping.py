"""Calls of many threads, done together: a disk is waited for once a group, not once a call."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bowerbird.errors import StoreError, UnavailableError

J = TypeVar("J")
R = TypeVar("R")


@dataclass(eq=False, slots=True)
class _Call(Generic[J, R]):
    job: J
    size: int
    answer: tuple[R] | None = None
    error: StoreError | None = None

    @property
    def over(self) -> bool:
        return self.answer is not None or self.error is not None


class Grouped(Generic[J, R]):
    """Does what all who wait want in one go, each time that the one before is done. Whoever comes first does it for the others.

    do     does jobs in their order, all of them or, after an error, none
    size   of a job
    most   size of a group; one job alone may be larger
    held   size of all that waits; more is refused, so that memory stays bounded
    """

    def __init__(self, do: Callable[[Sequence[J]], R], size: Callable[[J], int], most: int, held: int) -> None:
        self._do, self._size, self._most, self._held = do, size, most, held
        self._waiting: deque[_Call[J, R]] = deque()
        self._total = 0
        self._state, self._led = threading.Condition(), False

    def __call__(self, job: J) -> R:
        """What came of the group that did the job.

        raises  StoreError: then this job was not done; UnavailableError if too many wait
        """
        call: _Call[J, R] = _Call(job, self._size(job))
        with self._state:
            if self._waiting and self._total + call.size > self._held:
                raise UnavailableError(f"event store: {self._total} rows wait to be written already; nothing of this call was stored")
            self._waiting.append(call)
            self._total += call.size
        while group := self._taken_unless_over(call):
            try:
                self._lead(group)
            finally:
                with self._state:
                    self._led = False
                    self._state.notify_all()
        if call.answer is None:
            raise call.error or AssertionError
        return call.answer[0]

    def _lead(self, group: Sequence[_Call[J, R]]) -> None:
        """Do the jobs of those who wait; one that cannot be done must not take the others with it."""
        try:
            answer = self._do([call.job for call in group])
            for call in group:
                call.answer = (answer,)
        except UnavailableError as error:
            for call in group:
                call.error = UnavailableError(*error.args)
        except StoreError as error:
            if len(group) == 1:
                group[0].error = error
            else:
                for call in group:
                    self._lead([call])
        finally:
            for call in group:
                if not call.over:
                    call.error = UnavailableError("event store: writing was broken off; whether this call was stored is not known")

    def _taken_unless_over(self, call: _Call[J, R]) -> list[_Call[J, R]]:
        """Wait until a call is over, or nobody leads: then those who wait, as many as a group may hold, to be led by this thread."""
        with self._state:
            self._state.wait_for(lambda: call.over or not self._led)
            if call.over:
                return []
            self._led = True
            group = [self._waiting.popleft()]
            size = group[0].size
            while self._waiting and size + self._waiting[0].size <= self._most:
                group.append(self._waiting.popleft())
                size += group[-1].size
            self._total -= size
            return group
