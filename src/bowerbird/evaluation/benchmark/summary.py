"""From the cells of a table to its figures: means with intervals, and the one system tested against every other."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from bowerbird.evaluation.report import plain
from bowerbird.evaluation.significance import differences, holm, intervals
from bowerbird.types import Json


def summary(rows: Sequence[Json], rng: np.random.Generator, resamples: int) -> list[Json]:
    """The rows with their figures in place of their fits; a row that was not measured stays as it is.

    A user's figure is the mean over the seeds, so the intervals speak of other users, and `spread`, the standard deviation of the mean
    NDCG over the seeds, of other seeds. `behind` is what the system is ahead by, `behind_known` the same among users with a history, if
    there are others; the p-values of either are one family and corrected together (Holm).
    """
    measured = [row for row in rows if "fits" in row]
    if not measured:
        return list(rows)
    ndcg, recall = (np.stack([_users(row, name) for row in measured], axis=1) for name in ("ndcg", "recall"))
    known = np.array(measured[0]["fits"][0]["known"], np.bool_)
    columns = np.concatenate([ndcg, recall, np.where(known[:, None], ndcg, np.nan)], axis=1)
    figures = [[interval.mean, interval.low, interval.high] for interval in intervals(columns, rng, resamples)]
    n = len(measured)
    gaps = _gaps(measured, ndcg, rng, resamples)
    gaps_known = _gaps(measured, ndcg[known], rng, resamples) if 0 < known.sum() < len(known) else {}
    done = {
        row["name"]: {
            **{name: value for name, value in row.items() if name != "fits"},
            "ndcg": figures[place],
            "recall": figures[n + place],
            "known": figures[2 * n + place],
            **_costs(row["fits"]),
            "behind": gaps.get(row["name"]),
            "behind_known": gaps_known.get(row["name"]),
        }
        for place, row in enumerate(measured)
    }
    return [plain(done.get(row["name"], row)) for row in rows]


def _users(row: Json, name: str) -> NDArray[np.float64]:
    """(n_users,): the mean over the seeds."""
    values: NDArray[np.float64] = np.array([fit[name] for fit in row["fits"]], np.float64).mean(axis=0)
    return values


def _gaps(measured: Sequence[Json], ndcg: NDArray[np.float64], rng: np.random.Generator, resamples: int) -> dict[str, Json]:
    """How far each row is behind the system, by name; nothing if the system was not measured."""
    place = next((place for place, row in enumerate(measured) if row["role"] == "system"), None)
    others = [other for other in range(len(measured)) if other != place]
    if place is None or not others:
        return {}
    found = differences(ndcg[:, [place]] - ndcg[:, others], rng, resamples)
    corrected = holm([gap.p for gap in found])
    return {measured[other]["name"]: {**asdict(gap), "holm": p} for other, gap, p in zip(others, found, corrected, strict=True)}


def _costs(fits: Sequence[Json]) -> Json:
    """What a fit took, the mean over the seeds, its memory the most of them; and how much the seeds disagree."""
    scores = [np.mean(fit["ndcg"]) for fit in fits]
    peaks = _told(fits, "peak_bytes")
    return {
        "spread": float(np.std(scores, ddof=1)) if len(fits) > 1 else None,
        **{name: _mean(_told(fits, name)) for name in ("coverage", "fit_seconds", "cpu_seconds", "ms_per_query", "load")},
        "peak_bytes": max(peaks, default=None),
        "code": sorted({fit["code"] for fit in fits}),
    }


def _told(fits: Sequence[Json], name: str) -> list[float]:
    return [fit[name] for fit in fits if fit[name] is not None]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
