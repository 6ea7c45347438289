"""From a user's events to their profile. The live engine takes this way, for one user at a time."""

from collections.abc import Sequence

import numpy as np

from bowerbird.answers import UserProfile
from bowerbird.asking import known_history
from bowerbird.bundle import Bundle, now
from bowerbird.data import held_events, marks_of
from bowerbird.live import Worded
from bowerbird.profiles import acting, claims, profile_of, standing
from bowerbird.types import Event, UserId

READ = 500
"""So many reviews of a user are read."""


def profiled(user: UserId, events: Sequence[Event], bundle: Bundle, words: Worded, language: str | None = None) -> UserProfile:
    """What a user's events say they are after, as of now, in sentences that are checked; and the corrections that stand.

    A review tells what it says of its item's categories where the bundle has learned that (`Polarity`), the newest `READ` of them.

    bundle    with the items in that were put in
    language  of the sentences; None = as the bundle is set
    """
    edits = standing(events)
    history, notes = known_history(bundle, events)
    acts = acting(edits, history, bundle.catalogue)
    held = held_events(events, bundle.catalogue)
    kept = [held[place] for place in acts.kept.tolist()]
    reviews, unread = _newest([event.text for event in kept])
    values = np.array([np.nan if event.value is None else event.value for event in kept], np.float64)
    marks = marks_of([event.kind for event in kept], values, acts.history.weights, bundle.config.data)
    labels = words.labels(bundle, acts.history, reviews, marks)
    profile = profile_of(acts.history, bundle.catalogue, now().timestamp(), usual=words.usual(bundle), labels=labels)
    sentences, dropped = claims(profile, acts.history, bundle.catalogue, language or bundle.config.explain.language, labels)
    more = (f"of the reviews the oldest {unread} were not read",) if unread and bundle.polarity is not None else ()
    return UserProfile(user, profile, sentences, dropped, edits, (*notes, *acts.notes, *more))


def _newest(texts: Sequence[str | None]) -> tuple[list[str | None], int]:
    """The texts, but for those before the newest `READ`; and how many these were."""
    there = [place for place, text in enumerate(texts) if text]
    unread = set(there[: max(len(there) - READ, 0)])
    return [None if place in unread else text for place, text in enumerate(texts)], len(unread)
