"""What a text is found by: words by their stems, numbers, and scripts without spaces by pairs of characters."""

import re

from bowerbird.language.harmless import harmless
from bowerbird.language.words import HAN, STOP_WORDS, stem

MAX_CHARS = 600
KANA, HANGUL = "\u3040-\u30ff\u31f0-\u31ff", "\uac00-\ud7a3"
MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
MARKS += "\u0900-\u0963\u0966-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17d3"
"""Signs that stand within the words of scripts which write vowels as marks: Arabic, Hebrew, those of India, Thai, Burmese, Khmer."""
TOKEN = re.compile(rf"(?P<han>[{HAN}]+)|(?P<kana>[{KANA}]+)|(?P<hangul>[{HANGUL}]+)|(?P<word>(?:[^\W_{HAN}{KANA}{HANGUL}]|[{MARKS}])+)")


def search_tokens(text: str) -> list[str]:
    """The tokens of a text, in its order; stop words are left out unless there is nothing else.

    Han and Kana are written without spaces, and Korean words carry their endings: each pair of neighbours is a token. So is each Han
    character, and each Korean word, so that 霸王别姬 is found by 霸王 and by 姬, and 영화를 by 영화. A pair is in far fewer titles than a
    character and weighs more by that alone.

    cost    O(length), of which no more than `MAX_CHARS` are read
    source  pairs: as Lucene's CJKBigramFilter has them

    >>> search_tokens("The Zombies of 1968"), search_tokens("霸王别姬 (1993)")
    (['zombi', '1968'], ['霸', '王', '别', '姬', '霸王', '王别', '别姬', '1993'])
    >>> search_tokens("七人の侍 ゴジラ"), search_tokens("영화를")
    (['七', '人', '七人', 'の', '侍', 'ゴジ', 'ジラ'], ['영화를', '영화', '화를'])
    """
    found: list[str] = []
    every: list[str] = []
    for piece in TOKEN.finditer(harmless(text, MAX_CHARS).casefold()):
        tokens = _tokens(piece.group(), piece.lastgroup)
        found += [] if piece.lastgroup == "word" and piece.group() in STOP_WORDS else tokens
        every += tokens
    return found or every


def _tokens(piece: str, script: str | None) -> list[str]:
    if script == "word":
        return [stem(piece)]
    pairs = [piece[at : at + 2] for at in range(len(piece) - 1)]
    whole = {"han": list(piece), "hangul": [piece]}.get(script or "", [] if pairs else [piece])
    return [*whole, *(pair for pair in pairs if pair != piece or script != "hangul")]
