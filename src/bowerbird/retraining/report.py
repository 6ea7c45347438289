"""What came of a run in figures: one plain JSON value, and the table that is printed of it."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import numpy as np
from pydantic import Field
from rich.table import Table

from bowerbird import __version__
from bowerbird.config import Settings, parse
from bowerbird.data import Dataset
from bowerbird.errors import DataError
from bowerbird.evaluation import Interval
from bowerbird.evaluation.report import plain
from bowerbird.retraining.contest import Contest, Standing
from bowerbird.retraining.heldout import said
from bowerbird.retraining.settings import RetrainSettings
from bowerbird.types import Json

FORMAT = 1


class Outcome(Settings):
    """What whoever had a run done must know of it.

    at          when it began
    verdict     of the challenger: won, lost, or no contest; "not due" where nothing was done
    why         in a sentence
    champion    fingerprint
    challenger  fingerprint of the bundle that was written; None unless it won
    figures     of the contest, by name; empty where there was none
    """

    at: datetime
    verdict: str
    why: str
    champion: str
    challenger: str | None = None
    figures: dict[str, float] = Field(default_factory=dict)


def figures(contest: Contest) -> dict[str, float]:
    """What decided: NDCG of both, and the lead with its interval; empty where there was no contest."""
    if contest.of_champion is None or contest.of_challenger is None or contest.lead is None or contest.asked is None:
        return {}
    lead = contest.lead
    return {
        "champion_ndcg": contest.of_champion.ndcg.mean,
        "challenger_ndcg": contest.of_challenger.ndcg.mean,
        "lead": lead.mean,
        "lead_low": lead.low,
        "lead_high": lead.high,
        "questions": float(len(contest.asked)),
    }


def to_json(outcome: Outcome, settings: RetrainSettings, seed: int, contest: Contest | None = None, data: Dataset | None = None) -> Json:
    """Everything that was measured, and on what, fit for `json.dumps(…, allow_nan=False)`; None for what a run did not come to."""
    report: Json = plain(
        {
            "format": FORMAT,
            "bowerbird": __version__,
            "outcome": outcome.model_dump(mode="json"),
            "settings": settings.model_dump(mode="json"),
            "seed": seed,
            "data": None if data is None else _data(data),
            "contest": None if contest is None else _contest(contest),
        }
    )
    return report


def read_outcome(path: Path) -> Outcome | None:
    """The outcome in the file of a report; None where there is no file.

    raises  DataError if the file cannot be read or is no such report, ConfigError where it does not say what it must
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise DataError(f"{path}: is no JSON ({error})") from None
    if not isinstance(report, dict) or report.get("format") != FORMAT:
        raise DataError(f"{path}: must be the report of a retraining, of format {FORMAT}")
    outcome: Outcome = parse(Outcome, report.get("outcome"), str(path))
    return outcome


def table(contest: Contest, settings: RetrainSettings) -> Table | None:
    """Champion, challenger and the difference, side by side; None where there was no contest."""
    if contest.asked is None or contest.of_champion is None or contest.of_challenger is None or contest.lead is None:
        return None
    asked, k, lead = contest.asked, settings.contest.k, contest.lead
    users, newcomers = len(np.unique(asked.users)), len(np.unique(asked.users[asked.newcomers]))
    shown = Table(
        title=f"{len(asked):,} questions of {users:,} users ({newcomers:,} of them new) since {said(asked.start)}; "
        f"{settings.contest.level:.0%} intervals over users",
        title_justify="left",
    )
    for heading in ("", "learned from", f"NDCG@{k}", f"HR@{k}", "ms/question"):
        shown.add_column(heading, justify="left" if not heading else "right")
    for name, side in (("champion", contest.of_champion), ("challenger", contest.of_challenger)):
        ms = f"{1000 * side.seconds / len(asked):.2f}"
        shown.add_row(name, f"{side.events:,}", _interval(side.ndcg), _interval(side.hit), ms)
    gap = contest.of_challenger.events - contest.of_champion.events
    shown.add_row("difference", f"{gap:+,}", f"{lead.mean:+.4f} ({lead.low:+.4f} … {lead.high:+.4f})", "", "")
    return shown


def _interval(figure: Interval) -> str:
    return f"{figure.mean:.4f} ({figure.low:.4f} … {figure.high:.4f})"


def _data(data: Dataset) -> Json:
    return {
        "fingerprint": data.fingerprint,
        "users": len(data.users),
        "items": len(data.catalogue),
        "events": len(data.log),
        "cleaning": [row for row in data.report.to_json() if row["found"]],
    }


def _contest(contest: Contest) -> Json | None:
    asked = contest.asked
    if asked is None or contest.of_champion is None or contest.of_challenger is None or contest.lead is None:
        return None
    return {
        "start": said(asked.start),
        "questions": len(asked),
        "users": len(np.unique(asked.users)),
        "newcomers": len(np.unique(asked.users[asked.newcomers])),
        "champion": _standing(contest.of_champion),
        "challenger": _standing(contest.of_challenger),
        "lead": asdict(contest.lead),
    }


def _standing(side: Standing) -> Json:
    ndcg, hit = ([figure.mean, figure.low, figure.high] for figure in (side.ndcg, side.hit))
    return {"events": side.events, "ndcg": ndcg, "hit": hit, "ask_seconds": side.seconds}
