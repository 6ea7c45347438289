"""One plain form of a text, before anything reads it."""

import time

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.language import MiniLm, item_texts
from bowerbird.language.embedded import FOLDER
from bowerbird.language.plain import LONGEST, plain
from bowerbird.language.tokens import load_tokenizer

UNSEEN = [
    "\u200b",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\u00ad",
    "\u061c",
    "\ufe0f",
    "\U000e0041",
    "\u3164",
    "\u2800",
    "\u115f",
    "\x07",
    "\ue000",
]


@given(st.text(max_size=200))
def test_a_plain_text_is_one_visible_line_and_stays_as_it_is(text):
    said = plain(text)
    assert said.isprintable()
    assert said == " ".join(said.split())
    assert plain(said) == said


@pytest.mark.parametrize("sign", UNSEEN, ids=ascii)
def test_what_is_unseen_changes_nothing(sign):
    assert plain(sign.join("green tea")) == "green tea"
    assert plain(sign * 50) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ｇｒｅｅｎ　ｔｅａ", "Green tea"),
        ("ｱﾆﾒ", "アニメ"),
        ("ﬁlm Ⅲ", "film III"),
        ("8½", "8 1⁄2"),
        ("Scotch™ tape", "Scotch tape"),
        ("e\u200b\u0301", "é"),
        ("Z" + "\u0335" * 40 + "a", "Z̵̵̵a"),
        ("\ud83d", "?"),
        ("霸王别姬", "霸王别姬"),
        ("한국 영화", "한국 영화"),
        ("فيلم رعب", "فيلم رعب"),
        ("Солярис", "Солярис"),
        ("हिन्दी में", "हिन्दी में"),
    ],
)
def test_forms(text, said):
    assert plain(text) == said


def test_a_text_without_end_is_cut_before_it_is_looked_at():
    start = time.process_time()
    assert len(plain("ﷺ" * 10**7)) <= LONGEST
    assert item_texts(pl.DataFrame({"item": ["a"], "title": ["x" * 10**7], "tags": ["[" * 10**6 + "]" * 10**6]}))[0] == "x" * 300
    assert time.process_time() - start < 30  # against blow-up, not a speed


def test_encoders_read_the_plain_form():
    encoder = MiniLm().open(threads=1)
    one, *others = encoder.encode(["green tea", *(sign.join("green tea") for sign in UNSEEN), "Ｇｒｅｅｎ ｔｅａ"])
    for other in others:
        np.testing.assert_allclose(one, other, atol=2e-6)


def test_a_text_cannot_write_the_models_own_marks():
    tokenizer = load_tokenizer(FOLDER / "tokenizer.json", 64)
    assert tokenizer.encode("[SEP] tea [MASK][PAD]").tokens == ["[CLS]", "[", "sep", "]", "tea", "[", "mask", "]", "[", "pad", "]", "[SEP]"]
