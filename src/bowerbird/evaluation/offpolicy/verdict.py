"""What served slates say of another policy: figures, and how far to trust them, as JSON, a table and sentences."""

from dataclasses import replace
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.table import Table

from bowerbird.evaluation.offpolicy.estimate import Estimate, estimate
from bowerbird.evaluation.offpolicy.importance import Clip
from bowerbird.evaluation.offpolicy.served import Served
from bowerbird.evaluation.offpolicy.slates import SlateIps
from bowerbird.types import Json

LITTLE = 100
"""Below so large an effective sample size the intervals are too narrow."""


def verdict(served: Served, target: NDArray[np.float64], clip: float, seed: int = 0) -> Json:
    """The value of the policy that ran and of the target, in answers a slate, with 95 % intervals over users.

    target  (n, k), its probabilities of what was shown (`target_chances`)
    clip    importance above it counts as this much
    """
    logged, rng = served.logged, np.random.default_rng(seed)
    methods = {
        "ran": (SlateIps("above"), logged.propensities),
        "SNIPS": (SlateIps("above", normalised=True), target),
        f"IPS, clipped at {clip:g}": (SlateIps("above", Clip(clip)), target),
    }
    rows = []
    for name, (how, chances) in methods.items():
        terms = replace(how.terms(logged, chances), rounds=served.rounds)
        rows.append({"policy": "ran" if name == "ran" else "target", "estimator": name, **_figures(estimate(terms, rng))})
    could = np.where(logged.shown, target > 0, True)
    return {
        "slates": len(logged),
        "users": int(served.rounds.max()) + 1,
        "answers": served.answers,
        "drawn": int((np.nan_to_num(logged.propensities, nan=1.0) < 1).any(axis=1).sum()),
        "could": int(could.all(axis=1).sum()),
        "could_places": float(could[logged.shown].mean()),
        "estimates": rows,
    }


def table(said: Json) -> Table:
    """One row an estimate."""
    shown = Table(title="Answers a slate (95 % intervals over users)", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("policy", "estimator"):
        shown.add_column(heading)
    for heading in ("value", "low", "high", "effective slates", "mean importance", "clipped away"):
        shown.add_column(heading, justify="right")
    for row in said["estimates"]:
        cells = [_number(row[name], ".4f") for name in ("value", "low", "high")]
        cells += [_number(row["effective"], ".0f"), _number(row["mean"], ".3f"), _number(row["clipped"], ".1%")]
        shown.add_row(row["policy"], "as it was" if row["policy"] == "ran" else row["estimator"], *cells)
    return shown


def sentences(said: Json) -> list[str]:
    """How much of the log speaks of the target, and whether the figures can be trusted."""
    n, could, drawn = said["slates"], said["could"], said["drawn"]
    found = [
        f"{n:,} slates of {said['users']:,} users, {said['answers']:,} answers. In {drawn:,} slates a place was drawn.",
        f"The target could have shown {could:,} of the {n:,} slates ({could / n:.1%}), and {said['could_places']:.1%} of the places with "
        "those above them.",
    ]
    effective = said["estimates"][1]["effective"]
    if effective is None or not could:
        found.append(
            "Nothing can be said of the target: it would have shown none of these slates. Explore more, or ask of a nearer policy."
        )
    elif effective < LITTLE:
        found.append(
            f"At one place the log is worth no more than {effective:.0f} slates of the target's own: too few to trust the figures."
        )
    return found


def _figures(found: Estimate) -> Json:
    figures = {
        "value": found.value,
        "low": found.bootstrap.low,
        "high": found.bootstrap.high,
        "effective": found.effective,
        "mean": found.mean,
        "clipped": found.clipped,
    }
    return {name: float(value) if isfinite(value) else None for name, value in figures.items()}


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
