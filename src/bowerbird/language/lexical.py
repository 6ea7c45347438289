"""What a text is found by: words by their stems, numbers, and Chinese by pairs of characters and single ones."""

import re

from bowerbird.language.harmless import harmless
from bowerbird.language.words import HAN, STOP_WORDS, stem

MAX_CHARS = 600
TOKEN = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+")


def search_tokens(text: str) -> list[str]:
    """The tokens of a text, in its order; stop words are left out unless there is nothing else.

    Han characters are written without spaces: each pair of neighbours is a token, and so is each character, so that
    霸王别姬 is found by 霸王 and by 姬. A pair is in far fewer titles than a character and weighs more by that alone.

    cost  O(length), of which no more than `MAX_CHARS` are read

    >>> search_tokens("The Zombies of 1968"), search_tokens("霸王别姬 (1993)")
    (['zombi', '1968'], ['霸', '王', '别', '姬', '霸王', '王别', '别姬', '1993'])
    """
    found: list[str] = []
    every: list[str] = []
    for piece in TOKEN.findall(harmless(text, MAX_CHARS).casefold()):
        if "㐀" <= piece[0] <= "鿿":
            tokens = [*piece, *(piece[at : at + 2] for at in range(len(piece) - 1))]
            found += tokens
        else:
            tokens = [stem(piece)]
            found += [] if piece in STOP_WORDS else tokens
        every += tokens
    return found or every
