"""The price list in figures: one plain JSON value, which `tables` prints and `plots` draws."""

import platform
from collections.abc import Sequence

import numpy as np

from bowerbird import __version__
from bowerbird.evaluation.beyond import PerUser
from bowerbird.evaluation.frontier.dial import BUDGETS
from bowerbird.evaluation.frontier.matched import given_up, mixed, more_given_up, reach
from bowerbird.evaluation.frontier.running import STRENGTHS, Frontier, Line
from bowerbird.evaluation.protocol import Result
from bowerbird.evaluation.report import facts, plain
from bowerbird.evaluation.significance import Interval, intervals
from bowerbird.types import Json

FORMAT = 1

GAINS = (0.05, 0.10, 0.20)
"""How much more distance than at strength 0 the lines are compared at."""

RIVALS = ("mmr", "dpp")
"""The usual re-rankers, which every other one is held against."""


def to_json(found: Frontier, fingerprint: str, resamples: int = 1000) -> Json:
    """Everything that was measured, and on what, fit for `json.dumps(…, allow_nan=False)`.

    fingerprint  of the data (`Dataset.fingerprint`)
    resamples    of the bootstrap over users; its seed is the split's
    """
    bench = found.bench
    report: Json = plain(
        {
            "format": FORMAT,
            "bowerbird": __version__,
            "machine": f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}",
            "data": facts(bench, fingerprint),
            "protocol": {
                "split": bench.split.name,
                "k": bench.ks[0],
                "ranking": "full catalogue, pessimistic ties, items of the history " + ("allowed" if bench.repeats else "excluded"),
                "model": found.recipe.model_dump(mode="json"),
                "pool": max(found.ranking.pool, 5 * bench.ks[0]),
                "seed": bench.seed,
                "bootstrap": resamples,
                "validation_users": found.validation_users,
            },
            "similarities": list(found.similarities),
            "lines": [_line(line, found, resamples) for line in found.lines],
            "matched": [row for name in found.similarities for gain in GAINS for row in _matched(name, gain, found, resamples)],
            "dial": _dial(found, resamples),
        }
    )
    return report


def _line(line: Line, found: Frontier, resamples: int) -> Json:
    points = [_point(strength, result, line.points[0], found, resamples) for strength, result in zip(STRENGTHS, line.points, strict=True)]
    return {"name": line.name, "settings": line.rerank.model_dump(mode="json"), "appetite": line.appetite, "points": points}


def _point(strength: float, result: Result, base: Result, found: Frontier, resamples: int) -> Json:
    """One strength: means with intervals, what was given up since strength 0, and the figures over all lists."""
    ndcg = f"ndcg@{found.bench.ks[0]}"
    names = [ndcg, *(name for name in result.values if "@" not in name)]
    table = np.stack([result.values[name] for name in names], axis=1)
    means = intervals(table, np.random.default_rng(found.bench.seed), resamples)
    return {
        "strength": strength,
        "means": {name.partition("@")[0]: _ends(mean) for name, mean in zip(names, means, strict=True)},
        "given_up": _ends(given_up(base.values[ndcg], result.values[ndcg], found.bench.seed, resamples)),
        "totals": {"coverage": result.totals["coverage"], "gini": result.totals["gini"]},
    }


def _matched(similarity: str, gain: float, found: Frontier, resamples: int) -> list[Json]:
    """What each line gives up for so much more distance, and how that stands at the same distance to the better one of `RIVALS`, and, where
    it follows the appetite, to its re-ranker with one strength for all."""
    ndcg, seed = f"ndcg@{found.bench.ks[0]}", found.bench.seed
    base = found.lines[0].points[0].values[ndcg]
    there = {line.name: _at(line, similarity, gain, ndcg) for line in found.lines}
    rivals = [(float(values.mean()), name) for name in RIVALS if (values := there.get(name)) is not None]
    best = max(rivals)[1] if rivals else None
    rival = there[best] if best else None
    rows = []
    for line in found.lines:
        values = there[line.name]
        row: Json = {"similarity": similarity, "gain": gain, "line": line.name, "given_up": None, "against": None, "fixed": None}
        if values is not None:
            row["given_up"] = _ends(given_up(base, values, seed, resamples))
        if values is not None and rival is not None and line.name not in RIVALS:
            row["against"] = {"to": best, "difference": _ends(more_given_up(base, values, rival, seed, resamples))}
        if values is not None and line.appetite and (fixed := there[line.rerank.kind]) is not None:
            row["fixed"] = {"to": line.rerank.kind, "difference": _ends(more_given_up(base, values, fixed, seed, resamples))}
        rows.append(row)
    return rows


def _at(line: Line, similarity: str, gain: float, ndcg: str) -> PerUser | None:
    """(n_users,) the NDCG where the line's mean distance is so much above that of strength 0; None where it never is."""
    means = mean_distances(line.points, similarity)
    if not means[0] > 0:
        return None
    weights = reach(means, (1 + gain) * means[0])
    return None if weights is None else mixed([point.values[ndcg] for point in line.points], weights)


def mean_distances(points: Sequence[Result], similarity: str) -> list[float]:
    """The mean distance of each point over those users whose lists have one at every point; NaN if there is none."""
    table = np.stack([point.values[f"distance:{similarity}"] for point in points])
    known = ~np.isnan(table).any(axis=0)
    return [float(mean) for mean in table[:, known].mean(axis=1)] if known.any() else [float("nan")] * len(points)


def _dial(found: Frontier, resamples: int) -> Json:
    dial, ndcg = found.dial, f"ndcg@{found.bench.ks[0]}"
    base = dial.test[0].values[ndcg]
    rows = [
        {
            "diversity": tenth / 10,
            "strength": strength,
            "budget": budget,
            "validation": _ends(lost),
            "test": _ends(given_up(base, result.values[ndcg], found.bench.seed, resamples)),
            "distance": {name: mean_distances([dial.test[0], result], name) for name in found.similarities},
        }
        for tenth, (budget, strength, lost, result) in enumerate(zip(BUDGETS, dial.strengths, dial.validation, dial.test, strict=True))
    ]
    return {"rerank": dial.rerank.model_dump(mode="json"), "rows": rows}


def _ends(interval: Interval) -> list[float]:
    return [interval.mean, interval.low, interval.high]
