"""Does blending pay? Weights learned from one half of the users, held against each member alone on the other half."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bowerbird.models.choices import PLACES, Choice
from bowerbird.models.mixing import Floats
from bowerbird.models.rehearsal import ASKERS

ENOUGH = 30
"""With fewer users nobody is judged: the best of several members on a few users is anyone."""


def trusted(choices: Sequence[Choice], n_members: int, learned: Callable[[int], Floats]) -> NDArray[np.bool_]:
    """(n_stages, n_members): who may have weight. All members; or, for newcomers, for those who go on or for those who come back,
    only the member that does best alone, where weights that were learned from other users do not beat it.

    Both are judged by where the items asked for stand among the first ten of the known items. Best alone is found with hindsight and
    with all users, so a blend that no more than equals it is not kept.

    learned  0 or 1 → (n_stages, n_features), the weights learned without this half of the users
    cost     two more rounds of learning, of half the size
    """
    rows = [learned(half)[:, :n_members] for half in (0, 1)]
    allowed = np.ones((len(ASKERS), n_members), bool)
    known = [choice for choice in choices if not choice.new[choice.taken]]
    for asker in np.unique(ASKERS).tolist():
        judged = [choice for choice in known if ASKERS[choice.stage] == asker]
        worth = np.array([choice.worth for choice in judged])
        if len({choice.user for choice in judged}) < ENOUGH:
            continue
        together = np.average([_gain(choice, rows[choice.half][choice.stage]) for choice in judged], weights=worth)
        alone = np.average([[_gain(choice, row) for row in np.eye(n_members)] for choice in judged], axis=0, weights=worth)
        if alone.max() >= together:
            allowed[asker == ASKERS] = np.arange(n_members) == alone.argmax()
    return allowed


def _gain(choice: Choice, row: NDArray[np.floating]) -> float:
    """1 / log2(1 + rank) of the item taken among the known ones, ties against it; 0 beyond the tenth place."""
    scores = choice.features[:, : len(row)] @ row
    rank = 1 + float(choice.counts[(scores >= scores[choice.taken]) & ~choice.new].sum())
    return 1 / np.log2(1 + rank) if rank <= PLACES else 0.0
