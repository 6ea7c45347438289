"""What other people's likes say of items, and of which items go together."""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import solve
from scipy.sparse.linalg import svds

from bowerbird.data import marks
from bowerbird.liking.examples import Examples
from bowerbird.liking.settings import LikingSettings
from bowerbird.types import Log

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]

HEARD = 3
"""Numbers that behaviour says of an example."""

FOLDS = 5
STEEP = 4.0
"""A mark, from neutral to best, is worth about so many log-odds of a like, and so is a whole likeness: it brings weights near 1."""

RIDGE, DAMPED, SWEEPS = 30.0, 1.0, 4


class Others(Protocol):
    """Whoever knows what other people's likes say of examples."""

    def parts(self, examples: Examples, signs: Floats, prior_events: float) -> Floats:
        """(n, 3): the target's lift, the mean lift of the history, and the taste over behaviour. Signs (n, window) as of `Judge`."""
        ...


@dataclass(frozen=True, eq=False)
class Behaviour:
    """Items as other people marked them.

    lifts     (n_items,) float32: how much better an item is marked than its raters mark others, in log-odds of a like; drawn to what its
              text foretells, which is what stands for an item that nobody marked
    vectors   (n_items, f) float32: items lie together that the same people mark better, or worse, than is usual; 0 where nobody did
    foretold  (d,) float32: what the text's vector, without `centre`, is multiplied by to foretell a lift
    centre    (d,) float32
    """

    lifts: NDArray[np.float32]
    vectors: Vectors
    foretold: NDArray[np.float32]
    centre: NDArray[np.float32]

    def parts(self, examples: Examples, signs: Floats, prior_events: float) -> Floats:
        """As of `Others`."""
        taste = np.einsum("nf,nf->n", self.leaning(examples, signs, prior_events), self.vectors[examples.targets])
        return np.column_stack((self.lifts[examples.targets], self.usual(examples, prior_events), taste))

    def usual(self, examples: Examples, prior_events: float) -> Floats:
        """(n,): the mean lift of the history, drawn to 0: who likes what all like is not so easily pleased."""
        sums: Floats = np.where(examples.there, self.lifts[examples.items], 0).sum(1) / (examples.there.sum(1) + prior_events)
        return sums

    def leaning(self, examples: Examples, signs: Floats, prior_events: float) -> Floats:
        """(n, f): the sum of the history's vectors, liked less disliked, shrunk as the share of likes is."""
        near: Floats = np.zeros((len(examples), self.vectors.shape[1]))
        for place in range(examples.items.shape[1]):
            near += signs[:, place, None] * self.vectors[examples.items[:, place]]
        near /= (examples.there.sum(1) + prior_events)[:, None]
        return near

    def at(self, texts: Vectors) -> Self:
        """The same on another table of texts, as long or longer; of items added, or without a number here, only the texts tell.

        >>> known = Behaviour(np.float32([2]), np.float32([[1]]), np.float32([3, 0]), np.zeros(2, np.float32))
        >>> known.at(np.eye(2, dtype=np.float32)).lifts.tolist()
        [2.0, 0.0]
        """
        lifts = ((texts - self.centre) @ self.foretold).astype(np.float32)
        vectors = np.zeros((len(texts), self.vectors.shape[1]), np.float32)
        known = np.flatnonzero(~np.isnan(self.lifts))
        lifts[known], vectors[known] = self.lifts[known], self.vectors[known]
        return type(self)(lifts, vectors, self.foretold, self.centre)


@dataclass(frozen=True, eq=False)
class Crossed:
    """Behaviour to learn from: each example hears of others only, never of what its own user did.

    behaviours  each of the log without one part of its users
    part        (n_users,) int, the part that a user is left out with
    """

    behaviours: tuple[Behaviour, ...]
    part: NDArray[np.intp]

    def parts(self, examples: Examples, signs: Floats, prior_events: float) -> Floats:
        """As of `Others`."""
        said = np.empty((len(examples), HEARD))
        for number, behaviour in enumerate(self.behaviours):
            rows = np.flatnonzero(self.part[examples.users] == number)
            said[rows] = behaviour.parts(examples.take(rows), signs[rows], prior_events)
        return said

    @staticmethod
    def of(
        log: Log, texts: Vectors, settings: LikingSettings, rng: np.random.Generator, held: NDArray[np.int32] | None = None
    ) -> "Crossed":
        """The users in five parts by chance; those held hear of all others, and nobody hears of them."""
        part = rng.permutation(log.n_users) % FOLDS
        if held is not None:
            part[held] = FOLDS
            log = log.where(part[log.users] < FOLDS)
        parts = range(FOLDS if held is None else FOLDS + 1)
        return Crossed(tuple(behaviour_of(log.where(part[log.users] != one), texts, settings) for one in parts), part)


def behaviour_of(log: Log, texts: Vectors, settings: LikingSettings) -> Behaviour:
    """What the marks of a log say.

    A mark is taken as mean + what its user gives + the item's lift. The lift is a text's, by ridge regression, and what the marks say
    beyond it, as if `settings.raters` had marked as foretold. What is left of each mark makes a table of users and items, whose columns are
    shortened to at most 1 and decomposed: items' vectors are its right singular vectors, each as long as its singular value.

    texts  (n_items, d), unit length, 0 where there is no text
    cost   O(events + n_items · d²) four times, and a truncated singular value decomposition of `settings.factors`
    """
    log = log.where(log.weights != 0)
    given = marks(log.weights).astype(np.float64)
    known = np.unique(log.items)
    centre = texts[known].mean(0) if len(known) else np.zeros(texts.shape[1], np.float32)
    lifts, foretold, left = _lifts(log, given, (texts - centre).astype(np.float64), settings.raters)
    return Behaviour(
        (STEEP * lifts).astype(np.float32),
        (np.sqrt(STEEP) * _vectors(log, left, settings.factors)).astype(np.float32),
        (STEEP * foretold).astype(np.float32),
        centre.astype(np.float32),
    )


def _lifts(log: Log, given: Floats, texts: Floats, raters: float) -> tuple[Floats, Floats, Floats]:
    """Lifts, the weights of texts that foretell them, and what is left of each mark."""
    counts = np.bincount(log.items, minlength=log.n_items)
    sizes = np.bincount(log.users, minlength=log.n_users)
    sure = counts / (counts + raters)
    curve = (texts * sure[:, None]).T @ texts + RIDGE * np.eye(texts.shape[1])
    lifts, foretold = np.zeros(log.n_items), np.zeros(texts.shape[1])
    left = centred = given - (given.mean() if len(given) else 0)
    for _ in range(SWEEPS):
        own = np.bincount(log.users, centred - lifts[log.items], log.n_users) / (sizes + raters)
        sums = np.bincount(log.items, centred - own[log.users], log.n_items)
        foretold = solve(curve, texts.T @ (sure * sums / np.maximum(counts, 1)), assume_a="pos")
        said = texts @ foretold
        lifts = said + (sums - counts * said) / (counts + raters)
        left = centred - own[log.users] - lifts[log.items]
    return lifts, foretold, left


def _vectors(log: Log, left: Floats, factors: int) -> Floats:
    """(n_items, f): which items are marked alike beyond users' means and items' lifts."""
    lengths = np.sqrt(np.bincount(log.items, left**2, log.n_items) + DAMPED)
    table = sparse.csr_array((left / lengths[log.items], (log.users, log.items)), (log.n_users, log.n_items))
    rank = min(factors, min(table.shape) - 1)
    if rank < 1 or not table.count_nonzero():
        return np.zeros((log.n_items, max(rank, 1)))
    _, sizes, right = svds(table, k=rank, rng=np.random.default_rng(0))
    return np.asarray(right.T * sizes)
