"""What is learned while a bundle is live, and from whom."""

from pydantic import Field

from bowerbird.adaptation.drift import PageHinkley
from bowerbird.config import Settings, Span


class LiveSettings(Settings):
    """How a live engine learns from its log.

    per_user    of any `window` events that taught something, at most so many are of one user; more of theirs count in their own history and
                teach nothing. This is what bounds what one user can do to the others, whatever they send
    window      see `per_user`
    drift       how the site's stream is watched: of each event that teaches, how well the engine foresaw it, for one more scoring each.
                None = not watched
    keep_days   events and slates that are older are deleted while the bundle is served, looked at once a day; None = kept for ever
    log_slates  whether slates are logged with their propensities: what exploration learns from, and off-policy evaluation

    >>> LiveSettings(per_user=5).window
    1000
    """

    per_user: int = Field(default=20, ge=1)
    window: int = Field(default=1000, ge=1)
    drift: PageHinkley | None = None
    keep_days: Span = None
    log_slates: bool = True
