"""A wish cut into words, numbers, signs of money and the ends of clauses. Linear in its length."""

import re
from collections.abc import Sequence

from bowerbird.language.words import HAN

TOKEN = re.compile(rf"[{HAN}]+|\d+(?:\.\d+)?s?\b|\d+|[^\W\d_{HAN}]+(?:['’][^\W\d_{HAN}]+)?|[$€£¥,.;!?，。；！？、]")


def tokens(text: str, han_words: Sequence[str] = ()) -> list[str]:
    """The pieces of a text in small letters; runs of Chinese are cut at the longest of the words given,
    and what stands between stays whole.

    cost       O(length · longest word)

    >>> tokens("Sci-Fi from the 90s, under $20")
    ['sci', 'fi', 'from', 'the', '90s', ',', 'under', '$', '20']
    >>> tokens("不要恐怖片", ["恐怖", "不要"])
    ['不要', '恐怖', '片']
    """
    known, longest = set(han_words), max(map(len, han_words), default=0)
    found: list[str] = []
    for piece in TOKEN.findall(text.casefold().replace("’", "'")):
        found += _cut(piece, known, longest) if "㐀" <= piece[0] <= "鿿" else [piece]
    return found


def _cut(run: str, known: set[str], longest: int) -> list[str]:
    parts, rest, at = [], "", 0
    while at < len(run):
        size = next((n for n in range(min(longest, len(run) - at), 0, -1) if run[at : at + n] in known), 0)
        if size:
            parts += [rest, run[at : at + size]] if rest else [run[at : at + size]]
            rest = ""
        else:
            rest += run[at]
        at += size or 1
    return [*parts, rest] if rest else parts
