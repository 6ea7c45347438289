"""How soon is a new taste served? Histories that switch to another person's: `python benchmarks/splice.py --data FOLDER`.

A third of the users are held out of everything that is fitted. Each of them, A, is followed by another of them, B: B's first events are
put behind A's history one by one, and after each the scorer is asked for what B liked later. "Any" B is drawn by chance; a "far" B is
the one of twenty drawn whose categories are least like A's (which the detection never reads).

* "own" is the scorer with B's events alone: the quality without an old taste in the way. Recovery is NDCG@10 as a share of own, after the
  same number of B's events (what the old taste costs), and as a share of own after all of them (what there is to be had).
* "static" knows A alone; "plain" has A and B as they come; "faded" has them after `Fading`.
* "lost" is faded less plain on whole histories of which nothing was spliced, cut at 40 % and 70 %, asked for what came next, with its 95 %
  paired bootstrap interval over users.
* "returns": A, then B, then A goes on for five events, asked for what A liked later. Kept is the share of what A's history without
  the B in it would have.

MovieLens latest-small is the bundled sample; FOLDER adds Amazon Office, where histories are short and B's first three events are asked.
"""

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from bowerbird.adaptation import Breaks, Fading, Watch
from bowerbird.data import Dataset, DataSettings, clean, read, sample_path
from bowerbird.evaluation import paired
from bowerbird.models import Ease, Ials, Recipe, Sequential
from bowerbird.pipeline import best
from bowerbird.protocols import Scorer
from bowerbird.types import History, Log, Query

LINES: tuple[tuple[str, Recipe], ...] = (
    ("EASE, half-life 3", Ease()),
    ("EASE, no decay", Ease(half_life_events=None)),
    ("iALS, half-life 10", Ials()),
    ("iALS, no decay", Ials(half_life_events=None)),
    ("sequential", Sequential(max_items=4000)),
)
Change = Callable[[History], History]


@dataclass(frozen=True)
class World:
    """A data set, and how much of a history is used.

    old    A's newest events that are used, at most
    new    B's events that are spliced; what B liked after them is asked for
    steps  after how many of B's events it is asked
    """

    name: str
    data: Dataset
    old: int
    new: int
    steps: tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A's history, B's first events, what is asked for, and what must not be shown."""

    user: int
    old: History
    new: History
    targets: np.ndarray
    taken: np.ndarray


def main() -> None:
    """Fit, splice, ask, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("BOWERBIRD_DATA"), help="folder that holds the data sets")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--alarm", type=float, default=Fading().alarm)
    parser.add_argument("--fade", type=float, default=Fading().fade)
    chosen = parser.parse_args()
    with threadpool_limits(1):
        for world in worlds(Path(chosen.data) if chosen.data else None):
            measured(world, Fading(alarm=chosen.alarm, fade=chosen.fade), chosen.seed)


def worlds(root: Path | None) -> Iterator[World]:
    """What is there."""
    films = DataSettings(format="movielens")
    yield World("MovieLens latest-small", clean(read(sample_path(), None, films), films), 100, 20, (1, 2, 3, 5, 10, 20))
    folder = root and next((at for at in (root, root / "amazon-office") if (at / "events.csv").is_file()), None)
    if folder is None:
        print(f"skipped amazon-office: events.csv is not in {root}; give its folder with --data or BOWERBIRD_DATA")
        return
    shop = DataSettings(default_kind="purchase", context=("split",))
    yield World("Amazon Office", clean(read(folder / "events.csv", folder / "items.jsonl", shop), shop), 100, 3, (1, 2, 3))


def measured(world: World, fading: Fading, seed: int) -> None:
    """The tables of one data set."""
    log, rng = world.data.log, np.random.default_rng(seed)
    held = np.sort(rng.permutation(log.n_users)[: log.n_users // 3])
    train = log.where(~np.isin(log.users, held))
    watch = Breaks().fit(train, np.random.default_rng(seed))
    asked = [int(user) for user in held if log.starts[user + 1] - log.starts[user] >= 2 * world.new]
    splices = {mode: spliced(world, partners(world, asked, far=mode == "far", rng=rng)) for mode in ("any", "far")}
    whole = [case for share in (0.4, 0.7) for case in unspliced(log, asked, share)]
    changes: dict[str, Change] = {"plain": lambda history: history, "faded": lambda history: fading(history, watch)}
    title = f"{world.name}; data {world.data.fingerprint}; {len(asked)} held-out users; seed {seed}; {fading!r}"
    print(title)
    print(found(splices, whole, fading, watch, world.steps))
    table = Table(title=f"NDCG@10 after n events of B; {world.name}", title_justify="left")
    for heading in ("model", "B", "line", *map(str, world.steps), "90 % of own after n", "90 % of own after all", "lost", "returns, kept"):
        table.add_column(heading, justify="left" if heading in ("model", "B", "line") else "right")
    for name, recipe in LINES:
        scorer = recipe.fit(train, world.data.catalogue, np.random.default_rng(seed))
        losses = lost(scorer, whole, changes["faded"], seed)
        for mode, cases in splices.items():
            for line in lines(scorer, cases, changes, world.steps):
                is_faded = mode == "any" and line[0] == "faded"
                kept = returned(scorer, cases, world, changes.get(line[0]))
                table.add_row(name, mode, *line, losses if is_faded else "", kept)
        print(name, "done", flush=True)
    Console(width=210).print(table)


def partners(world: World, asked: Sequence[int], *, far: bool, rng: np.random.Generator) -> list[tuple[int, int]]:
    """For each user another: any, or of twenty the one whose categories are least alike."""
    log, tables = world.data.log, world.data.catalogue.category_matrix
    profiles = np.stack([np.asarray(tables[log.history(user).items].sum(axis=0), np.float64).ravel() for user in asked])
    profiles /= np.maximum(profiles.sum(axis=1, keepdims=True), 1e-9)
    profiles -= profiles.mean(axis=0)
    profiles /= np.maximum(np.linalg.norm(profiles, axis=1, keepdims=True), 1e-9)
    pairs = []
    for place, user in enumerate(asked):
        others = rng.choice(np.delete(np.arange(len(asked)), place), min(20, len(asked) - 1), replace=False)
        chosen = others[np.argmin(profiles[others] @ profiles[place])] if far else others[0]
        pairs.append((user, asked[int(chosen)]))
    return pairs


def spliced(world: World, pairs: list[tuple[int, int]]) -> list[Case]:
    """B's first events behind A's history; without those whose B liked nothing later that is not taken by then."""
    cases = []
    for a, b in pairs:
        log, old, new = world.data.log, world.data.log.history(a).last(world.old), world.data.log.history(b)
        first, rest = new.take(np.arange(world.new)), new.take(np.arange(world.new, len(new)))
        taken = np.concatenate((log.history(a).items, first.items))
        targets = np.setdiff1d(rest.items[rest.weights > 0], taken)
        if len(targets):
            cases.append(Case(a, old, first, targets, taken))
    return cases


def unspliced(log: Log, users: Sequence[int], share: float) -> list[Case]:
    """Each user's first events, and what they liked later."""
    cases = []
    for user in users:
        history = log.history(user)
        cut = max(int(share * len(history)), 1)
        past, rest = history.take(np.arange(cut)), history.take(np.arange(cut, len(history)))
        targets = np.setdiff1d(rest.items[rest.weights > 0], past.items)
        if len(targets):
            cases.append(Case(user, past, History.of([]), targets, past.items))
    return cases


def joined(*histories: History) -> History:
    """One after the other; without clocks, since A's and B's are not one."""
    items, weights = (np.concatenate([getattr(history, name) for history in histories]) for name in ("items", "weights"))
    return History.of(items, weights)


def asked_for(scorer: Scorer, histories: Sequence[History], cases: Sequence[Case]) -> np.ndarray:
    """NDCG@10 of each, over the full catalogue, without what was taken; nothing shown, nothing hit."""
    gains = 1 / np.log2(np.arange(2, 12))
    values = []
    for start in range(0, len(cases), 256):
        scores = scorer.score([Query(history) for history in histories[start : start + 256]])
        for row, case in zip(scores, cases[start : start + 256], strict=True):
            row[case.taken] = np.nan
            shown = best(row, 10).items
            hits = np.isin(shown, case.targets)
            values.append(float(hits @ gains[: len(shown)] / gains[: min(10, len(case.targets))].sum()))
    return np.array(values)


def lines(scorer: Scorer, cases: list[Case], changes: dict[str, Change], steps: tuple[int, ...]) -> Iterator[list[str]]:
    """own, static, plain, faded: a figure a step, and when 90 % is reached."""
    own = [asked_for(scorer, [case.new.take(np.arange(n)) for case in cases], cases).mean() for n in steps]
    yield ["own", *(f"{value:.4f}" for value in own), "", ""]
    static = asked_for(scorer, [case.old for case in cases], cases).mean()
    yield ["static", *[f"{static:.4f}"] * len(steps), *reached([static] * len(steps), own, steps)]
    for name, change in changes.items():
        values = [asked_for(scorer, [change(joined(case.old, case.new.take(np.arange(n)))) for case in cases], cases).mean() for n in steps]
        yield [name, *(f"{value:.4f}" for value in values), *reached(values, own, steps)]


def reached(values: Sequence[float], own: Sequence[float], steps: tuple[int, ...]) -> list[str]:
    """The first step from which on the share stays at 90 % or above: of own at the same step, and of own at the last."""
    found = []
    for wanted in (np.array(own), np.full(len(steps), own[-1])):
        good = np.array(values) >= 0.9 * wanted
        since = len(steps) - int(np.argmin(good[::-1])) if not good.all() else 0
        found.append(str(steps[since]) if since < len(steps) else "–")
    return found


def lost(scorer: Scorer, whole: list[Case], change: Change, seed: int) -> str:
    """Faded less plain on histories that were not spliced, a user's cuts averaged."""
    plain = asked_for(scorer, [case.old for case in whole], whole)
    faded = asked_for(scorer, [change(case.old) for case in whole], whole)
    users, place = np.unique([case.user for case in whole], return_inverse=True)
    counts = np.bincount(place)
    gap = paired(np.bincount(place, faded) / counts, np.bincount(place, plain) / counts, np.random.default_rng(seed))
    return f"{gap.mean:+.4f} ({gap.low:+.4f} … {gap.high:+.4f})" if len(users) else ""


def returned(scorer: Scorer, cases: list[Case], world: World, change: Change | None) -> str:
    """A, then B, then A again: the quality for A's later items as a share of that of A's history without the B."""
    if change is None:
        return ""
    here, back = [], min(5, world.new)
    for case in cases:
        history = world.data.log.history(case.user)
        cut = len(history) // 2
        before, again = history.take(np.arange(cut)).last(world.old), history.take(np.arange(cut, min(cut + back, len(history))))
        rest = history.take(np.arange(min(cut + back, len(history)), len(history)))
        taken = np.concatenate((history.items[: cut + back], case.new.items))
        targets = np.setdiff1d(rest.items[rest.weights > 0], taken)
        if len(targets):
            here.append((before, again, Case(case.user, before, case.new, targets, taken)))
    asked = [case for _, _, case in here]
    undisturbed = asked_for(scorer, [joined(before, again) for before, again, _ in here], asked).mean()
    disturbed = asked_for(scorer, [change(joined(before, case.new, again)) for before, again, case in here], asked).mean()
    return f"{disturbed / undisturbed:.0%}" if undisturbed else ""


def found(splices: dict[str, list[Case]], whole: list[Case], fading: Fading, watch: Watch, steps: tuple[int, ...]) -> str:
    """In how many histories a break is seen."""

    def share(histories: Sequence[History]) -> str:
        return f"{np.mean([watch.find(history, fading.alarm) is not None for history in histories]):.0%}"

    seen = [
        f"{mode} B: " + ", ".join(f"{share([joined(case.old, case.new.take(np.arange(n))) for case in cases])} after {n}" for n in steps)
        for mode, cases in splices.items()
    ]
    return f"Break seen in {share([case.old for case in whole])} of unspliced histories; {'; '.join(seen)}"


if __name__ == "__main__":
    main()
