"""A chat model's sentences, shown only where they name nothing but what tools returned. Titles come from the catalogue."""

import re
from dataclasses import dataclass

from bowerbird.conversation.names import WORD, Names
from bowerbird.conversation.talk import HANDLE, Handles
from bowerbird.language.harmless import harmless
from bowerbird.language.words import HAN

LONGEST = 400
"""Characters of a sentence, before its handles are replaced."""
QUOTES = re.compile(r"[\"“”„«»‹›《》「」『』*_#~|\\]|(?<!\w)'|'(?!\w)|https?:|www\.|@|\w\.\w{2,}")
"""What titles and names are written in, and what leads elsewhere."""
OWN = frozenset({"I", "I'm", "I've", "I'd", "I'll", "OK"})
NUMBER = re.compile(r"\d")
_STARTS = """
a about again all also although and another any are as at based because both but by can could did do does each either enjoy every
few fine first for from give given good great had has have here here's hello hi how however i if in is it it's its just last let
lets let's like looking many maybe more most my nice no none not nothing of okay on one or other others perhaps please right since
so some something sorry sure tell than thank thanks that that's the their them then there there's these they they're this those
though to too try unfortunately until very want was we well were what what's when where which while who why with would yes you
you're you've your
"""
STARTS = frozenset(_STARTS.split())
"""Words that may begin a sentence with a capital letter and name nothing."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as it is shown, and the items that it names."""

    text: str
    handles: tuple[str, ...]


def checked(said: str, handles: Handles, names: Names) -> Sentence | None:
    """The sentence with titles and lines for its handles; None if it may not be shown.

    It may be, if every handle is one of this conversation, and what is left has nothing that a name is written in: no quotation marks, no
    link, no digit, no capital letter but at the beginning of a sentence on a word of `STARTS` and in the names of categories, and no title
    of the catalogue (`Names.titled`). A title of an item of this conversation that is written out is taken for its handle; one of a single
    word is an ordinary word where it begins with a small letter.

    >>> from types import SimpleNamespace
    >>> from bowerbird.data import Catalogue
    >>> films = Catalogue.of(["a", "t"], ["Alien (1979)", "The Thing (1982)"], [["Horror"], []])
    >>> shop, names = SimpleNamespace(item={"a": {"title": "Alien (1979)"}}.get), Names(films)
    >>> handles = Handles(shop)
    >>> handles.add(["a"])
    ['1']
    >>> checked("You may like [1], it is Horror too.", handles, names).text
    'You may like Alien (1979), it is Horror too.'
    >>> [checked(said, handles, names).text for said in ("You may like Alien.", "No alien is in it.")]
    ['You may like Alien (1979).', 'No alien is in it.']
    >>> said = ("You may like [2].", "Try The Godfather.", "Godfather is good.", "try 'jaws'.", "see www.x.com", "how about the thing?")
    >>> [checked(one, handles, names) for one in said]
    [None, None, None, None, None, None]
    """
    plain = harmless(said, LONGEST)
    if not plain or len(said) > LONGEST:
        return None
    for item, title in sorted(handles.titles.items(), key=lambda one: -len(one[1])):
        plain = re.sub(_spelled(title), f"[{handles.of_items([item])[0]}]", plain)
    named = HANDLE.findall(plain)
    rest = HANDLE.sub(" \0 ", plain)
    if any(handles.stands(handle) is None for handle in named) or not _names_nothing(rest, names.words) or names.titled(rest):
        return None
    text = HANDLE.sub(lambda found: handles.stands(found[1]) or "", plain)
    return Sentence(text, tuple(dict.fromkeys(handle for handle in named if not handle.startswith("f"))))


def _spelled(title: str) -> str:
    """A pattern of a title as people write it, with or without what stands in brackets behind it. Less than four letters that are no
    Chinese are too little to know a title by."""
    bare = re.sub(r"\s*\([^()]*\)$", "", title) or title
    if len(bare) < 4 and not re.search(f"[{HAN}]", bare):
        return re.escape(title)
    letters = "" if len(WORD.findall(bare)) == 1 else "i"
    return rf"(?<![\w\[])(?{letters}:{re.escape(bare)})(?:{re.escape(title[len(bare) :])})?(?![\w\]])"


def _names_nothing(text: str, known: frozenset[str]) -> bool:
    if QUOTES.search(text) or NUMBER.search(text):
        return False
    start = True
    for piece in re.finditer(rf"{WORD.pattern}|[.!?:。！？]|\0", text):
        word = piece.group()
        if word in ".!?:。！？":
            start = True
            continue
        plain = word == word.lower() or word in OWN or word.casefold() in known
        if not plain and not (start and word.lower() in STARTS and word[1:] == word[1:].lower()):
            return False
        start = False
    return True
