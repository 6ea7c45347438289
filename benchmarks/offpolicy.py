"""How far are off-policy estimates from the truth? `python benchmarks/offpolicy.py [--data FOLDER] [--repeats 200]`.

1. A world whose values are known exactly: 30 contexts, 10 actions, rewards 0 or 1. One policy logs 1000 decisions, and two others are
   evaluated, one near to it and one far. Over repeated logs: bias, with its standard error; RMSE; effective sample size; what the limit
   took; how often the 95 % intervals hold the true value. The regression is cross-fitted on each log, and cannot be right: the log-odds of
   a reward are not linear in the features.
2. Slates of three out of six items, 1000 a log, read from the top until the first click. The true value is a sum over all 120 slates.
3. Open Bandit Dataset (ZOZO, https://research.zozo.com/data.html; the sample of 10 000 decisions of each policy and campaign that comes
   with Open Bandit Pipeline), `obd/random/men/men.csv` … in FOLDER. Clicks under `bts` from the logs of `random`, and the reverse, beside
   what the policy earned itself. bts learned through the week, so it is taken as its mean: the share of each item at each position in its
   log. The regression knows the position and the features of the user; its l2 of 100 was not tuned.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from bowerbird.evaluation import intervals
from bowerbird.evaluation.offpolicy import (
    Clip,
    Decisions,
    Direct,
    DoublyRobust,
    Estimate,
    Ips,
    LoggedSlates,
    RewardRegression,
    Shrink,
    SlateIps,
    Snips,
    Switch,
    estimate,
    foretold,
)

SEED, CONTEXTS, ACTIONS, FEATURES, N, RESAMPLES = 0, 30, 10, 5, 1000, 200
ITEMS, LENGTH = 6, 3
ESTIMATORS = {
    "IPS": Ips(),
    "IPS, clipped at 10": Ips(Clip(10.0)),
    "SNIPS": Snips(),
    "SNIPS, clipped at 10": Snips(Clip(10.0)),
    "direct": Direct(),
    "doubly robust": DoublyRobust(),
    "doubly robust, clipped at 10": DoublyRobust(Clip(10.0)),
    "doubly robust, normalised": DoublyRobust(normalised=True),
    "doubly robust, shrunk by 100": DoublyRobust(Shrink(100.0)),
    "doubly robust, switched above 10": DoublyRobust(Switch(10.0)),
}


@dataclass(frozen=True)
class World:
    """Contexts that come up equally often.

    features  (CONTEXTS, FEATURES)
    earns     (CONTEXTS, ACTIONS), the chance of a reward
    logs      (CONTEXTS, ACTIONS), the policy that logs
    targets   the policies that are evaluated
    """

    features: np.ndarray
    earns: np.ndarray
    logs: np.ndarray
    targets: dict[str, np.ndarray]


def main() -> None:
    """Three tables, or two and a sentence."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("BOWERBIRD_DATA", ""), help="folder that holds the data sets")
    parser.add_argument("--repeats", type=int, default=200, help="logs that are drawn of each simulated world")
    given = parser.parse_args()
    console = Console(width=150)
    with threadpool_limits(1):
        for table in simulated(given.repeats):
            console.print(table)
        console.print(slates(given.repeats))
        for table in open_bandit(Path(given.data) / "obd"):
            console.print(table)


def world() -> World:
    """The target policies lean to what earns, the near one mildly; the logging one to something else."""
    rng = np.random.default_rng(SEED)
    features = rng.normal(size=(CONTEXTS, FEATURES))
    scores = features @ rng.normal(0, 0.4, (FEATURES, ACTIONS)) + rng.normal(0, 0.5, ACTIONS)
    earns = 1 / (1 + np.exp(1.5 - scores - 0.6 * np.sin(3 * features[:, [0]]) * rng.normal(size=ACTIONS)))
    taste = rng.normal(0, 1, (CONTEXTS, ACTIONS))
    targets = {"near": softmax(0.7 * taste + scores), "far": softmax(2.5 * scores - taste)}
    return World(features, earns, softmax(taste), targets)


def simulated(repeats: int) -> Iterator[Table]:
    """Known values against estimates, one table a target."""
    place, rng = world(), np.random.default_rng(SEED)
    found: dict[str, dict[str, list[Estimate]]] = {target: {name: [] for name in ESTIMATORS} for target in place.targets}
    for _ in range(repeats):
        contexts = rng.integers(CONTEXTS, size=N)
        actions = drawn(place.logs[contexts], rng)
        rewards = (rng.random(N) < place.earns[contexts, actions]).astype(float)
        logged = Decisions(actions, rewards, place.logs[contexts, actions], ACTIONS)
        logged = foretold(logged, place.features[contexts], rng)
        for target, policy in place.targets.items():
            for name, estimator in ESTIMATORS.items():
                found[target][name].append(estimate(estimator.terms(logged, policy[contexts]), rng, RESAMPLES))
    for target, policy in place.targets.items():
        value = float((policy * place.earns).sum(axis=1).mean())
        largest = float((policy / place.logs).max())
        title = f"Simulated, target {target}: true value {value:.4f}, largest importance {largest:.0f}; {repeats} logs of {N}; seed {SEED}"
        yield judged(title, value, found[target])


def slates(repeats: int) -> Table:
    """A reader from the top, who leaves with the first click."""
    rng = np.random.default_rng(SEED)
    logs, wants = rng.normal(size=ITEMS), rng.normal(size=ITEMS)
    orders = np.array(list(permutations(range(ITEMS), LENGTH)))
    chance = {"logs": above(orders, logs), "wants": above(orders, wants)}
    alone = {name: marginal(orders, given.prod(axis=1)) for name, given in chance.items()}
    likes = rng.uniform(0.05, 0.8, ITEMS)[orders]  # (n_orders, LENGTH)
    seen = np.cumprod(np.hstack([np.ones((len(orders), 1)), 1 - likes[:, :-1]]), axis=1)
    clicks = likes * seen
    value = float(chance["wants"].prod(axis=1) @ clicks.sum(axis=1))
    estimators = {
        "all positions interact": SlateIps("all"),
        "all, clipped at 10": SlateIps("all", Clip(10.0)),
        "all, normalised": SlateIps("all", normalised=True),
        "with what stands above": SlateIps("above"),
        "above, normalised": SlateIps("above", normalised=True),
        "none (not true here)": SlateIps("none"),
        "none, normalised": SlateIps("none", normalised=True),
    }
    found: dict[str, list[Estimate]] = {name: [] for name in estimators}
    for _ in range(repeats):
        shown = rng.choice(len(orders), N, p=chance["logs"].prod(axis=1))
        reading = np.ones(N, bool)
        rewards = np.zeros((N, LENGTH))
        for position in range(LENGTH):
            rewards[:, position] = reading & (rng.random(N) < likes[shown, position])
            reading &= rewards[:, position] == 0
        for name, estimator in estimators.items():
            of = alone if estimator.interaction == "none" else chance
            terms = estimator.terms(LoggedSlates(rewards, of["logs"][shown]), of["wants"][shown])
            found[name].append(estimate(terms, rng, RESAMPLES))
    return judged(f"Simulated slates: true value {value:.4f}; {repeats} logs of {N} slates; seed {SEED}", value, found)


def judged(title: str, value: float, found: dict[str, list[Estimate]]) -> Table:
    """How the estimates lie around the value."""
    table = Table(title=title, title_justify="left")
    for heading in ("estimator", "bias ± s.e.", "RMSE", "effective", "clipped", "bootstrap holds", "normal holds"):
        table.add_column(heading, justify="left" if heading == "estimator" else "right")
    for name, estimates in found.items():
        errors = np.array([one.value for one in estimates]) - value
        spread = errors.std(ddof=1) / np.sqrt(len(errors))
        held = [
            f"{np.mean([interval.low <= value <= interval.high for interval in kind]):.1%}"
            for kind in ([one.bootstrap for one in estimates], [one.normal for one in estimates])
        ]
        rmse = f"{np.sqrt((errors**2).mean()):.4f}"
        sizes = np.mean([one.effective for one in estimates]), np.mean([one.clipped for one in estimates])
        table.add_row(name, f"{errors.mean():+.4f} ± {spread:.4f}", rmse, *shares(*sizes), *held)
    return table


def open_bandit(folder: Path) -> Iterator[Table]:
    """Each campaign, both ways."""
    if not folder.is_dir():
        print(f"skipped Open Bandit Dataset: {folder} is not there; give the folder that holds obd with --data or BOWERBIRD_DATA")
        return
    for campaign in ("all", "men", "women"):
        logs = {policy: pl.read_csv(folder / policy / campaign / f"{campaign}.csv") for policy in ("random", "bts")}
        n_items = 1 + max(log["item_id"].max() for log in logs.values())
        shares_of = {"random": np.full((3, n_items), 1 / n_items), "bts": mean_policy(logs["bts"], n_items)}
        for logging, target in (("random", "bts"), ("bts", "random")):
            yield one_way(campaign, logs, logging, target, shares_of[target])


def one_way(campaign: str, logs: dict[str, pl.DataFrame], logging: str, target: str, policy: np.ndarray) -> Table:
    """The target from the log of the other, with what it earned in its own first."""
    rng = np.random.default_rng(SEED)
    log = logs[logging]
    positions = log["position"].to_numpy() - 1
    logged = Decisions(
        log["item_id"].to_numpy(), log["click"].to_numpy().astype(float), log["propensity_score"].to_numpy(), policy.shape[1]
    )
    context = log.select(pl.col("position").cast(pl.String), pl.col("^user_feature_.*$")).to_dummies()
    logged = foretold(logged, context.to_numpy().astype(float), rng, RewardRegression(l2=100.0))
    own = intervals(logs[target]["click"].to_numpy().astype(float)[:, None], rng)[0]
    mean = estimate(Ips().terms(logged, policy[positions]), rng).mean
    title = f"Open Bandit, {campaign}: clicks a decision under {target} from {len(log)} decisions of {logging}; mean importance {mean:.3f}"
    table = Table(title=title, title_justify="left")
    for heading in ("estimator", "clicks, %", "bootstrap, 95 %", "normal, 95 %", "effective", "clipped"):
        table.add_column(heading, justify="left" if heading == "estimator" else "right")
    clicks = int(logs[target]["click"].sum())
    table.add_row(
        f"{target}, its own {clicks} clicks", f"{own.mean:.2%}", f"{own.low:.2%} … {own.high:.2%}", "", str(len(logs[target])), ""
    )
    for name, estimator in ESTIMATORS.items():
        one = estimate(estimator.terms(logged, policy[positions]), rng)
        both = [f"{interval.low:.2%} … {interval.high:.2%}" for interval in (one.bootstrap, one.normal)]
        table.add_row(name, f"{one.value:.2%}", *both, *shares(one.effective, one.clipped))
    return table


def mean_policy(log: pl.DataFrame, n_items: int) -> np.ndarray:
    """(3, n_items): the share of each item at each position."""
    counts = np.zeros((3, n_items))
    np.add.at(counts, (log["position"].to_numpy() - 1, log["item_id"].to_numpy()), 1)
    return counts / counts.sum(axis=1, keepdims=True)


def shares(effective: float, clipped: float) -> tuple[str, str]:
    return ("–", "–") if np.isnan(effective) else (f"{effective:.0f}", f"{clipped:.1%}")


def drawn(chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n,): one action a row."""
    places = (rng.random(len(chances))[:, None] > np.cumsum(chances, axis=1)).sum(axis=1)
    return np.minimum(places, chances.shape[1] - 1)


def softmax(scores: np.ndarray) -> np.ndarray:
    odds = np.exp(scores)
    return odds / odds.sum(axis=1, keepdims=True)


def above(orders: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(n_orders, LENGTH): the chance of each item, drawn from those that do not stand above it."""
    odds = np.exp(scores)[orders]
    return odds / (np.exp(scores).sum() - np.cumsum(odds, axis=1) + odds)


def marginal(orders: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """(n_orders, LENGTH): the chance of the item at its position, whatever else is shown."""
    at = np.stack([np.bincount(orders[:, place], weights=chance, minlength=ITEMS) for place in range(LENGTH)], axis=1)
    return at[orders, np.arange(LENGTH)]


if __name__ == "__main__":
    main()
