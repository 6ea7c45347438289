import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.data.texts import mend_text, right_encoding, without_html, without_list


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("plain", "plain"),
        ("a<br>b", "a b"),
        ("<p>One</p><p>Two</p>", "One Two"),
        ("Q&amp;A", "Q&A"),
        ("&lt;b&gt;bold&lt;/b&gt;", "bold"),
        ("<style>.x{color:red}</style>seen", "seen"),
        ("<script>alert(1)</script>seen", "seen"),
        ("seen <!-- .headerM {color:#000} -->", "seen"),
        ("seen <!-- never closed", "seen"),
        ("I <3 you & me", "I <3 you & me"),
        ("AT&T; fine", "AT&T; fine"),
        ("5 < 6 > 4", "5 < 6 > 4"),
        ("MotÃ¶rhead", "Motörhead"),
        ("itâ€™s", "it’s"),
        ("“quoted” – ﬁne", "“quoted” – ﬁne"),
        ("bell\x07", "bell"),
        ("['', '']", ""),
        ("[]", ""),
        ("[sic]", "[sic]"),
        ("['a', \"b's\"]", "a b's"),
        ("", ""),
    ],
)
def test_texts_by_hand(text, mended):
    assert mend_text(text) == mended


@given(st.text("abc <>&;/'[],!-é", max_size=40))
def test_mending_never_fails_and_twice_is_once(text):
    once = mend_text(text)
    assert mend_text(once) == once


@given(st.text(max_size=40))
def test_any_text_can_be_read(text):
    for mend in (without_html, without_list, right_encoding):
        assert isinstance(mend(text), str)
