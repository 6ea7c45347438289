from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from bowerbird.data import Catalogue
from bowerbird.data.items import item_table
from bowerbird.errors import DataError
from bowerbird.intents import Intents


def shop() -> Catalogue:
    return Catalogue.of(
        ["a", "b", "c"],
        ["Ape", "", "Cat"],
        [["toy", "red"], [], ["toy"]],
        year=[1990, None, 2001],
        price=[1.5, 2.0, None],
        new=[True, False, None],
        brand=["X", "Y", None],
    )


def test_numbers_and_ids_are_each_others_inverse():
    assert [shop().number(item) for item in shop().ids] == [0, 1, 2]
    assert shop().numbers(["c", "?", "a"]).tolist() == [2, -1, 0]
    assert shop().numbers([]).dtype == np.int32


def test_an_item_without_title_is_shown_by_its_id():
    assert shop().titles == ("Ape", "b", "Cat")


def test_category_matrix_marks_what_each_item_is():
    matrix = shop().category_matrix
    assert shop().category_names == ("red", "toy")
    assert matrix.toarray().tolist() == [[1, 1], [0, 0], [0, 1]]
    assert matrix.dtype == np.float32
    assert Catalogue.of(["a"]).category_matrix.shape == (1, 0)


@pytest.mark.parametrize(
    ("filters", "passing"),
    [
        ({}, "abc"),
        ({"categories": "toy"}, "ac"),
        ({"categories": ["red", "blue"]}, "a"),
        ({"year": 1990}, "a"),
        ({"year": "1990"}, "a"),
        ({"year": [1990.0, 2001]}, "ac"),
        ({"year": "soon"}, ""),
        ({"price": 2}, "b"),
        ({"new": True}, "a"),
        ({"new": "false"}, "b"),
        ({"brand": ["X", "Y"]}, "ab"),
        ({"brand": "X", "categories": "toy"}, "a"),
        ({"item": "c"}, "c"),
        ({"categories": []}, ""),
    ],
)
def test_filters(filters, passing):
    keep = shop().mask(filters)
    assert keep.dtype == bool
    assert "".join(item for item, kept in zip(shop().ids, keep, strict=True) if kept) == passing


def test_an_unknown_filter_names_the_known_ones():
    with pytest.raises(DataError, match=r"filter 'color': items have no such field, it must be one of .*brand.*year"):
        shop().mask({"color": "red"})


def test_ids_must_be_unique_and_present():
    with pytest.raises(DataError, match="'a' stands twice"):
        Catalogue.of(["a", "a"])
    with pytest.raises(DataError, match="must have an id"):
        Catalogue(pl.DataFrame({"item": ["a", None]}))


def test_vectors_are_one_an_item():
    assert shop().with_vectors(np.eye(3, dtype=np.float32)).vectors is not None
    placed = sparse.csr_array(np.eye(3, dtype=np.float32))
    intents = Intents(("a", "b", "c"), np.eye(3, dtype=np.float32), np.arange(3, dtype=np.int32), 0.1, placed)
    divided = shop().with_vectors(np.eye(3, dtype=np.float32)).with_intents(intents)
    assert divided.intents is intents
    assert divided.with_vectors(divided.vectors).intents is None
    assert divided.upsert([{"item": "new"}]).intents is None
    with pytest.raises(DataError, match="intents must place each of 3 items, got 2"):
        shop().with_intents(replace(intents, membership=placed[:2]))
    with pytest.raises(DataError, match=r"one row for each of 3 items, got shape \(2, 2\)"):
        shop().with_vectors(np.eye(2, dtype=np.float32))


def test_unavailable_items():
    table = item_table(pl.DataFrame({"item": ["a", "b", "c", "d"], "available": ["yes", "No", None, "0"]}))
    assert Catalogue(table).available.tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a|b", ["a", "b"]),
        (" a | |b|a", ["a", "b"]),
        ("", []),
        (None, []),
        ("['x', 'y z']", ["x", "y z"]),
        ("[not a list", ["[not a list"]),
        ("[]", []),
    ],
)
def test_categories_in_all_forms(written, read):
    assert item_table(pl.DataFrame({"item": ["1"], "categories": pl.Series([written], dtype=pl.String)}))["categories"].to_list() == [read]


def test_categories_as_lists():
    frame = pl.DataFrame({"item": ["1", "2", "3"], "categories": [["b", "a", "b"], None, [" ", None]]})
    assert item_table(frame)["categories"].to_list() == [["b", "a"], [], []]


def test_upsert_replaces_and_adds_and_moves_nothing():
    before = shop().with_vectors(np.eye(3, dtype=np.float32))
    after = before.upsert(
        [
            {"item": "z", "title": "Zebra", "categories": "toy|wild", "year": "1999"},
            {"item": "b", "title": "<b>Bee</b>", "available": False, "created": "2024-05-01"},
            {"item": "z", "title": "Zorro"},
        ]
    )
    assert after.ids == ("a", "b", "c", "z")
    assert after.titles == ("Ape", "Bee", "Cat", "Zorro")
    assert after.available.tolist() == [True, False, True, True]
    assert after.frame["created"].to_list()[1] == datetime(2024, 5, 1, tzinfo=UTC)
    assert after.frame["brand"].to_list() == ["X", None, None, None]
    assert after.frame.schema == before.frame.schema
    assert after.vectors is None
    assert before.ids == ("a", "b", "c")


def test_upsert_takes_one_row_and_tables():
    assert shop().upsert({"item": "d"}).ids[-1] == "d"
    assert shop().upsert(pl.DataFrame({"item": ["d", "a"], "title": ["D", "A"]})).titles == ("A", "b", "Cat", "D")
    assert shop().upsert([]).ids == shop().ids


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"title": "x"}, "must have an id in 'item'"),
        ({"item": " "}, "must have an id in 'item'"),
        ({"item": "d", "colour": 1}, "item 'd': 'colour' is not a column of the items, it must be one of .*title"),
        ({"item": "d", "year": "soon"}, "item 'd': a value does not fit"),
        ({"item": "d", "created": "soon"}, "created: must be ISO 8601"),
    ],
)
def test_upsert_refuses(row, said):
    with pytest.raises(DataError, match=said):
        shop().upsert([row])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.text("xyz", max_size=3)), max_size=12))
def test_upserts_one_by_one_equal_one_upsert(rows):
    items = [{"item": item, "title": title} for item, title in rows]
    at_once, one_by_one = shop().upsert(items), shop()
    for item in items:
        one_by_one = one_by_one.upsert(item)
    assert at_once.frame.equals(one_by_one.frame)
