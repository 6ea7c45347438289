"""What the user's own last words allow to be stored. A tool that writes does no more than these say, whatever the model asks for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bowerbird.conversation.names import pieces
from bowerbird.conversation.talk import Handles, Talk
from bowerbird.conversation.values import Feedback, Reaction
from bowerbird.errors import DataError
from bowerbird.language.harmless import harmless
from bowerbird.language.words import STOP_WORDS

WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|#\d+|[.,;:!?。，；！？、]")
_BEFORE = """
i i've we we've have had just already really also did do absolutely totally quite yes yeah no oh well actually and but only it is
it's so
"""
BEFORE = frozenset(_BEFORE.split())
"""What may stand before the verb, so that it is the user who liked it, and did."""
_BETWEEN = """
the a film movie book song game item one ones number both watching reading really very much a lot
"""
BETWEEN = frozenset(_BETWEEN.split())
"""What may stand between the verb and the item."""
VERBS: dict[tuple[str, ...], Reaction] = {
    ("not", "interested", "in"): "not_interested",
    ("did", "not", "like"): "dislike",
    ("do", "not", "like"): "dislike",
    ("did", "not", "enjoy"): "dislike",
    ("didn't", "like"): "dislike",
    ("don't", "like"): "dislike",
    ("didn't", "enjoy"): "dislike",
    ("can't", "stand"): "dislike",
    ("hate",): "dislike",
    ("hated",): "dislike",
    ("dislike",): "dislike",
    ("disliked",): "dislike",
    ("like",): "like",
    ("liked",): "like",
    ("love",): "like",
    ("loved",): "like",
    ("enjoyed",): "like",
    ("seen",): "seen",
    ("watched",): "seen",
    ("read",): "seen",
    ("know",): "seen",
}
"""The longest first."""
AFTER: dict[tuple[str, ...], Reaction] = {
    ("is", "not", "for", "me"): "not_interested",
    ("isn't", "for", "me"): "not_interested",
    ("not", "for", "me"): "not_interested",
    ("was", "great"): "like",
    ("is", "great"): "like",
    ("was", "good"): "like",
    ("was", "wonderful"): "like",
    ("was", "boring"): "dislike",
    ("is", "boring"): "dislike",
    ("was", "bad"): "dislike",
    ("was", "terrible"): "dislike",
}
ENDS = frozenset(".,;:!?。，；！？、")
PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
STARTS = frozenset(verb[0] for verb in VERBS)
LASTING = re.compile(
    r"\b(?:mute|unmute|hide|forget|withdraw|undo|stop showing|never show|no more|less|fewer|from now on|in future|always)\b|屏蔽|忘记|取消",
    re.IGNORECASE,
)
"""Words that mean to last: "no horror" alone may be a wish for tonight."""


@dataclass(frozen=True, slots=True)
class _Item:
    """An item that is named; whether it is the one that is asked about."""

    same: bool


Piece = str | _Item


def allowed(asked: Feedback, talk: Talk, handles: Handles) -> Feedback:
    """What of a feedback the user's own last words ask for: a reaction to an item only if they say it of this item, a correction only if
    they mean to last, and then in these words and no others.

    raises  DataError if they do not ask for it
    """
    words = talk.last
    if asked.item is None:
        if not lasting(words):
            raise DataError("feedback: the user's last message must ask for a correction, as 'mute …' or 'never show …' does")
        return Feedback(words=words[:300])
    item = handles.item(asked.item)
    shown = [one for one in talk.shown if one in handles.titles]
    place = shown.index(item) if item in shown else None
    if asked.reaction not in reacted(words, handles.titles[item], [handles.titles[one] for one in shown], place):
        raise DataError(f"feedback: the user's last message must say so of the item itself, as 'I liked …' does, got {words!r:.80}")
    return asked


def reacted(words: str, title: str, shown: Sequence[str] = (), place: int | None = None) -> frozenset[Reaction]:
    """What the user's words say of one item: "I loved Alien but hated Heat", "the second one is not for me". Questions, wishes and what
    others thought say nothing; nor does what is not said in English.

    title  of the item
    shown  titles of what was recommended last, in order
    place  the item's among them, from 0; None = it is none of them

    >>> reacted("I loved alien, but hated Heat", "Alien (1979)"), reacted("I loved alien, but hated Heat", "Heat (1995)")
    (frozenset({'like'}), frozenset({'dislike'}))
    >>> reacted("I loved Heat and hated Alien", "Alien (1979)", ["Heat"])
    frozenset({'dislike'})
    >>> [reacted(said, "Alien (1979)") for said in ("something like Alien", "my wife loved Alien", "would I like Alien?", "I like Up")]
    [frozenset(), frozenset(), frozenset(), frozenset()]
    >>> reacted("the second one is not for me", "Heat (1995)", ["Alien (1979)", "Heat (1995)"], 1)
    frozenset({'not_interested'})
    """
    found: set[Reaction] = set()
    said = _named(WORDS.findall(harmless(words, 500).casefold().replace("’", "'")), title, shown, place)
    for clause in _clauses(said):
        found |= _forward(clause) | _backward(clause)
    return frozenset(found)


def lasting(words: str) -> bool:
    """Whether the words mean to correct the profile, and not to wish for something now.

    >>> lasting("please stop showing horror"), lasting("a comedy, no horror")
    (True, False)
    """
    return LASTING.search(harmless(words, 500)) is not None


def _named(words: list[str], title: str, shown: Sequence[str], place: int | None) -> list[Piece]:
    """The words with what names an item in place of the words that do."""
    own = _spelled(title)
    others = [spelled for one in shown if (spelled := _spelled(one)) and spelled != own]
    pieces_: list[Piece] = []
    at = 0
    while at < len(words):
        spelled = max((name for name in (own, *others) if name and tuple(words[at : at + len(name)]) == name), key=len, default=())
        if spelled:
            pieces_.append(_Item(spelled == own))
            at += len(spelled)
        elif (found := _pointed(words, at, len(shown))) is not None:
            pieces_.append(_Item(place == found[0]))
            at += found[1]
        else:
            pieces_.append(words[at])
            at += 1
    return pieces_


def _spelled(title: str) -> tuple[str, ...]:
    """The words of a title without what stands in brackets behind it; none where they are but words that name nothing."""
    spelled = tuple(pieces(re.sub(r"\s*\([^()]*\)$", "", title) or title))
    return spelled if any(word not in STOP_WORDS for word in spelled) else ()


def _pointed(words: list[str], at: int, n: int) -> tuple[int, int] | None:
    """The place that "the second one", "number 2" or "#2" points at among `n` items, and how many words do."""
    if words[at].startswith("#") and 0 < int(words[at][1:]) <= n:
        return int(words[at][1:]) - 1, 1
    if words[at] == "number" and at + 1 < len(words) and words[at + 1].isdecimal() and 0 < int(words[at + 1]) <= n:
        return int(words[at + 1]) - 1, 2
    if words[at] in PLACES and -1 <= PLACES[words[at]] < n and n:
        return PLACES[words[at]] % n, 1 + (words[at + 1 : at + 2] == ["one"])
    if words[at] in ("it", "that", "this") and n == 1:
        return 0, 1 + (words[at + 1 : at + 2] == ["one"])
    return None


def _clauses(said: list[Piece]) -> list[list[Piece]]:
    """What stands between commas and the like; a question is none."""
    clauses: list[list[Piece]] = [[]]
    for at, piece in enumerate(said):
        if piece in ("?", "？"):
            clauses[-1] = []
        if isinstance(piece, str) and piece in ENDS:
            clauses.append([])
        elif piece == "but":
            clauses.append([piece])
        elif piece == "and" and any(isinstance(one, _Item) for one in clauses[-1]):
            again = at + 1 < len(said) and said[at + 1] in STARTS
            clauses.append([*(one for one in clauses[-1] if not (again or isinstance(one, _Item))), piece])
        else:
            clauses[-1].append(piece)
    return clauses


def _forward(clause: list[Piece]) -> set[Reaction]:
    """ "I loved X": the verb stands before the item."""
    for at in range(len(clause)):
        verb = next((verb for verb in VERBS if tuple(clause[at : at + len(verb)]) == verb), None)
        if verb is not None:
            whose = all(word in BEFORE for word in clause[:at])
            if verb in (("like",), ("love",), ("hate",), ("know",), ("read",)):  # else "like Alien" would do
                whose = whose and any(word in ("i", "we") for word in clause[:at])
            return {VERBS[verb]} if whose and _reaches(clause[at + len(verb) :]) else set()
    return set()


def _reaches(rest: list[Piece]) -> bool:
    for piece in rest:
        if isinstance(piece, _Item):
            return piece.same
        if piece not in BETWEEN and piece != "and":
            return False
    return False


def _backward(clause: list[Piece]) -> set[Reaction]:
    """ "X was great": the item stands first."""
    for at, piece in enumerate(clause):
        if isinstance(piece, _Item):
            told = next((cue for cue in AFTER if tuple(clause[at + 1 : at + 1 + len(cue)]) == cue), None)
            begins = all(word in BEFORE or word in BETWEEN for word in clause[:at])
            return {AFTER[told]} if told and piece.same and begins else set()
    return set()
