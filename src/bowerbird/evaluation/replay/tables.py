"""The report of a replay as tables for a terminal, and what is to be known to read them."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from bowerbird.evaluation.replay.report import label
from bowerbird.types import Json

Figure = list[float | None]
"""Mean, low, high."""


def tables(report: Json) -> list[Table]:
    """The lines, quality over time, and quality by the time since the user's last event.

    report  from `report.to_json`, or read back from its file
    """
    return [lines_table(report), curve_table(report, "over_time"), curve_table(report, "since")]


def lines_table(report: Json) -> Table:
    """One row a line, users who were there before the start and newcomers also apart."""
    data, asked, k = report["data"], report["questions"], report["protocol"]["k"]
    table = _empty(
        f"Replay of {data['start'][:10]} to {data['end'][:10]}: {asked['all']} questions of {asked['users']} users, "
        f"{asked['newcomers'] / asked['all']:.1%} of them of {asked['newcomer_users']} newcomers; "
        f"fitted first on {data['events_before']} events; data {data['fingerprint'][:16]}"
    )
    several = len({line["system"] for line in report["lines"]}) > 1
    headings = [f"NDCG\n@{k}", f"HR\n@{k}", "NDCG,\nmean user", "Δ to first\ncadence", "Δ in\npercent"]
    headings += ["Δ %,\nknown users", "Δ %,\nnewcomers", *(["Δ to first\nsettings"] if several else []), "fits", "fit\ns", "ms/\nquestion"]
    for heading in headings:
        table.add_column(heading, justify="right")
    for line in report["lines"]:
        cells = [_interval(line["ndcg"]), _number(line["hit"][0]), _number(line["ndcg_of_the_mean_user"])]
        cells += [_gap(line, "difference"), _gap(line, "share"), _gap(line["known"], "share"), _gap(line["newcomers"], "share")]
        cells += [_gap(line, "difference", "against_first_system")] if several else []
        cells += [str(line["fits"]), f"{line['fit_seconds']:.1f}", f"{1000 * line['ask_seconds'] / asked['all']:.2f}"]
        table.add_row(label(line, report), *cells)
    return table


def curve_table(report: Json, curve: str) -> Table:
    """NDCG of each line, part by part.

    curve  "over_time" or "since"
    """
    titles = {"over_time": "Over time, in equal counts of questions", "since": "By the time since the user's last event"}
    table = _empty(f"{titles[curve]} (NDCG@{report['protocol']['k']}, 95 % interval)", "part")
    for heading in ("questions", "users", *(label(line, report) for line in report["lines"])):
        table.add_column(heading, justify="right")
    for row in report[curve]:
        name = row["label"] if "label" in row else f"to {row['to'][:10]}"
        table.add_row(name, str(row["questions"]), str(row["users"]), *(_interval(figure, " ") for figure in row["ndcg"]))
    return table


def said(report: Json) -> list[str]:
    """How to read the tables: a sentence each."""
    first = report["lines"][0]["cadence"]["name"]
    return [
        f"All lines are asked the same; Δ is to “{first}” of the same settings. {report['protocol']['ranking'].capitalize()}.",
        "Intervals (95 %) draw users, each with all of their questions, and know nothing of another time or seed; "
        f"seed {report['protocol']['seed']}.",
    ]


def _empty(title: str, first: str = "line") -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(first, no_wrap=True)
    return table


def _gap(figures: Json, what: str, against: str = "against_first_cadence") -> str:
    """A difference with its interval, or as a share in percent."""
    gap = figures[against]
    if gap is None or any(end is None for end in gap[what]):
        return "–"
    mean, low, high = gap[what]
    if what == "share":
        return f"{mean:+.0%}\n{low:+.0%} to {high:+.0%}"
    return f"{mean:+.4f}\n{low:+.4f} to {high:+.4f}"


def _interval(figure: Sequence[float | None], between: str = "\n") -> str:
    mean, low, high = figure
    return "–" if mean is None or low is None or high is None else f"{mean:.4f}{between}{low:.3f}–{high:.3f}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
