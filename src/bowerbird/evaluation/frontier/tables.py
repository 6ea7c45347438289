"""The price list as tables: every strength, what more distance costs, what appetite adds, and what the dial means."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table

from bowerbird.types import Json

Figure = Sequence[float | None]
"""Mean, low, high."""

OTHERS = {"intents": "intents\nshown", "served": "intents\nserved", "calibration": "calibration\ngap", "novelty": "novelty"}
"""Figures that stand in the table where they could be measured."""


def tables(report: Json) -> list[Table]:
    """All strengths, the comparisons at equal distance, the dial.

    report  from `report.to_json`, or read back from its file
    """
    by_appetite = [appetite_table(report)] if any(line["appetite"] for line in report["lines"]) else []
    return [points_table(report), matched_table(report), *by_appetite, dial_table(report)]


def points_table(report: Json) -> Table:
    """One row for each strength of each line."""
    data, protocol = report["data"], report["protocol"]
    table = _empty(
        f"What each strength costs and buys: {data['test_users']} test users, split {protocol['split']!r}, {protocol['model']['kind']} "
        f"fitted on {data['events']} events, pool {protocol['pool']}; data {data['fingerprint'][:16]}",
        ["re-ranker", "strength"],
    )
    there = [name for name in OTHERS if name in report["lines"][0]["points"][0]["means"]]
    headings = [f"NDCG\n@{protocol['k']}", "given up", *(f"distance,\n{name}" for name in report["similarities"])]
    for heading in (*headings, *(OTHERS[name] for name in there), "catalogue\nshown", "Gini"):
        table.add_column(heading, justify="right")
    for line in report["lines"]:
        for point in line["points"]:
            means = point["means"]
            cells = [_number(means["ndcg"][0], ".4f"), _share(point["given_up"])]
            cells += [_number(means[f"distance:{name}"][0], ".3f") for name in report["similarities"]]
            cells += [_number(means[name][0], ".2f") for name in there]
            cells += [_number(point["totals"]["coverage"], ".1%"), _number(point["totals"]["gini"], ".3f")]
            table.add_row(line["name"], f"{point['strength']:g}", *cells)
        table.add_section()
    return table


def matched_table(report: Json) -> Table:
    """What each line gives up where its lists are so much more varied, under each similarity."""
    table = _empty("NDCG given up for more distance than at strength 0 (95 % interval over users)", ["similarity", "distance"])
    for line in report["lines"]:
        table.add_column(line["name"], justify="right")
    held = [line["name"] for line in report["lines"] if any(row["line"] == line["name"] and row["against"] for row in report["matched"])]
    for name in held:
        table.add_column(f"{name} − better\nof MMR and DPP", justify="right")
    for similarity, gain, rows in _levels(report):
        cells = [_share(rows[line["name"]]["given_up"]) if rows[line["name"]]["given_up"] else "not reached" for line in report["lines"]]
        cells += [_points(rows[name]["against"]["difference"]) if rows[name]["against"] else "–" for name in held]
        table.add_row(similarity, f"{gain:+.0%}", *cells)
    return table


def appetite_table(report: Json) -> Table:
    """What each re-ranker gives up more when its strength follows the appetite of each user, at equal distance."""
    table = _empty("NDCG given up by appetite, less that with one strength for all (95 % interval over users)", ["similarity", "distance"])
    lines = [line for line in report["lines"] if line["appetite"]]
    for line in lines:
        table.add_column(line["settings"]["kind"], justify="right")
    for similarity, gain, rows in _levels(report):
        found = [rows[line["name"]]["fixed"] for line in lines]
        table.add_row(similarity, f"{gain:+.0%}", *[_points(gap["difference"]) if gap else "not reached" for gap in found])
    return table


def dial_table(report: Json) -> Table:
    """What each tenth of the dial may give up, and did."""
    dial = report["dial"]
    table = _empty(f"The dial of {dial['rerank']['kind']}, as validation sets it", ["diversity"])
    more = [f"distance,\n{name}" for name in report["similarities"]]
    for heading in ("own\ndial", "may\ngive up", "validation\ngave up", "test gave up", *more):
        table.add_column(heading, justify="right")
    for row in dial["rows"]:
        cells = [f"{row['strength']:.4g}", f"{row['budget']:.2%}", _share(row["validation"]), _share(row["test"])]
        for name in report["similarities"]:
            before, now = row["distance"][name]
            cells.append("–" if not before or now is None else f"{now / before - 1:+.1%}")
        table.add_row(f"{row['diversity']:g}", *cells)
    return table


def said(report: Json) -> list[str]:
    """How to read the tables: a sentence each."""
    protocol = report["protocol"]
    return [
        f"All lines choose from the same pools. {protocol['ranking'].capitalize()}. Below 0, “given up” is a gain; "
        "where a list stands between two strengths, both are mixed in the same parts for all users.",
        "MMR, DPP and SSD move items by their language vectors, exchange also by categories; none of them knows co-consumption.",
        f"The dial was set by {protocol['validation_users']} users of validation: there the upper end of what was given up is within the "
        f"budget. What the test gave up stands beside it. The 95 % intervals draw users and know nothing of another time or seed; seed "
        f"{protocol['seed']}.",
    ]


def _levels(report: Json) -> Iterator[tuple[str, float, dict[str, Json]]]:
    """Every similarity with every distance that lines are compared at, and the rows of the lines by name."""
    for similarity, gain in dict.fromkeys((row["similarity"], row["gain"]) for row in report["matched"]):
        yield similarity, gain, {row["line"]: row for row in report["matched"] if (row["similarity"], row["gain"]) == (similarity, gain)}


def _empty(title: str, firsts: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)
    for name in firsts:
        table.add_column(name, no_wrap=True)
    return table


def _share(figure: Figure) -> str:
    mean, low, high = figure
    return "–" if mean is None or low is None or high is None else f"{mean:.1%} ({low:.1%} to {high:.1%})"


def _points(figure: Figure) -> str:
    mean, low, high = figure
    return "–" if mean is None or low is None or high is None else f"{mean:+.1%} ({low:+.1%} to {high:+.1%})"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
