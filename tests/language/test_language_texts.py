import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.config import parse
from bowerbird.errors import ConfigError
from bowerbird.language import TextSettings, item_texts
from bowerbird.language.texts import shorten

FRAME = pl.DataFrame(
    {
        "item": ["1", "2", "3"],
        "brand_name": ["HP", None, ""],
        "title": ["Ink", "Pen!", None],
        "categories": [["Office", "Print"], [], None],
        "created": [None, None, None],
        "available": [True, True, False],
        "price": [1.5, 2.0, None],
        "description": ["['', 'Black ink.']", "['']", "None"],
        "tags": [["a", "", "b"], [], None],
    },
    schema_overrides={"created": pl.String},
)


def test_fields_follow_in_order_and_empty_ones_are_left_out():
    assert item_texts(FRAME) == ["Ink. Office, Print. Tags: a, b. Brand name: HP. Description: Black ink.", "Pen!", ""]
    assert item_texts(FRAME, labels=False)[0] == "Ink. Office, Print. HP. a, b. Black ink."


def test_an_item_has_one_text_whatever_stands_beside_it():
    assert [item_texts(FRAME[row])[0] for row in range(3)] == item_texts(FRAME)


def test_the_settings_choose_fields_and_order_and_may_choose_numbers():
    assert item_texts(FRAME, TextSettings(fields=("tags", "title", "price"))) == ["Tags: a, b. Ink. Price: 1.5", "Pen! Price: 2.0", ""]


def test_an_unknown_field_is_named():
    with pytest.raises(ConfigError, match="must have column 'plot', got item, brand_name"):
        item_texts(FRAME, TextSettings(fields=("plot",)))
    with pytest.raises(ConfigError, match="max_chars"):
        parse(TextSettings, {"max_chars": 1})


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("[sic] a pen", "[sic] a pen"),
        ("['a', \"b's\"]", "a b's"),
        ("['broken", "['broken"),
        ("[broken]", "[broken]"),
        ("[]", ""),
        ("  two\n lines ", "two lines"),
        ("see https://x.test/a?b for more", "see for more"),
        ("NaN", ""),
        ("(no genres listed)", ""),
    ],
)
def test_boilerplate_is_not_read(raw, said):
    assert item_texts(pl.DataFrame({"item": ["1"], "title": [raw]})) == [said]


def test_no_fields_no_words_and_no_items_no_texts():
    assert item_texts(pl.DataFrame({"item": ["1", "2"]})) == ["", ""]
    assert item_texts(FRAME.clear()) == []


def test_a_word_that_just_fits_is_kept_and_one_long_word_is_cut():
    assert [shorten("one two three", limit) for limit in (6, 7, 8, 12, 13)] == ["one", "one two", "one two", "one two", "one two three"]
    assert shorten("x" * 30, 20) == "x" * 20
    assert shorten(" " + "x" * 30, 20) == " " + "x" * 19


@given(st.text("ab \n,", max_size=80), st.integers(20, 60))
def test_a_shortened_text_is_a_beginning_that_ends_at_a_word(text, limit):
    short = shorten(text, limit)
    assert text.startswith(short)
    assert len(short) <= limit
    if len(text) <= limit:
        assert short == text


@given(st.lists(st.text("abc ", max_size=30), max_size=10))
def test_one_text_an_item_in_their_order(titles):
    frame = pl.DataFrame({"item": [str(n) for n in range(len(titles))], "title": titles}, schema={"item": pl.String, "title": pl.String})
    assert item_texts(frame) == [" ".join(title.split()) for title in titles]
