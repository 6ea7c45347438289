"""How often: a bucket that fills at a steady rate and empties by one with each request."""

from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Bucket:
    """A token bucket. Within any t seconds it lets at most `burst` + `rate` · t requests through.

    rate   requests a second in the long run
    burst  so many at once; at least 1

    Not to be used from several threads at a time.

    >>> bucket = Bucket(rate=2.0, burst=1)
    >>> [bucket.wait(now) for now in (0.0, 0.0, 0.5, 0.75)]
    [0.0, 0.5, 0.0, 0.25]
    """

    rate: float
    burst: int
    _left: float = field(init=False)
    _at: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._left = float(self.burst)

    def wait(self, now: float) -> float:
        """0 where a request may pass, and it has; else the seconds until one may.

        now  seconds of a clock that never steps back
        """
        if self._at is not None:
            self._left = min(self.burst, self._left + (now - self._at) * self.rate)
        self._at = now
        if self._left < 1:
            return (1 - self._left) / self.rate
        self._left -= 1
        return 0.0
