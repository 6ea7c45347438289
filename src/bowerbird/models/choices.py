"""Rehearsed questions as choices among candidates, and what new items are due."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.models.mixing import Examples, Floats, candidates
from bowerbird.models.rehearsal import Question, Rehearsal, stage
from bowerbird.types import Query

N_BEST, N_RANDOM, BATCH, PLACES = 50, 100, 128, 10

PRETENDED = 0.2
"""Share of the known items that half of the choices treat as new."""

FAR = 1000.0
"""Further apart than any two scores."""

HELD = 20
"""As how many hidden events it weighs that new items are taken as often as others, before the first is seen."""


@dataclass(frozen=True, eq=False)
class Choice:
    """One rehearsed question: what was taken, among candidates.

    features  (n_candidates, 2 n_members + 2) float32: z of known items, z of new items, 1 for new items, 1 for those not pretended
    counts    (n_candidates,) float32, as in `Examples`; 0 also for what was wanted as well
    taken     the place of the item that was taken
    stage     of the query
    user      number of the user who asks
    worth     all that one query asks for is worth 1
    """

    features: Floats
    counts: Floats
    taken: int
    stage: int
    user: int = 0
    worth: float = 1.0

    @property
    def half(self) -> int:
        """0 or 1, the half of the users that whoever asks belongs to."""
        return self.user % 2

    @property
    def new(self) -> NDArray[np.bool_]:
        """(n_candidates,): which are new or treated so."""
        return self.features[:, -2] > 0


def choices(
    standard: Callable[[Sequence[Query]], tuple[Floats, Floats]],
    known: NDArray[np.bool_],
    reads: NDArray[np.bool_],
    rehearsal: Rehearsal,
    rng: np.random.Generator,
) -> tuple[list[Choice], list[Choice]]:
    """The questions as they are, and with some known items treated as new; without those whose target cannot be scored.

    standard  queries → each member's standard scores, (n_queries, n_items, n_members), of the items as they are and as if they were
              new; NaN = cannot say
    known     (n_items,) items that are not new
    reads     (n_members,) members that can say something of new items
    """
    plain: list[Choice] = []
    pretended: list[Choice] = []
    for start in range(0, len(rehearsal.questions), BATCH):
        questions = rehearsal.questions[start : start + BATCH]
        for z, as_new, question in zip(*standard([question.query for question in questions]), questions, strict=True):
            for target in question.asked.tolist():
                pretend = known & (rng.random(len(known)) < PRETENDED)
                plain += _choice(z, as_new, question, target, ~known, ~known, reads, rng)
                pretended += _choice(z, as_new, question, target, ~known | pretend, ~known, reads, rng)
    return plain, [choice for choice in pretended if choice.new.any()]


def _choice(
    z: Floats,
    as_new: Floats,
    question: Question,
    target: int,
    new: NDArray[np.bool_],
    truly: NDArray[np.bool_],
    reads: NDArray[np.bool_],
    rng: np.random.Generator,
) -> list[Choice]:
    """One item that is asked for, if it can be scored.

    z, as_new   (n_items, n_members)
    new, truly  (n_items,) items to treat as new, and those that are
    """
    seen = np.where(new[:, None], as_new, z)
    heard = ~np.isnan(seen) & np.where(new[:, None], reads, True)
    able = np.asarray(heard.any(axis=1))
    able[question.query.history.items] = False
    if not able[target]:
        return []
    fresh = [np.where(new, row, np.nan) for row in as_new.T[reads]]
    items, counts = candidates([*z.T, *fresh], ~able, target, N_BEST, N_RANDOM, rng)
    counts[np.isin(items, question.wanted)] = 0
    said = np.where(heard[items], seen[items], 0)
    marks = np.stack((new[items], truly[items]), axis=1)
    features = np.concatenate((said * ~new[items, None], said * new[items, None], marks), axis=1).astype(np.float32)
    taken, number = int(np.flatnonzero(items == target)[0]), int(stage([question.query])[0])
    return [Choice(features, counts, taken, number, question.user, 1 / len(question.asked))]


def together(choices: list[Choice], n_features: int) -> Examples:
    """All choices in one table."""
    size = max((len(choice.counts) for choice in choices), default=1)
    features = np.zeros((len(choices), size, n_features), np.float32)
    counts = np.zeros((len(choices), size), np.float32)
    for place, choice in enumerate(choices):
        features[place, : len(choice.counts)] = choice.features - choice.features[choice.taken]
        counts[place, : len(choice.counts)] = choice.counts
    return Examples(features, counts, np.array([choice.stage for choice in choices], np.intp))


def share_of_new(choices: list[Choice], expected: float) -> float:
    """How many of the hidden events are on new items; held to be `expected` before the first is seen, as if by `HELD` events."""
    seen = sum(bool(choice.new[choice.taken]) for choice in choices)
    return (seen + HELD * expected) / (len(choices) + HELD)


def offset(choices: list[Choice], number: int, row: Floats, share: float) -> float:
    """What to add to the scores of new items so that they get this share of the first ten places.

    The j-th best new item is among the first ten if it beats the (11 − j)-th best known one, so the offset that it needs is the
    difference; the offset wanted is the quantile of these. No room, and new items come after all known ones.
    """
    needed = []
    for choice in [choice for choice in choices if choice.stage == number] or choices:
        scores = choice.features[:, :-2] @ row[:-2]
        new, known = (np.sort(scores[mark])[::-1][:PLACES] for mark in (choice.new, ~choice.new))
        new, known = (np.pad(best, (0, PLACES - len(best)), constant_values=-FAR) for best in (new, known))
        needed.append(np.clip(known[::-1] - new, -FAR, FAR))
    if not needed or share <= 0:
        return -FAR
    return float(np.quantile(np.concatenate(needed), min(share, 1.0), method="higher"))
