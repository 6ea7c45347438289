"""Exploration: some places of a slate are drawn, so that new and uncertain items are shown at all, and it is known how likely each was."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from bowerbird.adaptation import Bandit, BanditSettings
from bowerbird.config import Settings, refuse_idle
from bowerbird.errors import DataError
from bowerbird.ranking.rulebook import Rulebook
from bowerbird.ranking.winning import winning
from bowerbird.types import Query, Slate

OPTIMISM = 2.0
"""Standard deviations above the mean by which items are elected."""

Choose = Callable[[int, NDArray[np.int32], NDArray[np.float64]], int | None]
"""A place, the items that stand for it, how likely each is to get it → which of them does; None = none of them."""


class ExploreSettings(Settings):
    """Which places of a slate are drawn, and from what.

    places      from 1: the budget. () = nothing is drawn
    candidates  so many items stand for each place: the one that has it, and of the `reach` best-scored that the slate lacks those whose
                reward may be highest (mean + 2 standard deviations). What was shown little is uncertain, so it is among them soon
    reach       how far down the scores items are looked for; one that the scorer cannot score is never shown
    uniform     0..1, the share of draws in which all candidates are alike, so that no propensity is below uniform / candidates
    bandit      what is believed of rewards to begin with
    """

    places: tuple[int, ...] = ()
    candidates: int = Field(default=20, ge=2)
    reach: int = Field(default=200, ge=1)
    uniform: float = Field(default=0.05, ge=0, le=1)
    bandit: BanditSettings = BanditSettings()

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if min(self.places, default=1) < 1 or len(set(self.places)) < len(self.places):
            raise ValueError(f"places must be 1 or more, and none twice, got {list(self.places)}")
        on = bool(self.places)
        refuse_idle(self, "no places to explore", candidates=on, reach=on, uniform=on, bandit=on)
        return self


@dataclass(frozen=True, eq=False)
class Exploration:
    """Draw the items of some places by Thompson sampling: each candidate as often as its reward may be the highest.

    For each place, from the top: every candidate's reward is taken as normal, with the mean and standard deviation of the bandit's
    posterior, independent of the others'; the probability of each candidate is that of the highest draw (`winning`), by quadrature and
    not by simulation, so the propensities are exact. The item that is drawn takes the place; the one that had it is not shown further
    down. Only items that keep the rules stand for election, so a slate that kept to them still does.

    bandit    what is known of rewards; the state at the moment of asking
    rules     what the slate keeps to; None = nothing
    cost      O(reach · d²), and about half a millisecond for each place with 20 candidates
    source    Thompson, Biometrika 25, 1933
    """

    settings: ExploreSettings
    bandit: Bandit
    rules: Rulebook | None = None

    def __call__(self, slate: Slate, offered: Slate, query: Query, k: int, rng: np.random.Generator) -> Slate:
        """The slate with its places drawn, its propensities told.

        slate    with standings, in the order in which it would be shown
        offered  with standings: the best-scored items, `reach` of them; those of the slate may be among them
        k        how many items were asked for
        """

        def draw(place: int, items: NDArray[np.int32], chances: NDArray[np.float64]) -> int:  # noqa: ARG001
            return int(rng.choice(len(items), p=chances))

        return self._filled(slate, offered, query, k, draw)[0]

    def chances(self, slate: Slate, offered: Slate, query: Query, k: int, shown: NDArray[np.int32]) -> NDArray[np.float64]:
        """(len(shown),): how likely each of the items that were shown was to stand at its place, given those above it; 0 also below the
        first that could not have been there."""

        def follow(place: int, items: NDArray[np.int32], chances: NDArray[np.float64]) -> int | None:  # noqa: ARG001
            same = items == shown[place] if place < len(shown) else np.zeros(1, bool)
            return int(np.argmax(same)) if same.any() else None

        would, through = self._filled(slate, offered, query, k, follow)
        n = min(len(would), len(shown), through)
        same = np.cumprod(would.items[:n] == shown[:n]).astype(bool)
        chances = np.zeros(len(shown))
        assert would.propensities is not None
        chances[:n] = np.where(same, would.propensities[:n], 0.0)
        return chances

    def _filled(self, slate: Slate, offered: Slate, query: Query, k: int, choose: Choose) -> tuple[Slate, int]:
        """The slate with its places filled as `choose` says, and how many places from the top were; it ends where that says none."""
        if slate.standings is None or offered.standings is None:
            raise DataError("exploration: the slate and the items offered must have standings, got none")
        all_ = Slate(np.concatenate((slate.items, offered.items)), np.concatenate((slate.scores, offered.scores)))
        standings = np.concatenate((slate.standings, offered.standings))
        mean, deviation = self.bandit.believed(all_.items, standings)
        at, chance = np.arange(len(slate)), np.ones(len(slate))
        for place in sorted(place - 1 for place in self.settings.places if place <= len(slate)):
            stand = self._elected(all_, at, place, mean + OPTIMISM * deviation, query, k)
            wins = winning(mean[stand], deviation[stand])
            chances = (1 - self.settings.uniform) * wins + self.settings.uniform / len(stand)
            chosen = choose(place, all_.items[stand], chances)
            if chosen is None:
                return replace(all_.take(at), propensities=chance), place
            at[place], chance[place] = stand[chosen], chances[chosen]
        return replace(all_.take(at), standings=standings[at], propensities=chance), len(slate)

    def _elected(self, all_: Slate, at: NDArray[np.intp], place: int, hope: NDArray[np.float64], query: Query, k: int) -> NDArray[np.intp]:
        """Who stands for a place, as positions in `all_`: the item that has it, then those that promise most, ties to the better score."""
        n = len(at)
        others = np.flatnonzero(~np.isin(all_.items, all_.items[at]))
        others = others[others >= n]
        if self.rules is not None:
            others = others[self.rules.lets_in(all_.take(at), place, all_.take(others), query, k)]
        best = np.argsort(-hope[others], kind="stable")[: self.settings.candidates - 1]
        return np.concatenate((at[[place]], others[best]))
