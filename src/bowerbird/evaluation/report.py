"""A leaderboard in figures: one plain JSON value with everything in it, which `tables` prints."""

import platform
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np

from bowerbird import __version__
from bowerbird.evaluation.buckets import Bucket, by_history, by_item_age
from bowerbird.evaluation.leaderboard import Leaderboard, Row
from bowerbird.evaluation.significance import Interval, paired
from bowerbird.types import Json

FORMAT = 1


def to_json(board: Leaderboard, fingerprint: str, resamples: int = 1000) -> Json:
    """Everything that was measured, and what it was measured on, fit for `json.dumps(…, allow_nan=False)`.

    fingerprint  of the data (`Dataset.fingerprint`)
    resamples    of the bootstrap; its seed is the leaderboard's
    """
    k = board.bench.ks[0]
    best = best_baseline(board)
    rows = [_row(row, best, k, board.bench.seed, resamples) for row in board.rows]
    report: Json = _plain(
        {
            "format": FORMAT,
            "bowerbird": __version__,
            "machine": f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}",
            "data": _data(board, fingerprint),
            "protocol": {
                "split": board.bench.split.name,
                "ks": list(board.bench.ks),
                "ranking": "full catalogue, pessimistic ties, "
                + ("items of the history allowed" if board.bench.repeats else "items of the history excluded"),
                "seeds": [board.bench.seed],
                "bootstrap": resamples,
                "budget": board.bench.budget,
                "validation_users": min(board.bench.max_users, len(board.bench.split.validation)),
                "tuned_by": f"NDCG@{board.bench.ks[0]} on validation",
            },
            "best_baseline": best.name if best else None,
            "systems": rows,
        }
    )
    return report


def best_baseline(board: Leaderboard) -> Row | None:
    """The baseline with the highest NDCG at the first k on the test: the hardest one to be compared with."""
    rows = [row for row in board.rows if row.role == "baseline"]
    return max(rows, key=lambda row: float(row.result.values[f"ndcg@{board.bench.ks[0]}"].mean())) if rows else None


def _data(board: Leaderboard, fingerprint: str) -> Json:
    split, test = board.bench.split, board.bench.split.test
    return {
        "fingerprint": fingerprint,
        "users": len(np.unique(split.before_test.users)),
        "items": len(board.bench.catalogue),
        "events": len(split.before_test),
        "test_users": len(test),
        "test_events": int(sum(len(wanted) for wanted in test.targets)),
        "newcomers": int(sum(len(query.history) == 0 for query in test.queries)),
    }


def _row(row: Row, best: Row | None, k: int, seed: int, resamples: int) -> Json:
    result = row.result
    difference = None
    if best is not None and row is not best:
        name = f"ndcg@{k}"
        gap = paired(result.values[name], best.result.values[name], np.random.default_rng(seed), resamples)
        difference = asdict(gap)
    return {
        "name": row.name,
        "role": row.role,
        "settings": row.tuned.recipe.model_dump(mode="json"),
        "trials": [trial.to_json() for trial in row.tuned.trials],
        "means": _intervals(result.means(np.random.default_rng(seed), resamples)),
        "totals": dict(result.totals),
        "against_best_baseline": difference,
        "fit_seconds": row.fit_seconds,
        "ms_per_query": result.ms_per_query,
        "by_history": [_bucket(bucket) for bucket in by_history(result, np.random.default_rng(seed), k, resamples)],
        "by_item_age": [_bucket(bucket) for bucket in by_item_age(result, np.random.default_rng(seed), k, resamples)],
    }


def _intervals(figures: Mapping[str, Interval]) -> Json:
    return {name: [interval.mean, interval.low, interval.high] for name, interval in figures.items()}


def _bucket(bucket: Bucket) -> Json:
    return {"label": bucket.label, "users": bucket.users, "events": bucket.events, "means": _intervals(bucket.figures)}


def _plain(value: Any) -> Any:
    """NaN and infinity become null: JSON has no word for them."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not isfinite(value) else value
