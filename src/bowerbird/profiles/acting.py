"""What the edits that stand do to a slate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.data import Catalogue
from bowerbird.language.lexical import search_tokens
from bowerbird.profiles.edits import Edit
from bowerbird.profiles.labels import topics_of
from bowerbird.profiles.values import Topic
from bowerbird.steering.mentions import having
from bowerbird.types import History

STEP = 1.0
"""Standard scores that more of a topic adds to an item that is all about it, and less takes away."""
MOST = 3.0
"""No item gains or loses more than this by all edits together."""
ABOUT_ENOUGH = 0.25
"""Of an intent such events are forgotten whose items belong to it by this part at least."""
MUTED = 0.5
"""Of an intent such items are muted that belong to it by this part at least."""


@dataclass(frozen=True, eq=False)
class Acting:
    """What a slate is made from, once the edits act.

    history  without what was to be forgotten
    kept     (n,) which events of the history that was given are in it
    allowed  (n_items,) bool: not muted, and not taken, forgotten or not; None = nothing is hidden
    bonus    (n_items,) float32, on standard scores, in −3..3; None = nothing
    notes    edits that could not act, one sentence each
    """

    history: History
    kept: NDArray[np.intp]
    allowed: NDArray[np.bool_] | None = None
    bonus: NDArray[np.float32] | None = None
    notes: tuple[str, ...] = ()


def acting(edits: Sequence[Edit], history: History, catalogue: Catalogue, *, repeats: bool = False) -> Acting:
    """What these edits do to a history and the items that may be shown.

    What is forgotten has no part in the scores; that it was taken stays known, so that it is not shown as new, unless `repeats` are wanted.

    cost  O(edits · n_items)

    >>> shop = Catalogue.of(["a", "b"], categories=[["tea"], ["rope"]])
    >>> acts = acting([Edit(does="mute", topic=Topic(sort="category", name="tea"))], History.of([]), shop)
    >>> acts.allowed.tolist()
    [False, True]
    """
    if not edits:
        return Acting(history, np.arange(len(history)))
    allowed, bonus = np.ones(len(catalogue), bool), np.zeros(len(catalogue), np.float32)
    kept, notes = np.ones(len(history), bool), []
    for edit in edits:
        about = None if edit.topic is None else belonging(edit.topic, catalogue)
        if edit.topic is not None and (about is None or not about.any()):
            notes.append(f"your edit has no effect now: no item is of {edit.topic.name!r}")
            continue
        if edit.does == "forget":
            kept &= ~_forgotten(edit, about, history)
        elif about is not None and edit.does == "mute":
            allowed &= about < MUTED
        elif about is not None:
            bonus += np.float32(STEP if edit.does == "more" else -STEP) * about
    forgotten = history.items[~kept]
    if len(forgotten) and not repeats:
        allowed[forgotten] = False
    bounded = np.clip(bonus, -MOST, MOST).astype(np.float32)
    left = np.flatnonzero(kept)
    return Acting(
        history.take(left),
        left,
        None if allowed.all() else allowed,
        bounded if bounded.any() else None,
        tuple(dict.fromkeys(notes)),
    )


def belonging(topic: Topic, catalogue: Catalogue) -> NDArray[np.float32] | None:
    """(n_items,) in 0..1: how far each item is of a topic; None where the catalogue does not have it."""
    if topic.sort == "words":
        return having(frozenset(search_tokens(topic.name)), catalogue).astype(np.float32)
    topics, belongs = topics_of(catalogue)
    if topic not in topics:
        return None
    return np.asarray(belongs[:, [topics.index(topic)]].toarray().ravel(), np.float32)


def _forgotten(edit: Edit, about: NDArray[np.float32] | None, history: History) -> NDArray[np.bool_]:
    """(n_events,); an event without a time lies in no span."""
    low = -np.inf if edit.since is None else edit.since.timestamp()
    high = np.inf if edit.until is None else edit.until.timestamp()
    within = np.ones(len(history), bool) if low == -np.inf and high == np.inf else (history.times >= low) & (history.times < high)
    return within if about is None else within & (about[history.items] >= ABOUT_ENOUGH)
