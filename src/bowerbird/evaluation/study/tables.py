"""The outcome of a study as a table, and in sentences."""

from typing import Any

from rich import box
from rich.table import Table

from bowerbird.config import value_at
from bowerbird.evaluation.study.outcome import Outcome
from bowerbird.models import Recipe


def table(found: Outcome) -> Table:
    """Setting by setting: as given, the best, and how much it matters."""
    shown = Table(title=f"Tuned {found.plan.recipe.kind}", title_justify="left", box=box.SIMPLE, pad_edge=False)
    shown.add_column("setting", no_wrap=True)
    for column in ("as given", "best", "importance"):
        shown.add_column(column, justify="right")
    for name in found.plan.choices:
        share = found.importance.get(name)
        before, after = (_plain(value_at(recipe, name)) for recipe in (found.given.recipe, found.best.recipe))
        after = f"[bold]{after}[/bold]" if after != before else after
        shown.add_row(_named(name, found.plan.recipe), before, after, "–" if share is None else f"{share:.0%}")
    return shown


def said(found: Outcome) -> list[str]:
    """The scores, what happened, and what is to be thought of the gain: a sentence each."""
    given = "refused" if found.given.values is None else f"{found.given.score:.4f}"
    return [
        f"NDCG@{found.plan.bench.ks[0]} {given} as given, {found.best.score:.4f} best, on {len(found.plan.cases)} validation users.",
        f"{len(found.trials)} trials, {found.stopped} of them stopped early and {found.refused} refused; all were fitted on train alone.",
        *_gain(found),
        *(["Ended by Ctrl-C."] if found.interrupted else []),
        *([f"{found.lost} processes died, for want of memory perhaps: try fewer."] if found.lost else []),
    ]


def _gain(found: Outcome) -> list[str]:
    gap = found.difference
    if found.best is found.given:
        return ["Nothing better than the settings as given was found."]
    if gap is None:
        return []
    sure = "above 0" if gap.low > 0 else "within noise"
    return [
        f"Gain {gap.mean:+.4f}, 95 % interval {gap.low:+.4f} to {gap.high:+.4f} (paired bootstrap over users, p {gap.p:.3f}): {sure}.",
        "The users who judged also chose, which flatters the best. What it is worth on the test, `bowerbird evaluate` tells.",
    ]


def _named(name: str, recipe: Recipe) -> str:
    """`members.3.l2 (ease)`: a place alone says little."""
    table, *place = name.split(".")[:2]
    return f"{name} ({value_at(recipe, f'members.{place[0]}.kind')})" if table == "members" else name


def _plain(value: Any) -> str:
    return "inf" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
