"""What was asked of a chat server, what it cost, and where it ends."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from threading import Lock

from bowerbird.errors import LanguageError


@dataclass(frozen=True, slots=True)
class Usage:
    """Counted since the process began.

    requests            answered
    prompt_tokens       read, as the server counts them; where it does not say, as estimated
    completion_tokens   written, likewise
    refused             not sent since the budget was spent
    cost                in the currency of the settings' prices
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    refused: int = 0
    cost: float = 0.0

    @property
    def tokens(self) -> int:
        """Read and written."""
        return self.prompt_tokens + self.completion_tokens


def today() -> date:
    """The day in UTC."""
    return datetime.now(UTC).date()


@dataclass(eq=False)
class Budget:
    """Tokens that may still be spent; every request reserves the most that it could cost before it is sent, so that many at a time
    cannot overspend together.

    per_process   tokens in the life of this process; None = no limit
    per_day       tokens a day (UTC) in this process; None = no limit
    prompt_price, completion_price  of a million tokens
    today         the day
    """

    where: str
    per_process: int | None = None
    per_day: int | None = None
    prompt_price: float = 0.0
    completion_price: float = 0.0
    today: Callable[[], date] = today
    usage: Usage = field(default_factory=Usage, init=False)
    _day: date | None = field(default=None, init=False)
    _spent_today: int = field(default=0, init=False)
    _reserved: int = field(default=0, init=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def reserve(self, tokens: int) -> None:
        """Set `tokens` aside for a request.

        raises  LanguageError if that could go beyond the budget
        """
        with self._lock:
            self._turn_the_page()
            for limit, spent, span in (
                (self.per_process, self.usage.tokens, "this process"),
                (self.per_day, self._spent_today, "today"),
            ):
                if limit is not None and spent + self._reserved + tokens > limit:
                    self.usage = replace(self.usage, refused=self.usage.refused + 1)
                    raise LanguageError(
                        f"{self.where}: the budget of {limit} tokens for {span} must hold the {tokens} that the request may take, "
                        f"got {max(limit - spent - self._reserved, 0)} left"
                    )
            self._reserved += tokens

    def settle(self, reserved: int, prompt_tokens: int, completion_tokens: int) -> None:
        """Give the reserve back and count what the request took."""
        with self._lock:
            self._turn_the_page()
            self._reserved -= reserved
            self._spent_today += prompt_tokens + completion_tokens
            old = self.usage
            cost = (prompt_tokens * self.prompt_price + completion_tokens * self.completion_price) / 1e6
            self.usage = replace(
                old,
                requests=old.requests + 1,
                prompt_tokens=old.prompt_tokens + prompt_tokens,
                completion_tokens=old.completion_tokens + completion_tokens,
                cost=old.cost + cost,
            )

    def release(self, reserved: int) -> None:
        """Give the reserve back: the request came to nothing."""
        with self._lock:
            self._reserved -= reserved

    def _turn_the_page(self) -> None:
        if (day := self.today()) != self._day:
            self._day, self._spent_today = day, 0
