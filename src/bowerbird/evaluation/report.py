"""A leaderboard in figures: one plain JSON value with everything in it, which `tables` prints."""

import platform
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird import __version__
from bowerbird.evaluation.buckets import Bucket, by_history, by_item_age
from bowerbird.evaluation.leaderboard import Leaderboard, Row
from bowerbird.evaluation.metrics import METRICS, PerUser
from bowerbird.evaluation.significance import Interval, intervals, paired
from bowerbird.evaluation.tuning import Bench
from bowerbird.types import Json

FORMAT = 1

Users = NDArray[np.bool_]
"""(n_users,): which of the test users."""


def to_json(board: Leaderboard, fingerprint: str, resamples: int = 1000) -> Json:
    """Everything that was measured, and what it was measured on, fit for `json.dumps(…, allow_nan=False)`.

    fingerprint  of the data (`Dataset.fingerprint`)
    resamples    of the bootstrap; its seed is the leaderboard's
    """
    best, best_known = best_baseline(board), _best_of_known(board)
    report: Json = plain(
        {
            "format": FORMAT,
            "bowerbird": __version__,
            "machine": f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}",
            "data": facts(board.bench, fingerprint),
            "protocol": {
                "split": board.bench.split.name,
                "ks": list(board.bench.ks),
                "ranking": "full catalogue, pessimistic ties, "
                + ("items of the history allowed" if board.bench.repeats else "items of the history excluded"),
                "fitted_on": "train and validation" if board.bench.refit else "train",
                "seeds": [board.bench.seed],
                "bootstrap": resamples,
                "budget": board.bench.budget,
                "validation_users": min(board.bench.max_users, len(board.bench.split.validation)),
                "tuned_by": f"NDCG@{board.bench.ks[0]} on validation",
            },
            "best_baseline": best.name if best else None,
            "best_baseline_of_known_users": best_known.name if best_known else None,
            "systems": [_row(row, board, resamples) for row in board.rows],
        }
    )
    return report


def best_baseline(board: Leaderboard, who: Users | None = None) -> Row | None:
    """The baseline with the highest NDCG at the first k on the test (of the users `who`): the hardest one to be compared with."""
    rows = [row for row in board.rows if row.role == "baseline"]
    return max(rows, key=lambda row: float(_ndcg(row, board, who).mean())) if rows else None


def _best_of_known(board: Leaderboard) -> Row | None:
    """As `best_baseline`, of the users who have a history."""
    known = next((row.result.lengths > 0 for row in board.rows), np.zeros(0, np.bool_))
    return best_baseline(board, known) if known.any() else None


def _ndcg(row: Row, board: Leaderboard, who: Users | None) -> PerUser:
    values = row.result.values[f"ndcg@{board.bench.ks[0]}"]
    return values if who is None else values[who]


def _against_best(row: Row, board: Leaderboard, resamples: int, who: Users | None = None) -> Json | None:
    """The row's NDCG less the best baseline's, on the same users."""
    best = best_baseline(board, who)
    if best is None or row is best:
        return None
    rng = np.random.default_rng(board.bench.seed)
    return {"to": best.name, **asdict(paired(_ndcg(row, board, who), _ndcg(best, board, who), rng, resamples))}


def _known(row: Row, board: Leaderboard, resamples: int) -> Json | None:
    """The figures of those users who have a history: here models differ by more than what they do with newcomers."""
    who = row.result.lengths > 0
    if not who.any():
        return None
    rng = np.random.default_rng(board.bench.seed)
    names = [f"{name}@{k}" for k in board.bench.ks for name in METRICS]
    means = intervals(np.stack([row.result.values[name][who] for name in names], axis=1), rng, resamples)
    return {
        "users": int(who.sum()),
        "means": _intervals(dict(zip(names, means, strict=True))),
        "against_best_baseline": _against_best(row, board, resamples, who),
    }


def facts(bench: Bench, fingerprint: str) -> Json:
    """The data in figures: what the judged models have read, and what they are asked."""
    learned, test = bench.learned, bench.split.test
    return {
        "fingerprint": fingerprint,
        "users": len(np.unique(learned.users)),
        "items": len(bench.catalogue),
        "events": len(learned),
        "test_users": len(test),
        "test_events": int(sum(len(wanted) for wanted in test.targets)),
        "newcomers": int(sum(len(query.history) == 0 for query in test.queries)),
    }


def _row(row: Row, board: Leaderboard, resamples: int) -> Json:
    result, seed, k = row.result, board.bench.seed, board.bench.ks[0]
    return {
        "name": row.name,
        "role": row.role,
        "settings": row.tuned.recipe.model_dump(mode="json"),
        "trials": [trial.to_json() for trial in row.tuned.trials],
        "means": _intervals(result.means(np.random.default_rng(seed), resamples)),
        "totals": dict(result.totals),
        "against_best_baseline": _against_best(row, board, resamples),
        "known_users": _known(row, board, resamples),
        "fit_seconds": row.fit_seconds,
        "ms_per_query": result.ms_per_query,
        "by_history": [_bucket(bucket) for bucket in by_history(result, np.random.default_rng(seed), k, resamples)],
        "by_item_age": [_bucket(bucket) for bucket in by_item_age(result, np.random.default_rng(seed), k, resamples)],
    }


def _intervals(figures: Mapping[str, Interval]) -> Json:
    return {name: [interval.mean, interval.low, interval.high] for name, interval in figures.items()}


def _bucket(bucket: Bucket) -> Json:
    return {"label": bucket.label, "users": bucket.users, "events": bucket.events, "means": _intervals(bucket.figures)}


def plain(value: Any) -> Any:
    """NaN and infinity become null: JSON has no word for them."""
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return None if isinstance(value, float) and not isfinite(value) else value
