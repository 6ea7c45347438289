from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.data import CleaningReport, DataSettings, RawData, clean, read, sample_path
from bowerbird.data.columns import typed_events
from bowerbird.data.items import item_table
from bowerbird.errors import DataError

NOW = datetime(2025, 1, 1, tzinfo=UTC)
DAY = datetime(2020, 1, 1, tzinfo=UTC)


def raw(rows, names=("user", "item", "time", "kind", "value"), items=None) -> RawData:
    frame = pl.DataFrame(rows, schema=list(names), orient="row", strict=False, infer_schema_length=None)
    events, notes = typed_events(frame, (), "events")
    return RawData(events, None if items is None else item_table(pl.DataFrame(items)), tuple(notes))


def counts(report, check):
    row = report[check]
    return row.found, row.kept, row.mended, row.left_out


def test_each_fault_is_found_and_counted():
    rows = [
        ("u", "a", DAY, "view", None),
        ("u", "a", DAY, "view", None),  # a copy
        (None, "a", DAY, "view", None),  # nobody
        ("nan", "a", DAY, "view", None),  # nobody, written out
        ("u", "", DAY, "view", None),  # nothing
        ("u", "b", None, "view", None),  # no time
        ("u", "b", datetime(1970, 1, 1, tzinfo=UTC), "view", None),  # before the web
        ("u", "b", NOW + timedelta(days=2), "view", None),  # after tomorrow
        ("u", "b", NOW + timedelta(hours=2), " View ", None),  # a clock that is a little fast
        ("u", "c", DAY, None, None),  # no kind
        ("u", "d", DAY, "refund", None),  # an undeclared kind
        ("u", "e", DAY, "play", -3.0),  # fewer than no plays
        ("u", "f", DAY, "rating", float("inf")),  # no number
        ("u", "z", DAY, "like", None),  # not in the item table
    ]
    data = clean(raw(rows, items={"item": list("abcdef")}), DataSettings(default_kind="click"), NOW)
    assert counts(data.report, "events") == (14, 6, 0, 8)
    assert counts(data.report, "missing ids") == (3, 0, 0, 3)
    assert counts(data.report, "missing times") == (1, 0, 0, 1)
    assert counts(data.report, "impossible times") == (1, 0, 0, 1)
    assert counts(data.report, "future times") == (1, 0, 0, 1)
    assert counts(data.report, "duplicates") == (1, 0, 0, 1)
    assert counts(data.report, "missing kinds") == (1, 0, 1, 0)
    assert counts(data.report, "unknown kinds") == (1, 0, 1, 0)
    assert "refund" in data.report["unknown kinds"].why
    assert counts(data.report, "values out of range") == (1, 0, 0, 1)
    assert counts(data.report, "values that are no numbers") == (1, 0, 1, 0)
    assert counts(data.report, "unknown items") == (1, 1, 0, 0)
    assert data.catalogue.ids == tuple("abcdefz")
    assert dict(zip(data.events["item"], data.events["kind"], strict=True)) == {
        "a": "view",
        "b": "view",
        "c": "click",
        "d": "click",
        "f": "rating",
        "z": "like",
    }


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["u", "v", "", None]),
            st.sampled_from(["a", "b", "c", None]),
            st.sampled_from([DAY, DAY + timedelta(days=1), datetime(1950, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC), None]),
            st.sampled_from(["view", "play", "boo", None]),
            st.sampled_from([None, 1.0, -1.0, float("nan")]),
        ),
        max_size=25,
    ),
    st.sampled_from(["keep", "drop"]),
    st.sampled_from(["default", "drop"]),
    st.integers(0, 2),
)
def test_every_row_is_accounted_for(rows, unknown_items, unknown_kinds, k_core):
    rows = [("u", "a", DAY, "view", None), *rows]
    how = DataSettings(k_core=k_core, default_kind="view", cleaning={"unknown_items": unknown_items, "unknown_kinds": unknown_kinds})
    try:
        data = clean(raw(rows, items={"item": ["a", "b"]}), how, NOW)
    except DataError as error:
        assert "is left after cleaning" in str(error)  # noqa: PT017
        return
    steps = [row for row in data.report if (row.check != "events" and "items" not in row.check) or row.check == "unknown items"]
    assert data.report["events"].left_out == sum(row.left_out for row in steps)
    assert all(row.found == row.kept + row.mended + row.left_out for row in data.report)
    assert len(data.events) == len(data.log) == data.report["events"].kept
    assert data.log.has_clock or data.events["time"].null_count() == len(data.events)
    for row, (user, item) in enumerate(data.events.select("user", "item").iter_rows()):
        assert data.users[data.log.users[row]] == user
        assert data.catalogue.ids[data.log.items[row]] == item


@given(st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from("abcd")), min_size=1, max_size=30), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_k_core_is_the_largest_that_holds(rows, k):
    left = list(rows)
    while True:
        good = [(u, i) for u, i in left if sum(u == x for x, _ in left) >= k and sum(i == y for _, y in left) >= k]
        if good == left:
            break
        left = good
    try:
        data = clean(raw(rows, ("user", "item"), {"item": ["a", "b", "c", "d", "never"]}), DataSettings(k_core=k))
    except DataError:
        assert not left
        return
    assert sorted(data.events.select("user", "item").rows()) == sorted(left)
    assert set(data.catalogue.ids) == {item for _, item in left}
    assert data.report["k-core"].left_out == len(rows) - len(left)


def test_bots_go_and_people_stay():
    person = [("person", f"i{n}", DAY + timedelta(seconds=2 * n)) for n in range(1500)]  # a long sitting
    importer = [("importer", f"i{n}", DAY) for n in range(8000)]  # all on one instant
    bot = [("bot", f"i{n % 5000}", DAY + timedelta(seconds=n)) for n in range(4 * 3600)]
    data = clean(raw([*person, *importer, *bot], ("user", "item", "time")), now=NOW)
    assert data.users == ("person", "importer")
    assert counts(data.report, "bots") == (4 * 3600, 0, 0, 4 * 3600)
    assert data.report["bots"].why.startswith("1 users")
    everyone = clean(raw(bot, ("user", "item", "time")), DataSettings(cleaning={"bots": False}), NOW)
    assert everyone.users == ("bot",)


def test_absurd_counts_are_bots_without_a_clock_too():
    rows = [("bot", f"i{n}") for n in range(60)] + [("person", "i0")]
    data = clean(raw(rows, ("user", "item")), DataSettings(cleaning={"events_per_user": 50}))
    assert data.users == ("person",)


def test_the_sample_is_clean_and_nobody_in_it_is_a_bot():
    data = clean(read(sample_path(), settings=DataSettings(format="movielens")), DataSettings(format="movielens"), NOW)
    assert (len(data.users), len(data.catalogue), len(data.events)) == (610, 9_742, 100_836)
    assert len(np.unique(data.log.items)) == 9_724
    assert data.report["events"].left_out == 0
    assert data.scale.low == 0.5
    assert data.scale.high == 5
    assert data.log.has_clock
    same_user = np.diff(data.log.users) == 0
    assert np.all(np.diff(data.log.times)[same_user] >= 0)


def test_users_and_items_are_numbered_in_the_order_of_the_file():
    names = [f"n{(37 * n) % 101}" for n in range(101)]
    data = clean(raw([(f"u{name}", name) for name in names], ("user", "item")))
    assert list(data.catalogue.ids) == names
    assert list(data.users) == [f"u{name}" for name in names]


def test_sorting_by_time_is_stable():
    rows = [("u", item, DAY) for item in "dbca"]
    assert clean(raw(rows, ("user", "item", "time")), now=NOW).events["item"].to_list() == list("dbca")


def test_of_two_marks_at_one_time_the_last_counts():
    rows = [("u", "a", DAY, "rating", 1.0), ("u", "a", DAY, "rating", 5.0)]
    data = clean(raw(rows), now=NOW)
    assert data.events["value"].to_list() == [5.0]


def test_without_times_repeats_stay():
    data = clean(raw([("u", "a"), ("u", "a")], ("user", "item")))
    assert counts(data.report, "duplicates") == (1, 1, 0, 0)


def test_declared_rating_range():
    rows = [("u", item, DAY, "rating", value) for item, value in zip("abc", (1.0, 5.0, 50.0), strict=True)]
    data = clean(raw(rows), DataSettings(rating_range=(1, 5)), NOW)
    assert data.events["value"].to_list() == [1, 5]
    assert (data.scale.low, data.scale.high) == (1, 5)


def test_unreadable_values_and_columns_without_a_use_are_told():
    data = clean(raw([("u", "a", "4"), ("u", "b", "four")], ("user", "item", "value")))
    assert counts(data.report, "unreadable values") == (1, 0, 1, 0)
    told = clean(raw([("u", "a", "x")], ("user", "item", "split")))
    assert told.report["unused event columns"].why.startswith("split")


def test_unknown_items_and_kinds_can_be_dropped():
    how = DataSettings(cleaning={"unknown_items": "drop", "unknown_kinds": "drop"})
    rows = [("u", "a", DAY, "view", None), ("u", "z", DAY, "view", None), ("u", "a", DAY, "boo", None)]
    data = clean(raw(rows, items={"item": ["a"]}), how, NOW)
    assert data.catalogue.ids == ("a",)
    assert len(data.events) == 1


def test_nothing_left_is_an_error_that_says_why():
    with pytest.raises(DataError, match=r"none of 1 rows is left after cleaning \(1 for future times\)"):
        clean(raw([("u", "a", datetime(2031, 1, 1, tzinfo=UTC))], ("user", "item", "time")), now=NOW)


def test_items_are_cleaned():
    items = {
        "item": ["1", "2", "2", None, "3"],
        "title": ["Tom &amp; Jerry", "old", "MotÃ¶rhead", "x", ""],
        "categories": ["Toys &amp; Games|Books", "", "Books", "", ""],
        "text": ["['One.', 'Two <b>bold</b>.']", "x", "N/A", "x", "5 < 6 and 7 > 6"],
    }
    data = clean(raw([("u", "1"), ("u", "2")], ("user", "item"), items))
    assert data.catalogue.frame["title"].to_list() == ["Tom & Jerry", "Motörhead", None]
    assert data.catalogue.frame["text"].to_list() == ["One. Two bold .", None, "5 < 6 and 7 > 6"]
    assert data.catalogue.categories == [("Toys & Games", "Books"), ("Books",), ()]
    assert counts(data.report, "items without id") == (1, 0, 0, 1)
    assert counts(data.report, "duplicate items") == (1, 0, 0, 1)
    assert counts(data.report, "HTML in texts (items)") == (2, 0, 2, 0)
    assert counts(data.report, "wrong encodings (items)") == (1, 0, 1, 0)
    assert counts(data.report, "lists written as text (items)") == (1, 0, 1, 0)
    assert counts(data.report, "placeholders (items)") == (1, 0, 1, 0)
    assert counts(data.report, "items without title") == (1, 1, 0, 0)


def test_boilerplate_goes_and_what_is_said_of_one_item_stays():
    legal = "Prices and availability may change at any time."
    items = {"item": [str(n) for n in range(60)], "text": [f"Number {n} is a fine thing to have. {legal}" for n in range(60)]}
    data = clean(raw([("u", "1")], ("user", "item"), items))
    assert data.catalogue.frame["text"].to_list() == [f"Number {n} is a fine thing to have." for n in range(60)]
    assert counts(data.report, "boilerplate (items)") == (60, 0, 60, 0)
    kept = clean(raw([("u", "1")], ("user", "item"), items), DataSettings(cleaning={"boilerplate": 0}))
    assert legal in kept.catalogue.frame["text"][0]


def test_the_report_survives_json():
    report = clean(raw([("u", "a")], ("user", "item"))).report
    assert CleaningReport.from_json(report.to_json()) == report
    assert report.table().height == len(report.rows)


def test_progress_is_told():
    told = []
    clean(raw([("u", "a")], ("user", "item")), progress=lambda what, done, total: told.append((what, done, total)))
    assert told[0][:2] == ("cleaning", 0)
    assert told[-1][1] == told[-1][2]
