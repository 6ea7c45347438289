"""The report as tables for a terminal."""

from collections.abc import Callable

from rich.table import Table

from bowerbird.types import Json


def tables(report: Json) -> list[Table]:
    """The leaderboard, the cold-start curve, and the results by history length, in this order.

    report  from `report.to_json`, or read back from its file
    """
    return [leaderboard_table(report), cold_start_table(report), history_table(report)]


def leaderboard_table(report: Json) -> Table:
    """One row a system; the best of each accuracy column is bold."""
    k = report["protocol"]["ks"][0]
    accuracy = {f"NDCG@{k}": f"ndcg@{k}", f"Recall@{k}": f"recall@{k}", f"HR@{k}": f"hit@{k}", f"MRR@{k}": f"mrr@{k}"}
    distances = [name for name in report["systems"][0]["means"] if name.startswith("distance:")]
    table = Table(title=_title(report), caption=_caption(report), title_justify="left", caption_justify="left")
    table.add_column("system")
    for heading in (*accuracy, "Δ NDCG to best baseline", "coverage", "Gini", "novelty", *("ILD " + _short(name) for name in distances)):
        table.add_column(heading, justify="right")
    table.add_column("fit s", justify="right")
    table.add_column("ms/query", justify="right")
    for system in report["systems"]:
        table.add_row(
            system["name"],
            *(_strong(_with_interval if name.startswith("ndcg") else _mean, report, system, name) for name in accuracy.values()),
            _difference(system),
            _number(system["totals"]["coverage"]),
            _number(system["totals"]["gini"]),
            _mean(system["means"]["novelty"], 1),
            *(_mean(system["means"][name]) for name in distances),
            f"{system['fit_seconds']:.1f}",
            f"{system['ms_per_query']:.2f}",
            end_section=system is _last_baseline(report),
        )
    return table


def cold_start_table(report: Json) -> Table:
    """Recall of the test events by how many training events their item has."""
    return _curve(report, "by_item_age", "Cold-start curve: recall of the wanted items, by their training events", "recall")


def history_table(report: Json) -> Table:
    """NDCG of the test users by how many events their history has."""
    return _curve(report, "by_history", "By history length: NDCG of the test users, by the events in their history", "ndcg")


def _curve(report: Json, part: str, title: str, metric: str) -> Table:
    k = report["protocol"]["ks"][0]
    table = Table(title=f"{title} ({metric}@{k}, 95 % interval)", title_justify="left")
    table.add_column("system")
    for bucket in report["systems"][0][part]:
        table.add_column(f"{bucket['label']}\n{bucket['events']} events", justify="right")
    for system in report["systems"]:
        cells = [_with_interval(bucket["means"][f"{metric}@{k}"]) for bucket in system[part]]
        table.add_row(system["name"], *cells, end_section=system is _last_baseline(report))
    return table


def _title(report: Json) -> str:
    data = report["data"]
    return (
        f"Test of split “{report['protocol']['split']}”: {data['test_users']} users ({data['newcomers']} newcomers), "
        f"{data['test_events']} events; fitted on {data['users']} users, {data['items']} items, {data['events']} events; "
        f"data {data['fingerprint'][:16]}"
    )


def _caption(report: Json) -> str:
    protocol = report["protocol"]
    return (
        f"{protocol['ranking']}; seed {', '.join(map(str, protocol['seeds']))}; 95 % bootstrap intervals over users; "
        f"tuned with ≤ {protocol['budget']} trials each by {protocol['tuned_by']} ({protocol['validation_users']} users); "
        f"best baseline: {report['best_baseline']}"
    )


def _last_baseline(report: Json) -> Json | None:
    baselines = [system for system in report["systems"] if system["role"] == "baseline"]
    return baselines[-1] if baselines else None


def _strong(cell: Callable[[list[float | None]], str], report: Json, system: Json, name: str) -> str:
    """The cell, bold where no other system that is not a control has a higher mean."""
    top = max(other["means"][name][0] or 0 for other in report["systems"] if other["role"] != "control")
    text = cell(system["means"][name])
    return f"[bold]{text}[/bold]" if system["means"][name][0] == top else text


def _difference(system: Json) -> str:
    gap = system["against_best_baseline"]
    if gap is None:
        return "–"
    return f"{gap['mean']:+.4f} ({gap['low']:+.4f} … {gap['high']:+.4f}) p {gap['p']:.3f}"


def _with_interval(interval: list[float | None]) -> str:
    mean, low, high = interval
    return "–" if mean is None or low is None or high is None else f"{mean:.4f} ({low:.4f} … {high:.4f})"


def _mean(interval: list[float | None], digits: int = 4) -> str:
    return _number(interval[0], digits)


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _short(name: str) -> str:
    return name.removeprefix("distance:")
