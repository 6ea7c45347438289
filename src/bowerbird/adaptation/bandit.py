"""What is believed of each item's reward, and how surely: what exploration draws from, learned from how slates were answered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.linalg import cho_solve, solve_triangular

from bowerbird.config import Settings
from bowerbird.types import Happened, Shown

Floats = NDArray[np.float64]

BOUND = 3.0
"""Standings beyond ±3 read as ±3: of scores with a long tail the best would else be all that is learned from."""


class BanditSettings(Settings):
    """What is believed of rewards (1 = answered, 0 = passed over) before any is seen.

    reward      0..1, expected of an item of middling score
    standing    how much more is expected of one that stands a standard deviation higher
    spread      > 0, how far either may be out, and how far apart rewards lie by what items are about; a standard deviation
    own         > 0, how far an item's reward lies from what its score and its text let expect; a standard deviation
    noise       > 0, of one answer about the item's reward; a standard deviation
    directions  of what items are about: so many fixed projections of their language vectors
    """

    reward: float = Field(default=0.1, ge=0, le=1)
    standing: float = 0.03
    spread: float = Field(default=0.1, gt=0)
    own: float = Field(default=0.1, gt=0)
    noise: float = Field(default=0.3, gt=0)
    directions: int = Field(default=16, ge=0)

    def begin(
        self, n_items: int, vectors: NDArray[np.float32] | None = None, taken: NDArray[np.integer] | None = None, seed: int = 0
    ) -> "Bandit":
        """The state before any slate was answered.

        vectors  (n_items, dimension) float32, unit length; None = nothing is known of what items are about
        taken    (n_items,), events of each item that the scorer has read: what they tell of it is in its score, so each counts as an answer
                 that agreed with the score; None = all items are new
        seed     of the projections
        cost     O(n_items · dimension · directions)
        """
        dimension, p = (0, 0) if vectors is None else (vectors.shape[1], self.directions)
        drawn = np.random.default_rng(seed).standard_normal((dimension, p)) / np.sqrt(max(p, 1))
        precision = np.eye(2 + p) / self.spread**2
        zeros = np.zeros(n_items)
        begun = Bandit(
            directions=drawn,
            about=np.zeros((n_items, p), np.float32),
            precision=precision,
            pull=precision @ np.array([self.reward, self.standing, *np.zeros(p)]),
            taken=zeros if taken is None else np.asarray(taken, np.float64),
            shows=zeros,
            standings=zeros,
            rewards=zeros,
            own=self.own,
            noise=self.noise,
        )
        return begun if vectors is None else begun.with_vectors(vectors)


@dataclass(frozen=True, eq=False)
class Bandit:
    """Bayesian linear regression of rewards, with an effect of each item's own; a value: `after` gives the next one.

        reward of item i, shown at standing s  =  φ·β + α_i + ε
        φ = [1, s, what i is about],  β ~ N(prior),  α_i ~ N(0, 1 / (1 / own² + taken_i / noise²)),  ε ~ N(0, noise²)

    The posterior is exact. Given β the α_i are independent, so what is kept is the d × d precision of β with all α integrated out, and for
    each item the sums of its places: there is no n_items × n_items matrix. Another place of item i with reward r adds

        x xᵀ / v  to the precision,  x (r − mean of what i earned so far, shrunk) / v  to the pull,   v = noise² + 1 / d_i,
        x = φ − Σ φ of its places / noise² / d_i,   d_i = 1 / own² + (taken_i + its places) / noise²

    **What is learned from.** An event that answers a slate says that the places above it were seen. Each place is taught once: reward 1 if
    it was answered with a weight above 0, else 0. An answer to a place that was taught as passed over makes its reward 1; that moves `pull`
    and the item's rewards alone. An event that answers no slate teaches nothing.

    directions  (dimension, p), projects language vectors
    about       (n_items, p) float32, the projections of the items'. An item beyond these is about nothing, and never shown
    precision   (2 + p, 2 + p), of β
    pull        (2 + p,), precision · mean of β
    taken       (n_items,), events of each that the scorer had read
    shows, standings, rewards  (n_items,), of the places of each item that were taught: how many, sums
    cost        `after` copies three numbers an item, once a call; then O(d²) a place
    source      of the exploration: Thompson, Biometrika 25, 1933; Agrawal & Goyal, ICML 2013

    >>> from bowerbird.types import History, Query
    >>> bandit = BanditSettings().begin(3)
    >>> shown = Shown(np.array([2, 0, 1], np.int32), np.zeros(3, np.float32), np.ones(3))
    >>> told = Happened("ann", Query(History.of([])), item=0, weight=1.0, shown=shown)
    >>> mean, sd = bandit.after([told]).believed(np.arange(3), np.zeros(3))
    >>> mean.round(2).tolist(), sd.round(2).tolist()
    ([0.25, 0.17, 0.15], [0.13, 0.14, 0.13])
    """

    directions: Floats
    about: NDArray[np.float32]
    precision: Floats
    pull: Floats
    taken: Floats
    shows: Floats
    standings: Floats
    rewards: Floats
    own: float
    noise: float
    kind: ClassVar[str] = "bandit"

    def __len__(self) -> int:
        return len(self.shows)

    def after(self, happened: Sequence[Happened]) -> "Bandit":
        """The state once these happened too, in this order. A fold, to the bit: the next place starts from where the one before left."""
        answers = [(event, event.shown) for event in happened if event.shown is not None]
        if not answers:
            return self
        own = self._grown(1 + max(int(shown.items.max(initial=-1)) for _, shown in answers))._copied()
        for event, shown in answers:
            own._told(event, shown)
        return own

    def with_vectors(self, vectors: NDArray[np.float32]) -> "Bandit":
        """The same state over another (n_items, dimension) table: rows may be changed and added, none removed. Items that were shown keep
        what they were about then, since that is what was learned from."""
        grown = self._grown(len(vectors))
        said = (np.nan_to_num(vectors) @ self.directions).astype(np.float32)
        return replace(grown, about=np.where(grown.shows[:, None] == 0, said, grown.about))

    def believed(self, items: NDArray[Any], standings: NDArray[Any]) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the reward of each of these items at its standing: (n,) and (n,), of the exact posterior.

        items      (n,) item numbers, also beyond those known here
        standings  (n,) standard scores in the pool
        cost       O(n · d²)
        """
        known = self._grown(1 + int(items.max(initial=-1)))
        x, d = known._left(items, standings)
        lower, mean = self._solved
        wide = solve_triangular(lower, x.T, lower=True)
        mean_of_each = x @ mean + known.rewards[items] / self.noise**2 / d
        return np.asarray(mean_of_each, np.float64), np.asarray(np.sqrt((wide**2).sum(axis=0) + 1 / d), np.float64)

    @cached_property
    def _solved(self) -> tuple[Floats, Floats]:
        """The lower Cholesky factor of the precision, and the mean of β."""
        lower = np.asarray(np.linalg.cholesky(self.precision), np.float64)
        return lower, np.asarray(cho_solve((lower, True), self.pull), np.float64)

    def _left(self, items: NDArray[Any], standings: NDArray[Any]) -> tuple[Floats, Floats]:
        """(n, d) what φ tells beyond what the item's own places did; (n,) the precision of the item's own effect, given β."""
        phi = np.column_stack((np.ones(len(items)), np.clip(standings, -BOUND, BOUND), self.about[items]))
        shows = self.shows[items]
        d = 1 / self.own**2 + (self.taken[items] + shows) / self.noise**2
        sums = np.column_stack((shows, self.standings[items], shows[:, None] * self.about[items]))
        return phi - sums / self.noise**2 / d[:, None], d

    def _told(self, event: Happened, shown: Shown) -> None:
        """One answer, on a copy of `after`'s own."""
        place = shown.place(event.item)
        if place is None:
            return
        liked = event.weight > 0
        for at in range(shown.seen, place + 1):
            if shown.items[at] >= 0:
                self._teach(int(shown.items[at]), float(shown.standings[at]), float(liked and at == place))
        if place < shown.seen and liked and not (shown.liked is not None and shown.liked[place]):
            self._correct(event.item, float(shown.standings[place]))

    def _teach(self, item: int, standing: float, reward: float) -> None:
        """One more place."""
        x, d = (part[0] for part in self._left(np.array([item]), np.array([standing])))
        v = self.noise**2 + 1 / d
        self.precision[:] += np.outer(x, x) / v
        self.pull[:] += x * ((reward - self.rewards[item] / self.noise**2 / d) / v)
        self.shows[item] += 1
        self.standings[item] += np.clip(standing, -BOUND, BOUND)
        self.rewards[item] += reward

    def _correct(self, item: int, standing: float) -> None:
        """The reward of a place that was taught is 1, and not 0."""
        x, _ = self._left(np.array([item]), np.array([standing]))
        self.pull[:] += x[0] / self.noise**2
        self.rewards[item] += 1

    def _copied(self) -> "Bandit":
        """With sums of its own."""
        precision, pull, shows, standings, rewards = (
            part.copy() for part in (self.precision, self.pull, self.shows, self.standings, self.rewards)
        )
        return replace(self, precision=precision, pull=pull, shows=shows, standings=standings, rewards=rewards)

    def _grown(self, n_items: int) -> "Bandit":
        """Over so many items at least; of those that are added nothing is known."""
        more = n_items - len(self)
        if more <= 0:
            return self
        taken, shows, standings, rewards = (np.pad(part, (0, more)) for part in (self.taken, self.shows, self.standings, self.rewards))
        about = np.pad(self.about, ((0, more), (0, 0)))
        return replace(self, about=about, taken=taken, shows=shows, standings=standings, rewards=rewards)
