"""Is it time to fit again? A decision on plain values."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bowerbird.bundle import Bundle
from bowerbird.live import newest_event
from bowerbird.retraining.settings import ScheduleSettings
from bowerbird.store import SqlStore


@dataclass(frozen=True, slots=True)
class Due:
    """Whether a retraining is due, and why or why not, in a sentence."""

    now: bool
    why: str


def due(settings: ScheduleSettings, *, fitted: datetime, tried: datetime | None, at: datetime, new_events: int, breaks: int = 0) -> Due:
    """Whether a retraining is due.

    fitted      when the champion was
    tried       when a challenger was last fitted, whether it won or not; None = never
    at          the present instant
    new_events  that the champion has not learned from
    breaks      that drift detectors saw in the site's stream since the later of `fitted` and `tried`

    >>> from datetime import UTC
    >>> noon = datetime(2024, 1, 1, 12, tzinfo=UTC)
    >>> due(ScheduleSettings(), fitted=noon, tried=None, at=noon + timedelta(hours=2), new_events=5000, breaks=1)
    Due(now=True, why='1 break of the stream since the last fit, 2.0 hours ago')
    """
    last = fitted if tried is None else max(fitted, tried)
    ago = at - last
    hours = f"{ago / timedelta(hours=1):.1f} hours ago"
    if new_events < settings.least_events:
        return Due(False, f"{new_events} new events, and at least {settings.least_events} are wanted")
    if settings.every_hours is not None and ago >= timedelta(hours=settings.every_hours):
        return Due(True, f"the last fit was {hours}, and one is due every {settings.every_hours:g}")
    if settings.breaks and breaks >= settings.breaks and ago >= timedelta(hours=settings.rest_hours):
        return Due(True, f"{breaks} break{'s' if breaks > 1 else ''} of the stream since the last fit, {hours}")
    return Due(False, f"the last fit was {hours}")


def new_events(champion: Bundle, store: SqlStore, most: int) -> int:
    """How many events of the store the champion has not learned from, counted up to `most`: those later than its newest. O(events)."""
    return len(store.newer(newest_event(champion), 0, store.newest(), most))
