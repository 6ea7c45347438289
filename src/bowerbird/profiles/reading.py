"""Corrections of a profile in plain words: "mute horror", "more documentaries", "forget my gift shopping in May"."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bowerbird.language.harmless import harmless
from bowerbird.language.words import STOP_WORDS, stem
from bowerbird.profiles.acting import belonging
from bowerbird.profiles.edits import Does, Edit
from bowerbird.profiles.values import Topic
from bowerbird.steering import Vocabulary
from bowerbird.steering.cues import FILL
from bowerbird.steering.tokens import tokens

MAX_CHARS = 300
VERBS: dict[tuple[str, ...], Does] = {
    ("no", "more"): "mute",
    ("stop", "showing"): "mute",
    ("never", "show"): "mute",
    ("unmute",): "withdraw",
    ("withdraw",): "withdraw",
    ("undo",): "withdraw",
    ("mute",): "mute",
    ("hide",): "mute",
    ("no",): "mute",
    ("more",): "more",
    ("less",): "less",
    ("fewer",): "less",
    ("forget",): "forget",
    ("屏蔽",): "mute",
    ("不要",): "mute",
    ("多",): "more",
    ("少",): "less",
    ("忘记",): "forget",
    ("取消",): "withdraw",
}
"""The longest first."""
MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
SPANS = {"day": 1, "week": 7, "month": 30, "year": 365}
IGNORED = (FILL | STOP_WORDS | {"shopping", "phase", "everything", "all", "purchases", "history"}) - {"may"}


def read_edits(text: str, vocabulary: Vocabulary, now: datetime) -> tuple[tuple[Edit, ...], tuple[str, ...]]:
    """The edits that a text asks for, and what of it was not understood. Parts are divided by commas, semicolons and "and" before a verb.

    A topic is a category or an intent by its name (or what the encoder takes for the same), else words that stand in items' texts. A month
    without a year is the last one that has begun.

    now     aware
    cost    O(length · items) at most; nothing is searched for by pattern

    >>> from bowerbird.data import Catalogue
    >>> films = Vocabulary(Catalogue.of(["a"], categories=[["Horror", "Documentary"]]))
    >>> edits, unheard = read_edits("mute horror, more documentaries", films, datetime(2026, 7, 1, tzinfo=UTC))
    >>> [(edit.does, edit.topic.name) for edit in edits], unheard
    ([('mute', 'Horror'), ('more', 'Documentary')], ())
    """
    edits, unheard = [], []
    for words in _parts(tokens(harmless(text, MAX_CHARS), sorted((*vocabulary.han_words, *(verb[0] for verb in VERBS)), key=len))):
        found = _verb(words)
        edit = None if found is None else _edit(found[0], words[found[1] :], vocabulary, now)
        if edit is None:
            unheard.append(" ".join(words))
        else:
            edits.append(edit)
    return tuple(edits), tuple(unheard)


def _parts(words: Sequence[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for at, word in enumerate(words):
        ends = word in ",;.，；。、!！" or (word in ("and", "but") and _verb(words[at + 1 :]) is not None)
        if ends:
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]


def _verb(words: Sequence[str]) -> tuple[Does, int] | None:
    """What is to be done, and how many words say so; "please" and the like may come before."""
    start = next((at for at, word in enumerate(words) if word not in IGNORED or (word,) in VERBS or tuple(words[at : at + 2]) in VERBS), 0)
    for verb, does in VERBS.items():
        if tuple(words[start : start + len(verb)]) == verb:
            return does, start + len(verb)
    return None


def _edit(does: Does, words: Sequence[str], vocabulary: Vocabulary, now: datetime) -> Edit | None:
    since, until, rest = _span(list(words), now) if does == "forget" else (None, None, list(words))
    topic = _topic([word for word in rest if word not in IGNORED], vocabulary)
    if topic is None and (does != "forget" or (since is None and until is None)):
        return None
    return Edit(does=does, topic=topic, since=since, until=until)


def _topic(words: Sequence[str], vocabulary: Vocabulary) -> Topic | None:
    if not words:
        return None
    found = vocabulary.category(list(words))
    if found is not None and found[1] == len(words):
        return Topic(sort="category", name=found[0])
    intents = vocabulary.catalogue.intents
    key = sorted(stem(word) for word in words)
    for name in () if intents is None else intents.names:
        if sorted(stem(word) for word in tokens(name)) == key:
            return Topic(sort="intent", name=name)
    phrase = " ".join(words)
    if (like := vocabulary.heard([phrase])[phrase].category) is not None:
        return Topic(sort="category", name=like)
    topic = Topic(sort="words", name=phrase)
    about = belonging(topic, vocabulary.catalogue)
    return topic if about is not None and about.any() else None


def _span(words: list[str], now: datetime) -> tuple[datetime | None, datetime | None, list[str]]:
    """Since when and until when, and the words that say nothing of it."""
    for at, word in enumerate(words):
        before, after = words[:at], words[at + 1 :]
        if word in MONTHS and (word != "may" or (before and before[-1] in ("in", "since", "last", "before"))):
            month = MONTHS.index(word) + 1
            dated = bool(after) and len(after[0]) == 4 and after[0].isdecimal()
            year = int(after[0]) if dated else now.year - (month > now.month)
            return *_bounds(before, datetime(year, month, 1, tzinfo=UTC), _month_after(year, month)), before + after[dated:]
        if len(word) == 4 and word.isdecimal() and 1970 <= int(word) < 2100:
            year = int(word)
            return *_bounds(before, datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)), before + after
        if word in SPANS and before and before[-1] in ("last", "past"):
            return now - timedelta(days=SPANS[word]), None, before[:-1] + after
        if word in ("today", "yesterday"):
            day = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=word == "yesterday")
            return day, day + timedelta(days=1), before + after
    return None, None, words


def _bounds(before: Sequence[str], start: datetime, end: datetime) -> tuple[datetime | None, datetime | None]:
    last = before[-1] if before else ""
    if last == "since":
        return start, None
    return (None, start) if last == "before" else (start, end)


def _month_after(year: int, month: int) -> datetime:
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
