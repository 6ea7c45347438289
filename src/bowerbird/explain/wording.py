"""Reasons in words, by template. All that is said stands in `Phrases`, so that another language is another value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bowerbird.explain.features import Shared
from bowerbird.language.texts import quotable


def ordinal(n: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th …

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 103, 111, 1003)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '22nd', '103rd', '111th', '1,003rd']
    """
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"


@dataclass(frozen=True)
class Phrases:
    """The sentences of one language. The tuples hold the form for one, two and three cited items."""

    ordinal: Callable[[int], str] = ordinal
    liked: str = "Because you liked {items}{common}."
    neutral: str = "Because of {items}{common}."
    itself: str = "this one itself"
    comma: str = ", "
    last: str = " and "
    category: tuple[str, str, str] = (" — also {name}", " — both {name}", " — all three {name}")
    intent: str = " — more of your “{name}”"
    word: tuple[str, str, str] = (
        " — also with “{name}” in the title",
        " — both with “{name}” in the title",
        " — all three with “{name}” in the title",
    )
    drops: tuple[str, str, str] = (
        "Without that it drops from {before} to {after}.",
        "Without these two it drops from {before} to {after}.",
        "Without these three it drops from {before} to {after}.",
    )
    drops_out: tuple[str, str, str] = (
        "Without that nothing would speak for it.",
        "Without these two nothing would speak for it.",
        "Without these three nothing would speak for it.",
    )
    newcomer: str = "A common first choice: {before} for everyone we know nothing about yet."
    anyone: str = "A pick for everyone: with no history at all it would still rank {after}."
    whole: str = "Your history as a whole speaks for it: without all of it, it drops from {before} to {after}."
    whole_out: str = "Your history as a whole speaks for it: without it, nothing would."
    likeness: str = "It shares “{name}” with {items}."


ENGLISH = Phrases()


def listed(names: Sequence[str], phrases: Phrases = ENGLISH) -> str:
    """Names in a row, each `quotable`.

    >>> listed(["Alien"]), listed(["Alien", "Brazil"]), listed(["Alien", "Brazil", "Clue"])
    ('Alien', 'Alien and Brazil', 'Alien, Brazil and Clue')
    """
    *head, tail = map(quotable, names)
    return phrases.comma.join(head) + (phrases.last if head else "") + tail


def verified(
    names: Sequence[str], common: Shared, liked: bool, *, rank_with: int, rank_without: int | None, phrases: Phrases = ENGLISH
) -> str:
    """A reason that passed its test.

    >>> verified(["Toy Story", "A Bug's Life"], Shared(("Animation",)), True, rank_with=3, rank_without=41)
    "Because you liked Toy Story and A Bug's Life — both Animation. Without these two it drops from 3rd to 41st."
    >>> verified(["Alien"], Shared(intent="horror · space"), True, rank_with=1, rank_without=4)
    'Because you liked Alien — more of your “horror · space”. Without that it drops from 1st to 4th.'
    >>> verified(["Alien"], Shared(), False, rank_with=1, rank_without=None)
    'Because of Alien. Without that nothing would speak for it.'
    """
    form = len(names) - 1
    because = (phrases.liked if liked else phrases.neutral).format(items=listed(names, phrases), common=_common(common, form, phrases))
    if rank_without is None:
        return f"{because} {phrases.drops_out[form]}"
    return f"{because} {phrases.drops[form].format(before=phrases.ordinal(rank_with), after=phrases.ordinal(rank_without))}"


def unverified(
    names: Sequence[str], common: Shared, *, newcomer: bool, rank_with: int, rank_anyone: int | None, near: bool, phrases: Phrases = ENGLISH
) -> str:
    """What can truly be said where no reason passed.

    names     the items of the history that `common` is in common with
    newcomer  whether there is no history
    near      whether the item is about as high for an empty history

    >>> unverified([], Shared(), newcomer=False, rank_with=3, rank_anyone=120, near=False)
    'Your history as a whole speaks for it: without all of it, it drops from 3rd to 120th.'
    """
    before, after = phrases.ordinal(rank_with), phrases.ordinal(rank_anyone or 0)
    if newcomer:
        return phrases.newcomer.format(before=before)
    if near:
        said = phrases.anyone.format(after=after)
    elif rank_anyone is None:
        said = phrases.whole_out
    else:
        said = phrases.whole.format(before=before, after=after)
    if not names or not common.names:
        return said
    return f"{said} {phrases.likeness.format(name=quotable(common.names[0]), items=listed(names, phrases))}"


def _common(common: Shared, form: int, phrases: Phrases) -> str:
    if common.intent is not None:
        return phrases.intent.format(name=quotable(common.intent))
    if common.categories:
        return phrases.category[form].format(name=quotable(common.categories[0]))
    return phrases.word[form].format(name=quotable(common.words[0])) if common.words else ""
