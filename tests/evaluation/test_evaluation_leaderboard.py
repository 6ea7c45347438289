import json

import evaluation_world as toy
import numpy as np
import pytest
from rich.console import Console

from bowerbird.evaluation.leaderboard import BASELINES, Baseline, leaderboard
from bowerbird.evaluation.report import best_baseline, to_json
from bowerbird.evaluation.tables import tables


@pytest.fixture(scope="module")
def board():
    split, catalogue = toy.world()
    baselines = (Baseline("poor", toy.CampRecipe(skill=0), {"luck": (0, 1)}), Baseline("better", toy.CampRecipe(skill=0.2), {}))
    return leaderboard(split, catalogue, {"good": toy.CampRecipe()}, baselines=baselines, controls=True, budget=3)


@pytest.fixture(scope="module")
def report(board):
    return to_json(board, "f00d" * 16, resamples=200)


def test_rows_and_roles(board):
    assert [(row.name, row.role) for row in board.rows] == [
        ("poor", "baseline"),
        ("better", "baseline"),
        ("good", "system"),
        ("good, shuffled texts", "control"),
        ("good, random vectors", "control"),
    ]


def test_only_what_may_be_tuned_is(board):
    assert [row.tuned.recipe.skill for row in board.rows] == [0, 0.2, 1, 1, 1]
    assert [len(row.tuned.trials) for row in board.rows] == [2, 0, 3, 0, 0]


def test_what_the_last_fits_read():
    split, catalogue = toy.world()
    toy.CampRecipe.FITS.clear()
    baselines = (Baseline("fixed", toy.CampRecipe(), {}),)
    leaderboard(split, catalogue, {"good": toy.CampRecipe()}, baselines=baselines, controls=True, budget=1)
    baseline, _trial, system, shuffled, noise = toy.CampRecipe.FITS
    assert all(log is split.before_test for log, _ in (baseline, system, shuffled, noise))
    assert system[1] is catalogue
    assert not any((control.vectors == catalogue.vectors).all() for _, control in (shuffled, noise))


def test_without_refit_validation_is_never_learned_from():
    split, catalogue = toy.world()
    toy.CampRecipe.FITS.clear()
    board = leaderboard(split, catalogue, {"good": toy.CampRecipe()}, baselines=(), budget=2, refit=False)
    assert all(log is split.train for log, _ in toy.CampRecipe.FITS)
    report = to_json(board, "x", resamples=20)
    assert report["protocol"]["fitted_on"] == "train"
    assert report["data"]["events"] == len(split.train)


def test_variety_of_a_control_is_measured_with_the_true_vectors(board):
    system, shuffled = board.rows[2:4]
    same = [a.items.tolist() == b.items.tolist() for a, b in zip(system.result.slates, shuffled.result.slates, strict=True)]
    assert all(same)  # this recipe reads no vectors
    np.testing.assert_array_equal(system.result.values["distance:language"], shuffled.result.values["distance:language"])


def test_the_report_is_plain_json_and_complete(report):
    again = json.loads(json.dumps(report, allow_nan=False))
    assert again == report
    assert report["data"]["fingerprint"] == "f00d" * 16
    assert report["data"].keys() >= {"users", "items", "events", "test_users", "test_events", "newcomers"}
    assert report["protocol"]["seeds"] == [0]
    assert report["best_baseline"] in ("poor", "better")
    for system in report["systems"]:
        mean, low, high = system["means"]["ndcg@10"]
        assert low <= mean <= high
        assert system["fit_seconds"] >= 0
        assert system["ms_per_query"] > 0


def test_compared_with_the_best_baseline(board, report):
    best = best_baseline(board)
    ndcg = {row.name: row.result.values["ndcg@10"].mean() for row in board.rows[:2]}
    assert ndcg[best.name] == max(ndcg.values()) > min(ndcg.values())
    gaps = {system["name"]: system["against_best_baseline"] for system in report["systems"]}
    assert gaps[best.name] is None
    system = board.rows[2].result.values["ndcg@10"]
    assert gaps["good"]["mean"] == pytest.approx((system - best.result.values["ndcg@10"]).mean())
    assert gaps["good"]["p"] < 0.05


def test_known_users_are_also_compared_among_themselves(board, report):
    known = board.rows[0].result.lengths > 0
    assert 0 < known.sum() < len(known)
    system, baseline = (row.result.values["ndcg@10"][known] for row in (board.rows[2], best_baseline(board, known)))
    figures = report["systems"][2]["known_users"]
    assert figures["users"] == known.sum() == report["data"]["test_users"] - report["data"]["newcomers"]
    assert figures["means"]["ndcg@10"][0] == pytest.approx(system.mean())
    assert figures["against_best_baseline"]["mean"] == pytest.approx((system - baseline).mean())
    assert figures["against_best_baseline"]["to"] == report["best_baseline_of_known_users"]


def test_the_same_board_gives_the_same_report(board, report):
    assert to_json(board, "f00d" * 16, resamples=200) == report


def test_intents_have_columns_where_they_were_measured(report):
    assert "intents" not in [column.header for column in tables(report)[1].columns]
    more = json.loads(json.dumps(report))
    for system in more["systems"]:
        system["means"] |= {"intents": [4.25, 4, 5], "served": [0.625, 0.5, 0.7]}
    columns = {column.header: list(column.cells) for column in tables(more)[1].columns}
    assert set(columns["intents"]) == {"4.2"}
    assert set(columns["intents\nserved"]) == {"0.625"}


def test_tables_print_what_was_measured(report):
    console = Console(width=150)
    with console.capture() as capture:
        for table in tables(json.loads(json.dumps(report))):
            console.print(table)
    text = capture.get()
    assert "…" not in text  # nothing is cut off at this width
    for words in (
        "NDCG",
        "@10",
        "categories",
        "known users",
        "good, shuffled texts",
        "f00df00df00df00d",
        "Cold-start",
        "By history",
        "seed 0",
    ):
        assert words in text
    good = report["systems"][2]
    assert f"{good['means']['ndcg@10'][0]:.4f}" in text
    assert f"{good['known_users']['against_best_baseline']['mean']:+.4f}" in text


def test_what_cannot_be_said_is_null_and_a_dash():
    split, catalogue = toy.world()
    board = leaderboard(split, catalogue, {"good": toy.CampRecipe(skill=1)}, baselines=(), budget=1, ks=(1,))
    report = to_json(board, "x", resamples=50)
    assert json.dumps(report, allow_nan=False)
    assert report["systems"][0]["means"]["distance:language"] == [None, None, None]  # a list of one has no pairs
    assert report["best_baseline"] is None
    assert all(table.row_count == 1 for table in tables(report))


def test_the_baselines_of_the_design_stand_in_every_table():
    assert [baseline.name for baseline in BASELINES] == [
        "popular, all time",
        "popular, last 7 days",
        "item-kNN",
        "EASE",
        "EASE, recency-weighted",
        "iALS",
    ]
    for baseline in BASELINES:
        assert set(baseline.space) <= type(baseline.recipe).model_fields.keys()
    plain, recent = BASELINES[3:5]
    assert plain.recipe.half_life_events is None
    assert "half_life_events" not in plain.space
    assert None not in (recent.recipe.half_life_events, *recent.space["half_life_events"])


def test_real_baselines_run_and_those_who_read_histories_know_the_board():
    split, catalogue = toy.world()
    board = leaderboard(split, catalogue, {}, budget=1)
    known = board.rows[0].result.lengths > 0
    ndcg = {row.name: row.result.values["ndcg@10"][known].mean() for row in board.rows}
    assert len(ndcg) == len(BASELINES)
    assert min(ndcg["EASE"], ndcg["item-kNN"]) > ndcg["popular, all time"]
    for row in board.rows[2:]:  # and they show newcomers what is popular
        lists = [slate.items.tolist() for slate, has_history in zip(row.result.slates, known, strict=True) if not has_history]
        assert lists[0]
        assert all(shown == lists[0] for shown in lists)
