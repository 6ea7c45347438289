"""From a user's events to their profile. The live engine takes this way, for one user at a time."""

from collections.abc import Sequence

from bowerbird.answers import UserProfile
from bowerbird.asking import known_history
from bowerbird.bundle import Bundle, now
from bowerbird.live import Worded
from bowerbird.profiles import acting, claims, profile_of, standing
from bowerbird.types import Event, UserId


def profiled(user: UserId, events: Sequence[Event], bundle: Bundle, words: Worded, language: str | None = None) -> UserProfile:
    """What a user's events say they are after, as of now, in sentences that are checked; and the corrections that stand.

    bundle    with the items in that were put in
    language  of the sentences; None = as the bundle is set
    """
    edits = standing(events)
    history, notes = known_history(bundle, events)
    acts = acting(edits, history, bundle.catalogue)
    profile = profile_of(acts.history, bundle.catalogue, now().timestamp(), usual=words.usual(bundle))
    sentences, dropped = claims(profile, acts.history, bundle.catalogue, language or bundle.config.explain.language)
    return UserProfile(user, profile, sentences, dropped, edits, (*notes, *acts.notes))
