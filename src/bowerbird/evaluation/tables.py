"""The report as tables for a terminal: accuracy, variety and cost, and two curves. None wants more than 100 columns or so."""

from collections.abc import Callable
from itertools import zip_longest

from rich import box
from rich.table import Table

from bowerbird.types import Json

Cell = Callable[[Json], str]
"""From one of the report's systems to what stands in a column."""

Mean = list[float | None]
"""Mean, low, high."""


def tables(report: Json) -> list[Table]:
    """The leaderboard, variety and cost, the cold-start curve, and the results by history length, in this order.

    report  from `report.to_json`, or read back from its file
    """
    return [leaderboard_table(report), beyond_table(report), cold_start_table(report), history_table(report)]


def leaderboard_table(report: Json) -> Table:
    """How well each system finds what was wanted; the best NDCG that is not a control's is bold."""
    return _table(report, {**_accuracy(report), **_known(report)}, _title(report), _caption(report))


def beyond_table(report: Json) -> Table:
    """How varied and how dear each system is."""
    return _table(report, _beyond(report), "Variety of what is shown, and cost", "")


def _table(report: Json, columns: dict[str, Cell], title: str, caption: str) -> Table:
    """One row a system."""
    table = _empty(title, caption)
    for heading in columns:
        table.add_column(heading, justify="right")
    top = max((system["means"][_ndcg(report)][0] for system in report["systems"] if system["role"] != "control"), default=None)
    for system, following in zip_longest(report["systems"], report["systems"][1:]):
        style = "bold" if system["means"][_ndcg(report)][0] == top and system["role"] != "control" else None
        last_of_its_role = following is None or system["role"] == "baseline" != following["role"]
        table.add_row(system["name"], *(cell(system) for cell in columns.values()), style=style, end_section=last_of_its_role)
    return table


def cold_start_table(report: Json) -> Table:
    """Recall of the test events by how many training events their item has."""
    return _curve(report, "by_item_age", "Cold-start curve: recall of the wanted items, by their training events", "recall")


def history_table(report: Json) -> Table:
    """NDCG of the test users by how many events their history has."""
    return _curve(report, "by_history", "By history length: NDCG of the test users, by the events in their history", "ndcg")


def _accuracy(report: Json) -> dict[str, Cell]:
    k = report["protocol"]["ks"][0]
    return {
        f"NDCG\n@{k}": lambda system: _interval(system["means"][f"ndcg@{k}"]),
        "Δ to best\nbaseline": lambda system: _difference(system["against_best_baseline"]),
        f"Recall\n@{k}": lambda system: _number(system["means"][f"recall@{k}"][0]),
        f"HR\n@{k}": lambda system: _number(system["means"][f"hit@{k}"][0]),
        f"MRR\n@{k}": lambda system: _number(system["means"][f"mrr@{k}"][0]),
    }


def _known(report: Json) -> dict[str, Cell]:
    """NDCG without the newcomers, where there are any and not only they."""
    if not report["data"]["newcomers"] or report["data"]["newcomers"] == report["data"]["test_users"]:
        return {}
    return {
        "NDCG,\nknown users": lambda system: _interval(system["known_users"]["means"][_ndcg(report)]),
        "Δ among\nthem": lambda system: _difference(system["known_users"]["against_best_baseline"]),
    }


def _beyond(report: Json) -> dict[str, Cell]:
    def mean(name: str, digits: int = 3) -> Cell:
        return lambda system: _number(system["means"][name][0], digits)

    measured = report["systems"][0]["means"] if report["systems"] else {}
    distances = [name for name in measured if name.startswith("distance:")]
    of_intents = {"intents": mean("intents", 1), "intents\nserved": mean("served")} if "served" in measured else {}
    return {
        "cover-\nage": lambda system: _number(system["totals"]["coverage"], 3),
        "Gini": lambda system: _number(system["totals"]["gini"], 3),
        "nov-\nelty": mean("novelty", 1),
        **{"ILD\n" + name.removeprefix("distance:"): mean(name) for name in distances},
        **of_intents,
        "fit\ns": lambda system: f"{system['fit_seconds']:.1f}",
        "ms/\nquery": lambda system: f"{system['ms_per_query']:.2f}",
    }


def _curve(report: Json, part: str, title: str, metric: str) -> Table:
    k = report["protocol"]["ks"][0]
    table = _empty(f"{title} ({metric}@{k}, 95 % interval)")
    for bucket in report["systems"][0][part] if report["systems"] else []:
        table.add_column(f"{bucket['label']}\n{bucket['events']} events\n{bucket['users']} users", justify="right")
    for system in report["systems"]:
        table.add_row(system["name"], *(_interval(bucket["means"][f"{metric}@{k}"]) for bucket in system[part]))
    return table


def _empty(title: str, caption: str | None = None) -> Table:
    table = Table(
        title=title, caption=caption, title_justify="left", caption_justify="left", box=box.SIMPLE, padding=(0, 1, 0, 0), pad_edge=False
    )
    table.add_column("system", no_wrap=True)
    return table


def _ndcg(report: Json) -> str:
    return f"ndcg@{report['protocol']['ks'][0]}"


def _title(report: Json) -> str:
    data, protocol = report["data"], report["protocol"]
    return (
        f"Test of split “{protocol['split']}”: {data['test_users']} users ({data['newcomers']} newcomers), {data['test_events']} events; "
        f"fitted on {protocol['fitted_on']}: {data['users']} users, {data['items']} items, {data['events']} events; "
        f"data {data['fingerprint'][:16]}"
    )


def _caption(report: Json) -> str:
    protocol = report["protocol"]
    return (
        f"{protocol['ranking']}; seed {', '.join(map(str, protocol['seeds']))}; 95 % bootstrap intervals over users; "
        f"tuned with ≤ {protocol['budget']} trials each by {protocol['tuned_by']} ({protocol['validation_users']} users); "
        f"best baseline: {report['best_baseline']}; among known users: {report['best_baseline_of_known_users']}"
    )


def _difference(gap: Json | None) -> str:
    return "–" if gap is None else f"{gap['mean']:+.4f}\np {gap['p']:.3f}"


def _interval(figure: Mean) -> str:
    mean, low, high = figure
    return "–" if mean is None or low is None or high is None else f"{mean:.4f}\n{low:.3f}–{high:.3f}"


def _number(value: float | None, digits: int = 4) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
