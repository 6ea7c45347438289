"""From a history to a profile: nothing is kept, so an event that was just stored counts in the next one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from bowerbird.data import Catalogue
from bowerbird.profiles.labels import Labels, labels_of, normalised
from bowerbird.profiles.values import Evidence, Interest, Profile, ProfileSettings, Topic, Trend
from bowerbird.types import History

DAY = 86_400.0
ABOUT = 0.25
"""An event is about a topic if it says at least so much of it, whatever its sign."""


def profile_of(
    history: History,
    catalogue: Catalogue,
    now: float,
    settings: ProfileSettings | None = None,
    *,
    usual: NDArray[np.float64] | None = None,
    labels: Labels | None = None,
) -> Profile:
    """What a history says somebody is after, as of an instant: a pure function of what it is given.

    now     seconds since 1970; later events are left out of account
    usual   (n_topics,) as `shares_of_all` has it, what the prior is divided by; None = evenly
    labels  of the history, where reviews were read; unless given, `labels_of(history, catalogue)`
    cost    O(events · topics of an item + topics)

    >>> shop = Catalogue.of(["a", "b", "c"], categories=[["tea"], ["tea"], ["rope"]])
    >>> profile = profile_of(History.of([0, 1, 2, 0], [1, 1, -1, 1]), shop, now=0.0)
    >>> [(one.topic.name, one.count, one.trend) for one in profile.interests], [one.topic.name for one in profile.dislikes]
    ([('tea', 3, 'steady')], [])
    """
    settings = settings or ProfileSettings()
    labels = labels or labels_of(history, catalogue)
    known = np.flatnonzero(~(history.times > now))
    history, says = history.take(known), labels.says[known]
    table = says.toarray()
    usual = normalised(np.ones(len(labels.topics)), labels.topics) if usual is None else usual
    shares = smoothed(table, history, labels.topics, now, settings, usual)
    against = normalised(worths(history, now, settings) @ np.maximum(-table, 0), labels.topics)
    liked, disliked = (table >= ABOUT).sum(axis=0), (table <= -ABOUT).sum(axis=0)
    recent = lately(history, now, settings)
    goes = np.flatnonzero((liked >= settings.least) & (table.sum(axis=0) > 0))
    hates = np.flatnonzero((disliked >= settings.least) & (table.sum(axis=0) < 0))
    level = settings.chance / max(len(goes) + len(hates), 1)

    def interest(topic: int, sign: Literal[1, -1], share: NDArray[np.float64]) -> Interest:
        about = sign * table[:, topic] >= ABOUT
        said = np.abs(table).max(axis=1, initial=0) > 0
        at = np.flatnonzero(about)
        trend = trend_of(about[said], recent[said], level)
        return Interest(labels.topics[topic], float(share[topic]), len(at), trend, evidence(history, at, catalogue))

    return Profile(
        tuple(interest(topic, 1, shares) for topic in _strongest(goes, shares)),
        tuple(interest(topic, -1, against) for topic in _strongest(hates, against)),
        len(history),
    )


def smoothed(
    table: NDArray[np.float64],
    history: History,
    topics: Sequence[Topic],
    now: float,
    settings: ProfileSettings,
    usual: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(n_topics,): what share of what is liked each topic has, drawn to what is usual; intents sum to 1, and so do categories."""
    pull = worths(history, now, settings) @ np.maximum(table, 0)
    return normalised(pull + settings.prior * usual, topics)


def worths(history: History, now: float, settings: ProfileSettings) -> NDArray[np.float64]:
    """(n_events,): what an event of weight 1 counts now; halved by every half-life since, by the clock where there is one."""
    n = len(history)
    if n and not np.isnan(history.times).any():
        half_life = settings.half_life_days
        age = np.maximum(now - history.times, 0) / DAY
    else:
        half_life = settings.half_life_events
        age = np.arange(n - 1, -1, -1, dtype=np.float64)
    return np.ones(n) if half_life is None else 0.5 ** (age / half_life)


def lately(history: History, now: float, settings: ProfileSettings) -> NDArray[np.bool_]:
    """(n_events,): the events of the last span."""
    n = len(history)
    if n and not np.isnan(history.times).any():
        return history.times > now - settings.span_days * DAY
    return np.arange(n) >= n - n // 4


def trend_of(about: NDArray[np.bool_], recent: NDArray[np.bool_], level: float) -> Trend:
    """Whether what is recent is about a topic more often, or less often, than what came before; "steady" if chance makes it so in more than
    `level` of cases.

    Fisher's exact test, both ends at `level` / 2: were the recent events drawn from all by chance, how often would so many be about it?

    >>> past, new = np.zeros(40, bool), np.arange(50) >= 40
    >>> trend_of(np.concatenate((past, np.ones(10, bool))), new, 0.01), trend_of(np.arange(50) % 5 == 0, new, 0.01)
    ('rising', 'steady')
    """
    n, k, m, x = len(about), int(about.sum()), int(recent.sum()), int((about & recent).sum())
    counts = np.arange(max(0, m + k - n), min(m, k) + 1)
    chances = np.exp(_ways(k, counts) + _ways(n - k, m - counts) - _ways(n, np.array([m])))
    if chances[counts >= x].sum() <= level / 2:
        return "rising"
    return "fading" if chances[counts <= x].sum() <= level / 2 else "steady"


def evidence(history: History, at: NDArray[np.intp], catalogue: Catalogue) -> tuple[Evidence, ...]:
    """These events, as they are cited."""
    times = history.times[at].tolist()
    instants = [None if np.isnan(time) else datetime.fromtimestamp(time, UTC) for time in times]
    return tuple(Evidence(catalogue.ids[item], time) for item, time in zip(history.items[at].tolist(), instants, strict=True))


def _strongest(topics: NDArray[np.intp], shares: NDArray[np.float64]) -> list[int]:
    kept: list[int] = topics[np.argsort(-shares[topics], kind="stable")].tolist()
    return kept


def _ways(n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    """log of n over k."""
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1), np.float64)
