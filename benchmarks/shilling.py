"""What does it buy to push an item with fake users? `python benchmarks/shilling.py`, a few minutes.

MovieLens latest-small, items with at least 5 events. An item of the lower half by popularity is pushed, and each model is fitted on the
log with the attack in it; `trend` is told of it live, as an engine tells (at most 20 of 1000 lessons a user). Attacks, all within the
log's last hour:

flood      one user, 1000 likes of the item, five seconds apart
push       fake users who like the item and nothing else
average    fake users who like the item and 20 others, drawn by chance
bandwagon  fake users who like the item and the 20 most popular others

Two figures, medians over the items that are pushed: the item's place among all that an honest user could be shown (the median user's),
before and after; and the share of honest users who have it among their first ten.

The last table is for exploration: how likely the item is to be drawn for a place for which it stands with the 19 best of the others,
before and after fake users answered slates that it was in.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from bowerbird.adaptation import BanditSettings, LiveSettings
from bowerbird.data import Catalogue, DataSettings, clean, read, sample_path
from bowerbird.live import Room
from bowerbird.models import Blend, Ease, Ials, Popular, Recipe, Trend
from bowerbird.protocols import Scorer
from bowerbird.ranking.winning import winning
from bowerbird.types import Happened, History, Log, Query, Shown

FILLERS, HOUR = 20, 3600.0
FLOOD = 1000
BLEND = Blend(members=(Popular(), Popular(half_life_days=365), Ease(), Ials()))


@dataclass(frozen=True)
class World:
    """The honest log, whom to ask for, and what is popular in it."""

    log: Log
    catalogue: Catalogue
    asked: list[Query]
    by_likes: NDArray[np.intp]

    @staticmethod
    def sample(users: int, rng: np.random.Generator) -> "World":
        settings = DataSettings(format="movielens", k_core=5)
        data = clean(read(sample_path(), None, settings), settings)
        end = float(data.log.times.max()) + HOUR
        some = rng.choice(data.log.n_users, min(users, data.log.n_users), replace=False)
        likes = np.bincount(data.log.items[data.log.weights > 0], minlength=len(data.catalogue))
        return World(data.log, data.catalogue, [Query(data.log.history(user), end) for user in some], np.argsort(-likes, kind="stable"))

    def targets(self, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Items of the lower half that somebody likes."""
        liked = np.flatnonzero(np.bincount(self.log.items[self.log.weights > 0], minlength=len(self.catalogue)))
        lower = np.intersect1d(self.by_likes[len(self.by_likes) // 2 :], liked)
        return rng.choice(lower, n, replace=False)


@dataclass(frozen=True)
class Attack:
    """Fake users, and what each of them likes, in order."""

    name: str
    likes: tuple[NDArray[np.int32], ...]


Way = Callable[[World, Attack], Scorer]
"""From an attack to the model that knows of it."""


def among(fillers: NDArray[np.intp], target: int) -> NDArray[np.int32]:
    """The item in the midst of others: by then its user is no newcomer, and not the 20 lessons ahead that one user may teach."""
    return np.insert(fillers, len(fillers) * 3 // 4, target).astype(np.int32)


def attacks(world: World, target: int, shares: Sequence[float], rng: np.random.Generator) -> Iterator[Attack]:
    """All of them on one item."""
    yield Attack("flood, 1 user", (np.full(FLOOD, target, np.int32),))
    popular = world.by_likes[world.by_likes != target][:FILLERS]
    for share in shares:
        n = round(share * world.log.n_users)
        by_chance = tuple(among(rng.choice(len(world.catalogue), FILLERS, replace=False), target) for _ in range(n))
        yield Attack(f"push, {n} users", (np.array([target], np.int32),) * n)
        yield Attack(f"average, {n} users", by_chance)
        yield Attack(f"bandwagon, {n} users", (among(popular, target),) * n)


def attacked(world: World, attack: Attack) -> Log:
    """The log with the fake users in it, behind the honest ones."""
    log, start = world.log, float(world.log.times.max())
    items = np.concatenate(attack.likes)
    users = np.repeat(np.arange(len(attack.likes)), [len(likes) for likes in attack.likes]) + log.n_users
    times = start + HOUR * np.arange(len(items)) / len(items)
    kinds = np.concatenate((log.kinds, np.ones(len(items), np.uint8))) if len(log.kinds) else log.kinds
    return replace(
        log,
        users=np.concatenate((log.users, users)).astype(np.int32),
        items=np.concatenate((log.items, items)).astype(np.int32),
        weights=np.concatenate((log.weights, np.ones(len(items)))).astype(np.float32),
        times=np.concatenate((log.times, times)),
        kinds=kinds,
        n_users=log.n_users + len(attack.likes),
        context=None,
    )


def told_live(recipe: Trend, world: World, attack: Attack) -> Scorer:
    """The trend of the honest log, told of the attack as an engine tells it."""
    model = recipe.fit(world.log, world.catalogue, np.random.default_rng(0))
    room, start, total = Room(LiveSettings()), float(world.log.times.max()), sum(map(len, attack.likes))
    at, told = 0, []
    for user, likes in enumerate(attack.likes):
        for n, item in enumerate(likes.tolist()):
            time = start + HOUR * at / total
            past = History.of(likes[:n], times=np.linspace(start, time, n)) if n else History.of([])
            if room.take(f"fake {user}"):
                told.append(Happened(f"fake {user}", Query(past, time), item, 1.0))
            at += 1
    return model.after(told)


def fitted(recipe: Recipe, world: World, attack: Attack) -> Scorer:
    return recipe.fit(attacked(world, attack), world.catalogue, np.random.default_rng(0))


def places(model: Scorer, world: World, target: int) -> NDArray[np.float64]:
    """(n_asked,) the item's place for each honest user among what they have not taken; a tie counts as lost."""
    scores = np.array(model.score(world.asked), np.float64)
    mine = scores[:, target].copy()
    for row, query in zip(scores, world.asked, strict=True):
        row[query.history.items] = np.nan
    scores[:, target] = np.nan
    better = np.where(np.isnan(mine), scores.shape[1], (scores >= mine[:, None]).sum(axis=1))
    return 1.0 + better


def measured(
    world: World, targets: Sequence[int], way: Callable[[World, Attack], Scorer], shares: Sequence[float]
) -> dict[str, list[float]]:
    """For each attack: place before and after, share of first tens before and after."""
    figures: dict[str, list[list[float]]] = {}
    for target in targets:
        before = places(way(world, Attack("none", (np.array([world.by_likes[0]], np.int32),))), world, target)
        for attack in attacks(world, target, shares, np.random.default_rng(target)):
            after = places(way(world, attack), world, target)
            row = [np.median(before), np.median(after), 100 * np.mean(before <= 10), 100 * np.mean(after <= 10)]
            figures.setdefault(attack.name, []).append([float(value) for value in row])
    return {name: np.median(rows, axis=0).tolist() for name, rows in figures.items()}


def explored(world: World, target: int, answers: Sequence[int]) -> list[tuple[int, float]]:
    """(answers, chance of the item at a place), where the others are the 19 best liked."""
    taken = np.bincount(world.log.items, minlength=len(world.catalogue))
    stand = np.append(world.by_likes[world.by_likes != target][:19], target).astype(np.int32)
    standings = np.append(np.full(19, 2.0), 0.0)
    rows = []
    for n in answers:
        bandit, room = BanditSettings().begin(len(world.catalogue), None, taken), Room(LiveSettings())
        shown = Shown(np.array([target], np.int32), np.zeros(1, np.float32), np.ones(1))
        told = [Happened(f"fake {one}", Query(History.of([])), target, 1.0, shown) for one in range(n) if room.take(f"fake {one}")]
        mean, deviation = (bandit.after(told) if told else bandit).believed(stand, standings)
        rows.append((n, float(winning(mean, deviation)[-1])))
    return rows


def main() -> None:
    """Attack, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--targets", type=int, default=20, help="items that are pushed, one after the other, where a fit is quick")
    parser.add_argument("--slow-targets", type=int, default=3, help="the same for EASE and the blend")
    parser.add_argument("--users", type=int, default=100, help="honest users who are asked for")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.01, 0.05], help="fake users, as a share of the honest ones")
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    world = World.sample(chosen.users, rng)
    targets, console = world.targets(max(chosen.targets, chosen.slow_targets, 1), rng).tolist(), Console(width=130)
    quick: dict[str, Way] = {
        "popular, events counted": lambda w, a: fitted(Popular(share=FLOOD), w, a),
        "popular": lambda w, a: fitted(Popular(), w, a),
        "popular, 7 days old": lambda w, a: fitted(Popular(mature_days=7), w, a),
        "popular, mature 10": lambda w, a: fitted(Popular(mature=10), w, a),
        "trend, live": lambda w, a: told_live(Trend(half_life_days=30), w, a),
        "trend, live, 7 days old": lambda w, a: told_live(Trend(half_life_days=30, mature_days=7), w, a),
        "trend, live, mature 10": lambda w, a: told_live(Trend(half_life_days=30, mature=10), w, a),
    }
    slow: dict[str, Way] = {
        "EASE": lambda w, a: fitted(Ease(), w, a),
        "blend": lambda w, a: fitted(BLEND, w, a),
    }
    pushed = f"{chosen.targets} items pushed ({chosen.slow_targets} for EASE and the blend)"
    title = f"{len(world.catalogue)} items, {world.log.n_users} honest users; {pushed}"
    table = Table(title=title, title_justify="left")
    for heading in ("model", "attack", "place before", "after", "% of first tens before", "after"):
        table.add_column(heading, justify="left" if heading in ("model", "attack") else "right")
    with threadpool_limits(1):
        for some, ways in ((targets[: chosen.targets], quick), (targets[: chosen.slow_targets], slow)):
            for name, way in ways.items():
                for attack, row in measured(world, some, way, chosen.shares).items():
                    table.add_row(name, attack, *(f"{value:.0f}" for value in row[:2]), *(f"{value:.1f}" for value in row[2:]))
                table.add_section()
        console.print(table)
        drawn = Table(title="Exploration: chance of the item at a place, by answers of fake users", title_justify="left")
        for heading in ("answers", "chance"):
            drawn.add_column(heading, justify="right")
        for n, chance in explored(world, targets[0], (0, 1, 3, 10, 30)):
            drawn.add_row(str(n), f"{chance:.3f}")
        console.print(drawn)


if __name__ == "__main__":
    main()
