"""Texts in one plain form, before anything reads them: encoders, search, rules, prompts."""

import re
import unicodedata

LONGEST = 20_000
"""Characters of one text that are read at most, whoever reads it."""
APART = {sign: f" {unicodedata.normalize('NFKC', sign)}" for sign in "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"} | dict.fromkeys("™℠", " ")
"""What its plain form would run together with the word before it: 8½ is no 81/2, and Scotch™ no ScotchTM."""
UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Characters that show nothing and that `str.isprintable` lets pass: fillers, variation selectors, the blank of Braille."""
ACCENT = r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
PILED = re.compile(rf"({ACCENT}{{3}}){ACCENT}+")
"""More accents on one letter than any language writes."""


def plain(text: str) -> str:
    """One line of visible characters, cut at `LONGEST`; the same for texts that look the same but for width, ligatures and what is unseen.

    Compatibility forms are written plainly (NFKC). Left out are control and format characters (zero-width, directional, tags), private and
    unassigned ones, fillers and variation selectors, and accents piled on one letter; half a surrogate pair is a question mark. Letters
    that only look like those of another script stay what they are.

    cost  about 0.1 µs a character, for ASCII next to nothing

    >>> plain("Ａｌｉｅｎ\\u200b \\u202eⅡ"), plain("8½ Women™")
    ('Alien II', '8 1⁄2 Women')
    """
    text = " ".join(text[:LONGEST].split())
    if text.isascii():
        return text if text.isprintable() else _shown(text)
    seen = _shown(text.encode("utf-8", "replace").decode().translate(_APART))
    return PILED.sub(r"\1", _shown(unicodedata.normalize("NFKC", seen)))[:LONGEST].rstrip()


_APART = str.maketrans(APART)


def _shown(text: str) -> str:
    """Without what does not show; blanks of every kind are single spaces."""
    seen = UNSEEN.sub("", " ".join(text.split()))
    kept = seen if seen.isprintable() else "".join(letter for letter in seen if letter.isprintable())
    return " ".join(kept.split())
