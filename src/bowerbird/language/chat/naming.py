"""Intents named by a chat model; what it says is taken only where it names what is there."""

import logging
import re
from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel, Field

from bowerbird.errors import LanguageError
from bowerbird.intents import OTHER
from bowerbird.language.chat.schemas import ask_for
from bowerbird.language.naming import Group, Namer, by_terms
from bowerbird.language.prompts import template
from bowerbird.language.words import HAN, stem
from bowerbird.protocols import Chat

LONGEST, MOST_WORDS = 40, 5
GROUNDED = 0.5
"""At least this share of a name's words must stand in the group's terms or texts."""
SHORT = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

logger = logging.getLogger(__name__)


class Named(BaseModel):
    """The answer that is asked for."""

    name: str = Field(max_length=2 * LONGEST)


def by_chat(chat: Chat, otherwise: Namer = by_terms) -> Namer:
    """A namer that asks a chat model for each group that has terms; `otherwise` names the rest.

    A name is taken if it is short and plain, if at least one of its words stands in the group's terms and half of them in terms or texts,
    and if no other group got the same: a model that calls everything "movies" must not join everything. A model that does not answer at all
    leaves all to `otherwise`; how many names were taken is said in the log.

    cost  one answer of some ten tokens for each group, kept by `CachedChat`

    >>> class Parrot:
    ...     name = "parrot"
    ...     def complete(self, prompts):
    ...         return ['{"name": "Gel pens"}', '{"name": "<b>Best</b>"}']
    >>> by_chat(Parrot())([Group(("gel pen", "ink"), ("gel pen, blue",)), Group(("desk lamp",), ("desk lamp, red",))])
    ['Gel pens', 'desk lamp']
    """

    def name(groups: Sequence[Group]) -> list[str]:
        names = list(otherwise(groups))
        asked = [place for place, group in enumerate(groups) if group.terms]
        prompts = [
            template("intent_name").fill({"terms": groups[place].terms, "texts": groups[place].texts}, max_tokens=40) for place in asked
        ]
        try:
            answers = ask_for(Named, chat, prompts)
        except LanguageError as error:
            logger.warning("intents: the chat model gave no names (%s); all are named from the texts' own words", error)
            return names
        said = {place: " ".join(answer.name.split()) for place, answer in zip(asked, answers, strict=True) if answer is not None}
        times = Counter(one.casefold() for one in [*said.values(), *names])
        taken = {place: one for place, one in said.items() if times[one.casefold()] == 1 + (one.casefold() == names[place].casefold())}
        taken = {place: one for place, one in taken.items() if fits(one, groups[place])}
        logger.info("intents: %d of %d groups are named by %s, the others from the texts' own words", len(taken), len(groups), chat.name)
        return [taken.get(place, one) for place, one in enumerate(names)]

    return name


def fits(name: str, group: Group) -> bool:
    """Whether a name is short, plain and of this group.

    >>> group = Group(("gel pen", "ink"), ("gel pen, blue, for school",))
    >>> [fits(name, group) for name in ("Gel pens", "School pens", "Rate me first", "Gel pens!!! www.x.com", "other", "")]
    [True, True, False, False, False, False]
    """
    words = SHORT.findall(name)
    bare = SHORT.sub("", name)
    if not words or len(name) > LONGEST or len(words) > MOST_WORDS or name.casefold() == OTHER or re.search(r"[^\s&·,/+-]", bare):
        return False
    terms, texts = " ".join(group.terms), " ".join(group.texts)
    if re.search(f"[{HAN}]", name):
        pairs = [one for word in words for one in (word[at : at + 2] for at in range(max(len(word) - 1, 1)))]
        return any(pair in terms for pair in pairs) and sum(pair in terms + texts for pair in pairs) >= GROUNDED * len(pairs)
    telling = [stem(word) for word in words if word.lower() not in ("and", "of", "for", "the", "with", "a", "in", "to")]
    in_terms, anywhere = {stem(word) for word in SHORT.findall(terms)}, {stem(word) for word in SHORT.findall(texts)}
    grounded = sum(word in in_terms or word in anywhere for word in telling)
    return any(word in in_terms for word in telling) and grounded >= GROUNDED * len(telling)
