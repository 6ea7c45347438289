"""The languages that reasons speak."""

from dataclasses import dataclass

from bowerbird.explain import chinese, english, german
from bowerbird.explain.grammar import Grammar
from bowerbird.explain.wording import ENGLISH, Phrases


@dataclass(frozen=True)
class Tongue:
    """A language.

    name     as a chat model is told it
    phrases  of the template
    grammar  what a chat model may say
    """

    name: str
    phrases: Phrases
    grammar: Grammar


TONGUES = {
    "en": Tongue("English", ENGLISH, english.GRAMMAR),
    "de": Tongue("German", german.PHRASES, german.GRAMMAR),
    "zh": Tongue("Chinese", chinese.PHRASES, chinese.GRAMMAR),
}
"""By code; another language is another entry."""
