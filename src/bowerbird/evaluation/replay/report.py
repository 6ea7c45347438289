"""A replay in figures: one plain JSON value, which `tables` prints and `plots` draws."""

import platform
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from bowerbird import __version__
from bowerbird.evaluation.replay.cadence import DAY
from bowerbird.evaluation.replay.running import Line, Replay
from bowerbird.evaluation.report import plain
from bowerbird.evaluation.significance import ratios
from bowerbird.types import Json

FORMAT = 1

SINCE = (("under 1 min", 60.0), ("under 10 min", 600.0), ("under 1 h", 3600.0), ("under 1 day", DAY), ("under 1 week", 7 * DAY))
"""Buckets by the seconds since the user's last event, each from the end of the one before; then all that is longer."""

FIRST = "first event"
"""Questions of users without an earlier event."""

Which = NDArray[np.bool_]
"""(n_questions,): which questions."""


def to_json(replay: Replay, fingerprint: str, parts: int = 20, resamples: int = 1000) -> Json:
    """Everything that was measured, and on what, fit for `json.dumps(…, allow_nan=False)`.

    Figures are means over questions. Their intervals draw users, each with all of their questions: questions of one user hang together.

    fingerprint  of the data (`Dataset.fingerprint`)
    parts        of the curve over time: so many equal counts of questions
    resamples    of the bootstrap; its seed is the replay's
    """
    asked, log = replay.questions, replay.questions.log
    report: Json = plain(
        {
            "format": FORMAT,
            "bowerbird": __version__,
            "machine": f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}",
            "data": {
                "fingerprint": fingerprint,
                "users": len(np.unique(log.users)),
                "items": log.n_items,
                "events": len(log),
                "events_before": int((log.times < asked.start).sum()),
                "start": _instant(asked.start),
                "end": _instant(float(log.times.max())),
            },
            "protocol": {
                "part": replay.part,
                "k": replay.k,
                "ranking": "full catalogue, pessimistic ties, items of the known history " + ("allowed" if replay.repeats else "excluded"),
                "seed": replay.seed,
                "bootstrap": resamples,
            },
            "questions": {
                "all": len(asked),
                "users": len(np.unique(asked.users)),
                "newcomers": int(asked.newcomers.sum()),
                "newcomer_users": len(np.unique(asked.users[asked.newcomers])),
            },
            "lines": [_line(line, replay, resamples) for line in replay.lines],
            "over_time": _over_time(replay, parts, resamples),
            "since": _since(replay, resamples),
        }
    )
    return report


def label(line: Json, report: Json) -> str:
    """What a line is called where all stand together: the cadence alone, if there is one system only."""
    alone = len({one["system"] for one in report["lines"]}) == 1
    return str(line["cadence"]["name"]) if alone else f"{line['system']}, {line['cadence']['name']}"


def _line(line: Line, replay: Replay, resamples: int) -> Json:
    asked = replay.questions
    everyone = np.ones(len(asked), np.bool_)
    return {
        "system": line.system,
        "cadence": asdict(line.cadence),
        **_figures(line, replay, everyone, resamples),
        "known": _figures(line, replay, ~asked.newcomers, resamples),
        "newcomers": _figures(line, replay, asked.newcomers, resamples),
        "fits": line.fits,
        "fit_seconds": line.fit_seconds,
        "ask_seconds": line.ask_seconds,
    }


def _figures(line: Line, replay: Replay, which: Which, resamples: int) -> Json:
    """The figures of some questions, and how they stand to the system's first cadence and, under the same cadence, to the first system."""
    first = next(one for one in replay.lines if one.system == line.system)
    other = next(one for one in replay.lines if one.cadence == line.cadence)
    per_user = _sums(replay, which, line.ndcg)[:, 0] / np.maximum(_sums(replay, which, np.ones(len(which)))[:, 0], 1)
    there = np.unique(replay.questions.users[which])
    return {
        "questions": int(which.sum()),
        "users": len(there),
        "ndcg": _mean(replay, which, line.ndcg, resamples),
        "hit": _mean(replay, which, line.hit, resamples),
        "ndcg_of_the_mean_user": float(per_user[there].mean()) if len(there) else None,
        "against_first_cadence": None if line is first else _against(line, first, replay, which, resamples),
        "against_first_system": None if line is other else _against(line, other, replay, which, resamples),
    }


def _against(line: Line, other: Line, replay: Replay, which: Which, resamples: int) -> Json:
    """The paired difference, and as a share of what it is compared with; each with its interval."""
    gap, base = line.ndcg - other.ndcg, other.ndcg
    return {
        "to": {"system": other.system, "cadence": other.cadence.name},
        "difference": _mean(replay, which, gap, resamples),
        "share": _ratio(replay, which, gap, base, resamples),
    }


def _over_time(replay: Replay, parts: int, resamples: int) -> list[Json]:
    asked, rows = replay.questions, []
    for places in np.array_split(np.arange(len(asked)), min(parts, len(asked))):
        which = np.zeros(len(asked), np.bool_)
        which[places] = True
        ends = {"from": _instant(float(asked.times[places[0]])), "to": _instant(float(asked.times[places[-1]]))}
        rows.append({**ends, **_bucket(replay, which, resamples)})
    return rows


def _since(replay: Replay, resamples: int) -> list[Json]:
    seconds, rows, low = replay.questions.since, [], 0.0
    for name, high in (*SINCE, ("a week and more", np.inf)):
        rows.append({"label": name, **_bucket(replay, (seconds >= low) & (seconds < high), resamples)})
        low = high
    rows.append({"label": FIRST, **_bucket(replay, np.isnan(seconds), resamples)})
    return [row for row in rows if row["questions"]]


def _bucket(replay: Replay, which: Which, resamples: int) -> Json:
    """Some questions: how many, of how many users, and each line's NDCG and its difference to the first line, in the order of `lines`."""
    first = replay.lines[0]
    return {
        "questions": int(which.sum()),
        "users": len(np.unique(replay.questions.users[which])),
        "ndcg": [_mean(replay, which, line.ndcg, resamples) for line in replay.lines],
        "against_first_line": [_mean(replay, which, line.ndcg - first.ndcg, resamples) for line in replay.lines],
    }


def _mean(replay: Replay, which: Which, values: NDArray[np.float64], resamples: int) -> list[float]:
    return _ratio(replay, which, values, np.ones(len(values)), resamples)


def _ratio(replay: Replay, which: Which, parts: NDArray[np.float64], wholes: NDArray[np.float64], resamples: int) -> list[float]:
    """Sum over sum with the 95 % interval of the bootstrap over users; the same users are drawn for every figure of the same questions."""
    there = np.unique(replay.questions.users[which])
    up, down = _sums(replay, which, parts)[there], _sums(replay, which, wholes)[there]
    found = ratios(up, down, np.random.default_rng(replay.seed), resamples)[0]
    return [found.mean, found.low, found.high]


def _sums(replay: Replay, which: Which, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n_users, 1)"""
    asked = replay.questions
    return np.bincount(asked.users[which], weights=values[which], minlength=asked.log.n_users)[:, None].astype(np.float64)


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
