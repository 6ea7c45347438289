"""How much each user may still teach today, so that no one teaches everybody."""

from dataclasses import dataclass, field
from hashlib import blake2b
from math import isfinite
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bowerbird.types import UserId

DAY = 86_400.0


@dataclass(frozen=True, eq=False)
class Allowance:
    """What users have spent of a daily measure. A value; it forgets everyone when the first event of a new day comes.

    A late event counts as one of the newest day; one without a time too.

    daily  whoever has spent so much is not heard for the rest of the day
    day    since 1970, UTC, of the newest event
    users  (n,) uint64, rising: marks of those who were heard that day
    spent  (n,) int64
    cost   one copy of what is known of the day's users

    >>> allowance = Allowance(daily=3)
    >>> for day, amount in ((1, 2), (1, 2), (1, 1), (2, 1)):
    ...     heard, allowance = allowance.after("ann", day * DAY, amount)
    ...     print(heard)
    True
    True
    False
    True
    """

    daily: int
    day: int = 0
    users: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    spent: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    kind: ClassVar[str] = "allowance"

    def after(self, user: UserId, time: float, amount: int) -> tuple[bool, "Allowance"]:
        """Whether the user is heard, and what is left once they were.

        time    seconds since 1970, NaN = not known
        amount  0 or more
        """
        day = int(time // DAY) if isfinite(time) else self.day
        today = self if day <= self.day else Allowance(self.daily, day)
        mark = np.uint64(int.from_bytes(blake2b(user.encode(), digest_size=8).digest()))
        at = int(np.searchsorted(today.users, mark))
        known = at < len(today.users) and today.users[at] == mark
        if known and today.spent[at] >= self.daily:
            return False, today
        users = today.users if known else np.insert(today.users, at, mark)
        spent = today.spent.copy() if known else np.insert(today.spent, at, 0)
        spent[at] += amount
        return True, Allowance(self.daily, today.day, users, spent)
