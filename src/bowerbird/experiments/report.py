"""An experiment in figures: one plain JSON value, and the table that is printed of it."""

import numpy as np
from rich.table import Table

from bowerbird import __version__
from bowerbird.evaluation.report import plain
from bowerbird.experiments.outcomes import METRICS, Outcomes
from bowerbird.experiments.sequences import difference_sequence, mismatch
from bowerbird.experiments.settings import Experiment
from bowerbird.types import Json

FORMAT = 1

DECIDES = "rewarded"
"""The metric that the experiment is about; the others are guard rails."""

BETTER_LOW = frozenset({"disliked", "empty"})
"""Guard rails that must not rise; the others must not fall."""

WRONG = 1000.0
"""Evidence from which on the sizes of the arms are said to be wrong."""

POINTS = 400
"""Of a curve."""


def to_json(experiment: Experiment, found: Outcomes) -> Json:
    """Everything that was found, fit for `json.dumps(…, allow_nan=False)`.

    The curves have the difference to the control after so many users of both arms, with the ends of its confidence sequence. `level` holds
    for the deciding metric of all arms together. Each guard rail of each arm has it for itself, for an alarm that is missed costs more than
    one too many.
    """
    counts = np.bincount(found.arms, minlength=len(experiment.arms))
    shares = np.array([arm.share for arm in experiment.arms])
    report: Json = plain(
        {
            "format": FORMAT,
            "bowerbird": __version__,
            "experiment": experiment.model_dump(mode="json"),
            "users": int(counts.sum()),
            "slates": found.slates,
            "open": found.open,
            "crossed": found.crossed,
            "mismatch": {"evidence": mismatch(counts, shares), "wrong": mismatch(counts, shares) >= WRONG},
            "arms": [
                {
                    "name": arm.name,
                    "users": int(counts[place]),
                    "planned": arm.share,
                    "metrics": {name: _metric(experiment, found, place, name) for name in METRICS},
                }
                for place, arm in enumerate(experiment.arms)
            ],
        }
    )
    return report


def said(report: Json) -> list[str]:
    """What it comes to, in sentences."""
    sentences = [f"{report['users']:,} users count, {report['open']:,} not yet, with {report['slates']:,} slates."]
    if report["crossed"]:
        sentences.append(f"{report['crossed']:,} users were seen in several arms and count for none: were shares changed under one name?")
    if report["mismatch"]["wrong"]:
        sentences.append("The arms are not as large as planned, and not by chance: something is wrong with how users are dealt or logged.")
    for arm in report["arms"][1:]:
        for name, metric in arm["metrics"].items():
            low, high = metric["low"], metric["high"]
            if low is None or (low <= 0 <= high):
                continue
            good = (low > 0) != (name in BETTER_LOW)
            sentences.append(
                f"{arm['name']}: {name} is {'higher' if low > 0 else 'lower'} than the control's, which is {'good' if good else 'bad'}."
            )
    return sentences


def table(report: Json) -> Table:
    """Arm by arm: the mean of each metric, and the difference to the control as sure as it is now."""
    shown = Table(
        title=f"{report['experiment']['name']}; intervals of {report['experiment']['level']:.0%}, valid at every look", title_justify="left"
    )
    shown.add_column("arm")
    for heading in ("users", *METRICS):
        shown.add_column(heading, justify="right")
    for arm in report["arms"]:
        shown.add_row(arm["name"], f"{arm['users']:,}", *(_cell(arm["metrics"][name]) for name in METRICS))
    return shown


def _metric(experiment: Experiment, found: Outcomes, place: int, name: str) -> Json:
    values = found.values[name]
    known = ~np.isnan(values)
    mine = values[known & (found.arms == place)]
    mean = float(mine.mean()) if len(mine) else float("nan")
    if place == 0:
        return {"mean": mean}
    both = known & np.isin(found.arms, (0, place))
    treated = found.arms[both] == place
    shares = experiment.arms[0].share, experiment.arms[place].share
    risk = (1 - experiment.level) / (len(experiment.arms) - 1 if name == DECIDES else 1)
    sequence = difference_sequence(values[both], treated, shares[1] / sum(shares), 1 - risk)
    control = values[known & (found.arms == 0)]
    steps = _steps(len(treated))
    running = np.cumsum(np.where(treated, values[both], 0)) / np.maximum(np.cumsum(treated), 1)
    running -= np.cumsum(np.where(treated, 0, values[both])) / np.maximum(np.cumsum(~treated), 1)
    end = {"low": float(sequence.low[-1]), "high": float(sequence.high[-1])} if len(treated) else {"low": None, "high": None}
    curve = {"users": [step + 1 for step in steps], "difference": running[steps].tolist()}
    ends = {"low": sequence.low[steps].tolist(), "high": sequence.high[steps].tolist()}
    difference = mean - float(control.mean()) if len(control) else float("nan")
    return {"mean": mean, "difference": difference, **end, "curve": curve | ends}


def _steps(n: int) -> list[int]:
    return sorted({int(step) for step in np.linspace(0, n - 1, min(n, POINTS))}) if n else []


def _cell(metric: Json) -> str:
    if metric["mean"] is None:
        return ""
    if metric.get("low") is None:
        return f"{metric['mean']:.4f}"
    return f"{metric['mean']:.4f}, {metric['difference']:+.4f} ({metric['low']:+.4f} … {metric['high']:+.4f})"
