"""The weights of a blend, from its members as they were fitted for the rehearsal."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bowerbird.models.choices import PRETENDED, choices, offset, share_of_new, together
from bowerbird.models.heldout import trusted
from bowerbird.models.mixing import Floats, learn, standardise
from bowerbird.models.rehearsal import N_STAGES, Rehearsal
from bowerbird.models.single import SingleModel
from bowerbird.models.spread import widened
from bowerbird.protocols import Learns, ReadsVectors
from bowerbird.types import Query

FEW = 0.01
"""Where a smaller share of the items is new, what new items are due is learned from known ones that are treated as new."""


def known_items(members: tuple[SingleModel, ...], n_items: int) -> NDArray[np.bool_]:
    """(n_items,): items that some member knows from behaviour; all, where every member reads and none learns."""
    learned = [_learned(member) for member in members if isinstance(member, Learns) or not isinstance(member, ReadsVectors)]
    return np.any(learned, axis=0) if learned else np.ones(n_items, bool)


def _learned(member: SingleModel) -> NDArray[np.bool_]:
    return member.learned if isinstance(member, Learns) else member.scorable


def _standard(member: SingleModel, queries: Sequence[Query], n_items: int, known: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """A member's standard scores of the items as they are, and as if they were new."""
    z, mean, deviation = standardise(widened(member.score(queries), n_items), known)
    if not isinstance(member, Learns):
        return z, z
    return z, (widened(member.score_as_new(queries), n_items) - mean[:, None]) / deviation[:, None]


def weigh(
    members: tuple[SingleModel, ...], rehearsal: Rehearsal, n_items: int, newness: float, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Weights for known items, for new ones, and the offsets of new ones."""
    known = known_items(members, n_items)
    reads = np.array([isinstance(member, ReadsVectors) for member in members])

    def standard(queries: Sequence[Query]) -> tuple[Floats, Floats]:
        z, as_new = zip(*(_standard(member, queries, n_items, known) for member in members), strict=True)
        return np.stack(z, axis=-1), np.stack(as_new, axis=-1)

    plain, pretended = choices(standard, known, reads, rehearsal, rng)
    equal = np.concatenate((np.full(2 * len(members), 1 / len(members)), [0, 0]))
    floors = np.concatenate((np.zeros(2 * len(members)), [-np.inf, -np.inf]))
    allowed = np.ones((N_STAGES, len(equal)), bool)

    def learned(without: int | None) -> Floats:
        used = [choice for choice in (*plain, *pretended) if choice.half != without]
        return learn(together(used, len(equal)), equal, floors, allowed)

    allowed[:, : len(members)] = trusted(plain, len(members), learned)
    table = learned(None)
    new = float((~known).mean())
    asked, expected = (plain, new) if new > FEW else (pretended, PRETENDED)
    rehearsed = [choice for choice in asked if choice.new.any()]
    share = share_of_new(rehearsed, expected)
    wish = [offset(rehearsed, number, row, newness * share) - offset(rehearsed, number, row, share) for number, row in enumerate(table)]
    offsets = (table[:, -2:].sum(axis=1) + wish).astype(np.float32)
    return table[:, : len(members)], table[:, len(members) : -2] * reads, offsets
