"""What may be said of the facts of a reason, as patterns; a text that says anything else is refused.

The check is by consumption. Names of the facts become marks; every claim that a language has a pattern for, and that these facts bear out,
is taken out of the text, and so are the phrases that claim nothing. A text passes if nothing is left. So an invented title, number,
category, quality or negation need not be recognised as such: it is refused since it is not among what is known to be true.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bowerbird.explain.facts import Facts
from bowerbird.explain.wording import ordinal
from bowerbird.language.words import HAN, KATAKANA

TITLE, ATTRIBUTE, WORD = 0xE000, 0xE100, 0xE200
BEFORE, AFTER, DONE = "\ue300", "\ue301", "\ue302"
QUOTES = ("“”", '""', "''", "„“", "«»", "»«", "‹›", "「」", "『』", "《》")
NEVER = "(?!)"
"""The pattern of what cannot be said."""
CLAIMS = ("liking", "citing", "sharing", "wording", "falling", "ending", "nothing")
MOST_SENTENCES, SPARE = 4, 260
"""A text may be so much longer than the names in it."""
STOP = re.compile(r"[.!](?:\s|$)|[。！]")
SPACED = rf"[^\W{HAN}{KATAKANA}]"
"""A letter or digit of a script that puts spaces between words."""
LEFT = re.compile(rf"[\s.,;:!—–{DONE}，。；：！、-]+")


@dataclass(frozen=True)
class Grammar:
    """The patterns of one language, on small letters.

    In them {titles} and {attributes} stand for a row of names, {word} for one word of the titles, {them} for the cited items all together,
    {both} for their count, {each} for a count of them with or without what is recommended, {before} and {after} for the ranks.

    together  how a row is joined, besides commas
    them, both, each   for one, two and three cited items
    liking    claims that the cited items were liked
    citing    claims that they are the cause
    sharing   claims that the item is of an attribute, or that all of them are
    wording   claims about a word of the titles
    falling   claims about the fall without the cited items
    ending    claims that nothing would be left without them
    nothing   phrases that claim nothing
    """

    together: str
    them: tuple[str, str, str]
    both: tuple[str, str, str]
    each: tuple[str, str, str]
    liking: tuple[str, ...]
    citing: tuple[str, ...]
    sharing: tuple[str, ...]
    wording: tuple[str, ...]
    falling: tuple[str, ...]
    ending: tuple[str, ...]
    nothing: tuple[str, ...]


def unsupported(text: str, facts: Facts, grammar: Grammar) -> tuple[str, ...]:
    """The parts of a text that the facts do not bear out; empty = it may be shown.

    Refused are also a text that leaves out one of the cited titles, that is long or empty, and any markup.

    cost  about half a millisecond

    >>> from bowerbird.explain.english import GRAMMAR
    >>> from bowerbird.explain.features import Shared
    >>> facts = Facts(("Toy Story", "Up"), True, Shared(("Animation",)), 3, 41)
    >>> unsupported("You liked Toy Story and Up, and this one is Animation too.", facts, GRAMMAR)
    ()
    >>> unsupported("You liked Toy Story and Up, and this Oscar winner is Animation too.", facts, GRAMMAR)
    ('this oscar winner is',)
    """
    if not text.strip() or len(text) > SPARE + 2 * sum(map(len, (*facts.titles, *facts.attributes, *facts.words))):
        return (f"{len(text)} characters",)
    if len(STOP.findall(text)) > MOST_SENTENCES or any(TITLE <= ord(letter) <= ord(DONE) for letter in text):
        return ("more than plain words in a few sentences",)
    marked, names = _marked(text, facts)
    missing = [title for place, title in enumerate(facts.titles) if chr(TITLE + place) not in marked]
    if missing:
        return tuple(f"nothing of {title}" for title in missing)
    left = _without_claims(marked.lower(), facts, grammar)
    return tuple(_named(part.strip(), names) for part in left.split(DONE) if LEFT.sub("", part))


def _marked(text: str, facts: Facts) -> tuple[str, dict[str, str]]:
    """The text with a mark for each name of the facts, quoted or not, the longest names first; and the name of each mark."""
    text = text.replace("’", "'")
    names = {chr(TITLE + place): title for place, title in enumerate(facts.titles)}
    names |= {chr(ATTRIBUTE + place): name for place, name in enumerate(facts.attributes)}
    names |= {chr(WORD + place): word for place, word in enumerate(facts.words)}
    for mark, name in sorted(names.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        plain = name.replace("’", "'")
        bare = re.escape(plain) if ord(mark) < ATTRIBUTE else f"(?i:{re.escape(plain)})"
        quoted = "|".join(f"{re.escape(pair[0])}{bare}{re.escape(pair[1])}" for pair in QUOTES)
        text = re.sub(f"{quoted}|{_edge(name[:1], '<!')}{bare}{_edge(name[-1:], '!')}", mark, text)
    for mark, rank in ((BEFORE, facts.rank_with), (AFTER, facts.rank_without)):
        if rank is not None:
            names[mark] = str(rank)
            text = re.sub(_number(rank), mark, text)
    return text, names


def _edge(letter: str, side: str) -> str:
    """No letter of a spaced script may touch one."""
    return f"(?{side}{SPACED})" if re.match(SPACED, letter) else ""


def _without_claims(text: str, facts: Facts, grammar: Grammar) -> str:
    """The text with `DONE` for each claim that holds and each phrase that claims nothing."""
    claims = _claims(grammar, len(facts.cited))
    falling = "ending" if facts.rank_without is None else "falling"
    for name in (falling, *(("liking",) if facts.liked else ()), "citing", "wording", "sharing", "nothing"):
        for pattern, them in claims[name]:
            text = pattern.sub(_all_or_none(facts, them), text)
    return text


def _all_or_none(facts: Facts, them: bool) -> Callable[[re.Match[str]], str]:
    """Takes a claim out, unless it is about all cited items together and names but some of them."""

    def take(found: re.Match[str]) -> str:
        named = {letter for letter in found.group() if TITLE <= ord(letter) < ATTRIBUTE}
        partly = them and 0 < len(named) < len(facts.cited)
        return found.group() if partly else DONE

    return take


@lru_cache(maxsize=32)
def _claims(grammar: Grammar, cited: int) -> Mapping[str, tuple[tuple[re.Pattern[str], bool], ...]]:
    """The patterns of a grammar for so many cited items, each with whether it is about all of them together."""

    def row(first: int, last: int) -> str:
        one = f"[{chr(first)}-{chr(last)}]"
        return rf"{one}(?:\s*(?:,|、|，|,?\s*(?:{grammar.together}))\s*{one})*"

    titles = row(TITLE, ATTRIBUTE - 1)
    blanks = {
        "titles": titles,
        "attributes": row(ATTRIBUTE, WORD - 1),
        "word": f"[{chr(WORD)}-{chr(ord(BEFORE) - 1)}]",
        "them": f"(?:{grammar.them[cited - 1]}|{titles})",
        "both": f"(?:{grammar.both[cited - 1]})",
        "each": f"(?:{grammar.each[cited - 1]})",
        "before": BEFORE,
        "after": AFTER,
    }

    def filled(pattern: str) -> tuple[re.Pattern[str], bool]:
        whole = re.sub(r"\{(\w+)\}", lambda found: blanks[found[1]], pattern)
        return re.compile(rf"(?<!{SPACED})(?:{whole})(?!{SPACED})"), "{them}" in pattern

    return {name: tuple(map(filled, getattr(grammar, name))) for name in CLAIMS}


def _number(n: int) -> str:
    """The ways to write a rank."""
    ways = (ordinal(n), ordinal(n).replace(",", ""), f"{n:,}", f"{n:,}".replace(",", "."), f"{n:,}".replace(",", " "), str(n))
    return rf"(?<!{SPACED})(?<!\d[.,])(?:{'|'.join(map(re.escape, dict.fromkeys(ways)))})(?!{SPACED}|[.,]?\d)"


def _named(part: str, names: Mapping[str, str]) -> str:
    return "".join(names.get(letter, letter) for letter in part.strip(" .,;:!—–-，。；：！、"))
