"""What do explored places cost, and what do they find? `python benchmarks/exploration.py [--worlds 3] [--days 30] [--slates 60]`.

A shop of 60 known items to which 4 new ones come on each of the first 12 days. How often an item is clicked hangs on how well its text
suits the visitor, which the scorer knows, and on how good it is, which nobody can know before it was shown. The scorer reads quality out
of clicks and views; an item without any it either takes as middling (doubt 1) or, as models of behaviour do, holds its newness against it
(doubt .3: as if it were clicked .3 times as often). Visitors read from the top, go on with 90 % at each place, and may click several
items. Every night the scorer reads the day's clicks and views again, in all arms alike, so what was found is shown at all places from
then on.

Arms, in the same worlds with the same visitors: nothing explored; two of ten places by pure chance among the candidates; the same two by
Thompson sampling. Figures: clicks a slate, by parts of the time; good new items (the best fifth) that were found, that is clicked five
times, and how soon after they came; the price, which is how much likelier the items that the explored places would else have had were to
be clicked than those that they had, in the true chances, a slate. Intervals over worlds, by the bootstrap.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from rich.console import Console
from rich.table import Table

from bowerbird.data import Catalogue
from bowerbird.evaluation.significance import sum_of_ratios
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.ranking import ExploreSettings
from bowerbird.types import Happened, History, Query, Request, Scores, Shown

KNOWN, DAILY, COMING, VISITORS, DIMENSION, K = 60, 4, 12, 200, 16, 10
GOES_ON, FOUND, PAST_VIEWS, SHRINK = 0.9, 5, 200, 2.0
PRICED = 4
"""Every so many-th slate is also made without exploration, to price it."""
NOBODY = Query(History.of([]))
ARMS = {
    "nothing explored": ExploreSettings(),
    "two places, by chance": ExploreSettings(places=(5, 10), reach=50, uniform=1.0),
    "two places, Thompson": ExploreSettings(places=(5, 10), reach=50),
}


@dataclass(frozen=True)
class World:
    """What is so, and only the texts of it known.

    suits  (VISITORS, n_items), log-odds of a click on an item of middling quality
    good   (n_items,), what quality adds
    comes  (n_items,), the day on which an item comes
    """

    texts: np.ndarray
    suits: np.ndarray
    good: np.ndarray
    comes: np.ndarray

    @property
    def clicked(self) -> np.ndarray:
        """(VISITORS, n_items), the chance of a click."""
        return 1 / (1 + np.exp(-self.suits - self.good))


@dataclass
class Shop:
    """What the scorer has read until last night."""

    world: World
    views: np.ndarray
    clicks: np.ndarray
    doubt: float

    def score(self, queries: Sequence[Query]) -> Scores:
        """Log-odds: how the text suits the visitor, and how many more clicks there were than it lets expect."""
        known = np.log((self.clicks + SHRINK * self.doubt) / (self.views + SHRINK))
        return np.stack([self.world.suits[int(query.context["visitor"])] + known for query in queries]).astype(np.float32)


@dataclass
class Seen:
    """What is counted in one arm of one world."""

    clicks: list[int] = field(default_factory=list)
    price: list[float] = field(default_factory=list)
    days: dict[int, int] = field(default_factory=dict)


def main() -> None:
    """One table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--worlds", type=int, default=3)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--slates", type=int, default=60, help="a day")
    parser.add_argument("--doubt", type=float, nargs="+", default=[0.3, 1.0])
    options = parser.parse_args()
    worlds = [made(np.random.default_rng(seed), options.days) for seed in range(options.worlds)]
    for doubt in options.doubt:
        seen = {
            name: [lived(world, explore, doubt, options.days, options.slates, seed) for seed, world in enumerate(worlds)]
            for name, explore in ARMS.items()
        }
        Console(width=160).print(table(seen, worlds, f"doubt {doubt:g}, {len(worlds)} worlds, {options.days} days"))


def made(rng: np.random.Generator, days: int) -> World:
    """A world."""
    n = KNOWN + DAILY * min(COMING, days)
    texts = rng.normal(size=(n, DIMENSION))
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    tastes = rng.normal(size=(VISITORS, DIMENSION))
    tastes /= np.linalg.norm(tastes, axis=1, keepdims=True)
    comes = np.concatenate((np.full(KNOWN, -1), np.repeat(np.arange(min(COMING, days)), DAILY)))
    return World(texts.astype(np.float32), -3 + 2 * tastes @ texts.T, rng.normal(0, 0.8, n), comes)


def lived(world: World, explore: ExploreSettings, doubt: float, days: int, slates: int, seed: int) -> Seen:
    """All days of one arm."""
    rng, seen = np.random.default_rng(seed + 1000), Seen()
    expected = 1 / (1 + np.exp(-world.suits))
    old = world.comes < 0
    views = np.where(old, PAST_VIEWS * expected.mean(axis=0), 0)
    clicks = np.where(old, rng.binomial(PAST_VIEWS, world.clicked.mean(axis=0)), 0).astype(float)
    catalogue = Catalogue.of([f"item {number}" for number in range(len(old))], vectors=world.texts)
    plain = Pipeline(Shop(world, views, clicks, doubt), catalogue, RankingSettings(repeats=True))
    bandit, found = explore.bandit.begin(len(old), world.texts, PAST_VIEWS * old), np.zeros(len(old))
    for day in range(days):
        pipeline = replace(
            plain, scorer=Shop(world, views.copy(), clicks.copy(), doubt), settings=RankingSettings(repeats=True, explore=explore)
        )
        there = world.comes <= day
        for number in range(slates):
            visitor = int(rng.integers(VISITORS))
            luck = rng.random((2, K))
            request = Request(Query(NOBODY.history, context={"visitor": visitor}), K, allowed=there, seed=slates * day + number)
            [slate] = replace(pipeline, bandit=bandit).recommend([request])
            if number % PRICED == 0:
                seen.price.append(price(pipeline, request, slate.items, world.clicked[visitor]))
            seen_to = 1 + int(np.argmin(np.append(luck[0, : K - 1] < GOES_ON, False)))
            liked = np.flatnonzero(luck[1, :seen_to] < world.clicked[visitor, slate.items[:seen_to]])
            shown = Shown(slate.items, slate.standings, slate.propensities)
            for place in liked:
                item = int(slate.items[place])
                bandit = bandit.after([Happened(f"{visitor}", NOBODY, item, 1.0, shown)])
                shown = shown.after(item, 1.0)
            views[slate.items[:seen_to]] += expected[visitor, slate.items[:seen_to]]
            clicks[slate.items[liked]] += 1
            found[slate.items[liked]] += 1
            seen.clicks.append(len(liked))
        for item in np.flatnonzero((found >= FOUND) & ~old):
            seen.days.setdefault(int(item), day - int(world.comes[item]) + 1)
    return seen


def price(pipeline: Pipeline, request: Request, items: np.ndarray, clicked: np.ndarray) -> float:
    """How many more clicks the slate was worth, if all were read, before its places were drawn."""
    if pipeline.exploration is None:
        return 0.0
    [before] = replace(pipeline, settings=RankingSettings(repeats=True)).recommend([request])
    return float(clicked[before.items].sum() - clicked[items].sum())


def table(seen: dict[str, list[Seen]], worlds: list[World], title: str) -> Table:
    """A row an arm."""
    shown = Table(title=title, title_justify="left")
    shown.add_column("")
    for heading in (
        "clicks a slate",
        "first third",
        "last third",
        "more than without",
        "good new items found",
        "days until",
        "price a slate",
    ):
        shown.add_column(heading, justify="right")
    base = np.array([np.mean(arm.clicks) for arm in seen["nothing explored"]])
    for name, arms in seen.items():
        clicks = np.array([arm.clicks for arm in arms], float)
        third = clicks.shape[1] // 3
        good = [best_new(world) for world in worlds]
        hits = [[arm.days[item] for item in items if item in arm.days] for arm, items in zip(arms, good, strict=True)]
        gain = interval(clicks.mean(axis=1) / base - 1) if name != "nothing explored" else "–"
        waits = np.concatenate([np.array(days_, float) for days_ in hits])
        shown.add_row(
            name,
            interval(clicks.mean(axis=1), ".3f"),
            f"{clicks[:, :third].mean():.3f}",
            f"{clicks[:, -third:].mean():.3f}",
            gain,
            f"{sum(map(len, hits))} of {sum(map(len, good))}",
            f"{np.median(waits):.0f}" if len(waits) else "–",
            f"{np.mean([arm.price for arm in arms]):.3f}" if name != "nothing explored" else "–",
        )
    return shown


def best_new(world: World) -> list[int]:
    """The best fifth of the new items."""
    new = np.flatnonzero(world.comes >= 0)
    return new[np.argsort(-world.good[new])[: len(new) // 5]].tolist()


def interval(values: np.ndarray, form: str = ".1%") -> str:
    """Mean and 95 % interval over worlds."""
    said = sum_of_ratios(values[:, None], np.ones((len(values), 1)), np.random.default_rng(0), 1000, 0.95)
    return f"{said.mean:{form}} ({said.low:{form}} … {said.high:{form}})"


if __name__ == "__main__":
    main()
