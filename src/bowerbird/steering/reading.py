"""From a text to a wish, word by word: what is named, what is turned down, what is bounded; the rest is read by the encoder."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bowerbird.language.harmless import harmless
from bowerbird.language.words import stem
from bowerbird.steering import cues
from bowerbird.steering.tokens import tokens
from bowerbird.steering.vocabulary import Vocabulary
from bowerbird.steering.wish import Condition, Wish

T = TypeVar("T")

MAX_CHARS = 300
"""Of a text so much is read."""
MOST_PHRASES = 8
"""So many phrases of a text are read; the others are unheard."""
VARIED = 0.5
"""The diversity that asking for variety asks for."""
YEAR = range(1870, 2101)


@dataclass(frozen=True, eq=False)
class Reader:
    """Reads wishes about the items of a catalogue by rules, and by the encoder what the rules leave. Without an encoder that is unheard.

    A text is data: it is cut to `MAX_CHARS` and normalised (`harmless`), and nothing in it is executed, searched by pattern or sent
    anywhere.

    cost  O(length), and one encoded phrase (some ms) for each run of words that no rule knows; it is kept

    >>> from bowerbird.data import Catalogue
    >>> films = Vocabulary(Catalogue.of(["a"], categories=[["Comedy", "Horror"]], year=[1995]))
    >>> wish = Reader(films).read("comedies from the 90s, no horror")
    >>> [condition.words for condition in wish.conditions], wish.unheard
    (['Comedy', 'year from 1990 to 1999', 'not Horror'], ())
    """

    vocabulary: Vocabulary

    def read(self, text: str) -> Wish:
        """The wish; what was not understood is in `unheard`."""
        plain = harmless(text, MAX_CHARS)
        return _Scan(self.vocabulary, tokens(plain, self.vocabulary.han_words)).wish(plain)


@dataclass(frozen=True, slots=True)
class _Said:
    """One thing that a wish names: a condition, or a category, or a phrase that no rule knows.

    no      whether it is turned down
    either  the place of the "or" that it stands behind; 0 = none
    """

    condition: Condition | None = None
    category: str | None = None
    phrase: str = ""
    no: bool = False
    either: int = 0


@dataclass(eq=False)
class _Scan:
    """One reading: goes through the words from left to right."""

    vocabulary: Vocabulary
    words: list[str]
    at: int = 0
    no: bool = False
    either: int = 0
    run: list[str] = field(default_factory=list)
    toward: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    than_usual: bool = False
    said: list[_Said] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    diversity: float | None = None
    unheard: list[str] = field(default_factory=list)

    def wish(self, text: str) -> Wish:
        rules = (self._variety, self._than, self._years, self._number, self._category, self._axis, self._turn)
        while self.at < len(self.words):
            if not any(rule() for rule in rules):
                self._word()
        self._end_run()
        self._understand()
        return Wish(
            text=text,
            toward=_each_once(self.toward),
            away=_each_once(self.away),
            than_usual=self.than_usual,
            conditions=_each_once(self.conditions),
            without=_each_once(self.without),
            diversity=self.diversity,
            unheard=_each_once(self.unheard),
        )

    def _next(self, n: int = 0) -> str:
        return self.words[self.at + n] if self.at + n < len(self.words) else ""

    def _cue(self, group: Sequence[tuple[str, ...]]) -> int:
        """How many words from here on are one of these cues; 0 = none."""
        return next((len(cue) for cue in group if tuple(self.words[self.at : self.at + len(cue)]) == cue), 0)

    def _went(self, n: int) -> bool:
        self.at += n
        return True

    def _variety(self) -> bool:
        if n := self._cue(cues.VARIETY):
            self._end_run()
            self.diversity = VARIED
        return self._went(n) if n else False

    def _than(self) -> bool:
        """ "than what I usually watch": up to the end of the clause."""
        if self._next() != "than":
            return False
        while self._next() and self._next() not in cues.STOPS and self._next() not in ("but", "and"):
            self.than_usual |= self._next().startswith("usual") or self._next() in ("normally", "normal")
            self.at += 1
        return True

    def _years(self) -> bool:
        """Decades, and years with what bounds them."""
        decade = _decade(self._next())
        if decade is None and self._next(1) == "年代" and (decade := _decade(f"{self._next()}s")) is not None:
            return self._bounded(2, decade, decade + 9)
        if decade is not None:
            return self._bounded(1, decade, decade + 9)
        for group, low, high in ((cues.BEFORE, None, -1), (cues.AFTER, 1, None), (cues.SINCE, 0, None)):
            if n := self._cue(group):
                said = _decade(self._next(n)) or _year(self._next(n))
                last = said is not None and _decade(self._next(n)) is not None and low == 1
                if said is not None:
                    return self._bounded(n + 1, None if low is None else said + low + 9 * last, None if high is None else said + high)
        if n := self._cue(cues.BETWEEN):
            first, second = _year(self._next(n)), _year(self._next(n + 2))
            if first and second and self._next(n + 1) in ("and", "to"):
                return self._bounded(n + 3, min(first, second), max(first, second))
        year = _year(self._next())
        if year is None:
            return False
        suffix = {"以前": (None, year - 1), "之前": (None, year - 1), "以后": (year, None), "之后": (year, None)}
        n = 1 + (self._next(1) == "年")
        low_high = suffix.get(self._next(n))
        return self._bounded(n + 1, *low_high) if low_high else self._bounded(n, year, year)

    def _bounded(self, n: int, low: float | None, high: float | None) -> bool:
        return self._condition(self.vocabulary.years, n, low, high)

    def _condition(self, column: str | None, n: int, low: float | None, high: float | None) -> bool:
        self._end_run()
        said = " ".join(self.words[self.at : self.at + n])
        if column is None:
            self.unheard.append(said)
        else:
            self.said.append(_Said(Condition(column=column, low=low, high=high, exclude=self.no)))
        return self._went(n)

    def _number(self) -> bool:
        """ "under 20 dollars", "at least 100 pages": of the column that is named, else of the price."""
        for group, below in ((cues.AT_MOST, True), (cues.AT_LEAST, False)):
            n = self._cue(group)
            if not n:
                continue
            n += self._next(n) in cues.CURRENCY
            number = _number(self._next(n))
            if number is None:
                continue
            n += 1
            named = self.vocabulary.numbers.get(stem(self._next(n))) or (
                self.vocabulary.numbers.get(stem(self.run[-1])) if self.run else None
            )
            if self.run and stem(self.run[-1]) in self.vocabulary.numbers:
                self.run.pop()
            n += bool(self._next(n)) and (self._next(n) in cues.CURRENCY or stem(self._next(n)) in self.vocabulary.numbers)
            return self._condition(named or self.vocabulary.money, n, *((None, number) if below else (number, None)))
        return False

    def _category(self) -> bool:
        found = self.vocabulary.category(self.words[self.at : self.at + 4])
        if found is None:
            return False
        self._end_run()
        self.said.append(_Said(category=found[0], no=self.no, either=self.either))
        return self._went(found[1])

    def _axis(self) -> bool:
        axis = cues.AXES.get(self._next())
        if axis is None:
            return False
        self._end_run()
        self._led(*(axis if not self.no else axis[::-1]))
        return self._went(1)

    def _led(self, toward: str, away: str) -> None:
        if self.vocabulary.encoder is None:
            self.unheard.append(toward)
        else:
            self.toward.append(toward)
            self.away.append(away)

    def _turn(self) -> bool:
        word = self._next()
        if word in cues.STOPS or word in cues.TURN:
            self._end_run()
            self.no, self.either = False, 0
        elif word in cues.NEGATE:
            self._end_run()
            self.no = True
        elif word in ("or", "and", "或", "和"):
            self._end_run()
            self.either = self.at + 1 if word in ("or", "或") else 0
        else:
            return False
        return self._went(1)

    def _word(self) -> None:
        word = self._next()
        if word not in cues.FILL and word not in cues.CURRENCY and not (len(word) == 1 and word.isascii() and not word.isdigit()):
            self.run.append(word)
        self.at += 1

    def _end_run(self) -> None:
        """What the rules left, as a phrase."""
        phrase = " ".join(self.run)
        self.run.clear()
        if not phrase:
            return
        if sum(bool(said.phrase) for said in self.said) == MOST_PHRASES:
            self.unheard.append(phrase)
            return
        if self.no:
            self.without.append(phrase)
        self.said.append(_Said(phrase=phrase, no=self.no, either=self.either))

    def _understand(self) -> None:
        """What was said, in its order; the encoder reads all phrases in one call."""
        heard = self.vocabulary.heard([said.phrase for said in self.said if said.phrase])
        used = 0
        for said in self.said:
            category = said.category or (heard[said.phrase].category if said.phrase else None)
            if said.condition is not None:
                self.conditions.append(said.condition)
            elif category is not None:
                self._named(category, said.no, joined=0 < said.either != used)
                used = said.either
            elif heard[said.phrase].near:
                (self.away if said.no else self.toward).append(said.phrase)
            elif not said.no:
                self.unheard.append(said.phrase)

    def _named(self, category: str, no: bool, joined: bool) -> None:
        last = self.conditions[-1] if self.conditions else None
        if joined and last is not None and last.column == "categories" and not last.exclude and not no:
            self.conditions[-1] = last.model_copy(update={"values": _each_once([*last.values, category])})
        else:
            self.conditions.append(Condition(column="categories", values=(category,), exclude=no))


def _each_once(values: Iterable[T]) -> tuple[T, ...]:
    kept: list[T] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return tuple(kept)


def _decade(word: str) -> int | None:
    """
    >>> _decade("90s"), _decade("1990s"), _decade("nineties"), _decade("20s"), _decade("95s")
    (1990, 1990, 1990, 2020, None)
    """
    if word in cues.DECADES:
        return cues.DECADES[word]
    digits = word[:-1]
    if not word.endswith("s") or not digits.isdecimal() or len(digits) not in (2, 4) or int(digits) % 10:
        return None
    number = int(digits)
    if len(digits) == 4:
        return number if number in YEAR else None
    return 1900 + number if number >= 30 else 2000 + number


def _year(word: str) -> int | None:
    return int(word) if len(word) == 4 and word.isdecimal() and int(word) in YEAR else None


def _number(word: str) -> float | None:
    return float(word) if word.replace(".", "", 1).isdecimal() else None
