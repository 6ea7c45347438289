"""What tools take and give: plain data, each a pydantic model whose JSON schema is what a model or an agent is told."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bowerbird.config import Settings

MOST = 20
"""Items that one call may ask for."""

Item = Annotated[str, Field(min_length=1, max_length=512, description="An item, named as earlier results name it.")]
Count = Annotated[int, Field(ge=1, le=MOST, description="How many items.")]
Wish = Annotated[str, Field(max_length=300, description="A wish in the user's words: what to be near to, what to leave out, years, price.")]
Dial = Annotated[float, Field(ge=0, le=1, description="0 keeps the order of the scores, 1 looks at variety alone.")]
Reaction = Literal["like", "dislike", "not_interested", "seen"]


class Recommend(Settings):
    """Of `recommend`."""

    text: Wish = ""
    k: Count = 5
    diversity: Dial | None = None
    exclude: Annotated[tuple[Item, ...], Field(max_length=100, description="Items that must not be among them.")] = ()


class Search(Settings):
    """Of `search`."""

    text: Annotated[str, Field(min_length=1, max_length=200, description="Words to look for: a title, or what it is about.")]
    k: Count = 5


class Similar(Settings):
    """Of `similar`."""

    item: Item
    k: Count = 5


class Explain(Settings):
    """Of `explain`."""

    item: Item


class Profile(Settings):
    """Of `profile`: there is nothing to say but whose."""


class Feedback(Settings):
    """Of `feedback`: a reaction to an item, or a correction of the profile in words.

    >>> Feedback(item="7", reaction="like").words
    ''
    """

    item: Item | None = None
    reaction: Reaction | None = None
    words: Annotated[str, Field(max_length=300, description="A correction of the profile: 'mute horror', 'more documentaries'.")] = ""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.item is None) != (self.reaction is None) or (self.item is None) == (not self.words):
            raise ValueError("give an item and a reaction to it, or words that correct the profile")
        return self


class Hit(Settings):
    """One item, as the catalogue has it.

    reason  why it is there, in the engine's words; None where it was not asked for
    """

    item: str
    title: str
    categories: tuple[str, ...] = ()
    reason: str | None = None


class Result(Settings):
    """What a tool gives.

    items  the best first
    lines  sentences of the engine, each checked: what a profile says, why an item is there, what was stored
    notes  what was left out of account, one sentence each
    """

    items: tuple[Hit, ...] = ()
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
