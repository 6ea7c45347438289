"""What the engine has taken into the log since it was made."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from bowerbird.types import Event


@dataclass(frozen=True, eq=False)
class Taken:
    """Events by their kinds, corrections of profiles among them; and of these, those that said which slate they answer.

    >>> taken = Taken()
    >>> taken.add([Event("ada", "1", kind="like", slate="s"), Event("ada", "2")])
    >>> taken.kinds, taken.answers
    ({'like': 1, 'view': 1}, {'like': 1})
    """

    _kinds: Counter[str] = field(default_factory=Counter)
    _answers: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def add(self, events: Iterable[Event]) -> None:
        """Count events that the log has taken."""
        with self._lock:
            for event in events:
                self._kinds[event.kind] += 1
                if event.slate is not None:
                    self._answers[event.kind] += 1

    @property
    def kinds(self) -> Mapping[str, int]:
        """Events by kind."""
        with self._lock:
            return dict(self._kinds)

    @property
    def answers(self) -> Mapping[str, int]:
        """Events that named a slate, by kind."""
        with self._lock:
            return dict(self._answers)
