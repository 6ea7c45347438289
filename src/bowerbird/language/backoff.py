"""How long to wait before asking a server again."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_S = 60.0


@dataclass(frozen=True)
class Backoff:
    """Twice as long after each try, and half of it by chance, so that many clients do not come back together.

    first_s   before the second try
    chance    of the jitter

    >>> 2.0 <= Backoff(first_s=1.0).wait_s(tries=2) <= 4.0
    True
    """

    first_s: float = 0.5
    chance: random.Random = field(default_factory=random.Random, repr=False)

    def wait_s(self, tries: int, retry_after: str | None = None) -> float:
        """Seconds to wait after `tries` failures; at least what the server asks for, at most a minute.

        retry_after  the header of that name: seconds, or a date
        """
        span = min(self.first_s * 2.0**tries, LONGEST_S)
        return min(max(span / 2 + self.chance.random() * span / 2, asked_s(retry_after)), LONGEST_S)


def asked_s(retry_after: str | None) -> float:
    """The seconds that a `Retry-After` header asks for; 0 if it is none.

    >>> asked_s("3"), asked_s("soon"), asked_s(None)
    (3.0, 0.0, 0.0)
    """
    if retry_after is None:
        return 0.0
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    return max(0.0, ((until if until.tzinfo else until.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())
