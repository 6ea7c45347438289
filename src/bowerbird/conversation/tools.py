"""The tools: one list, for the conversation and for other agents alike."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from bowerbird.answers import Recommended, UserProfile
from bowerbird.config import Settings, parse
from bowerbird.conversation.seam import Recommender
from bowerbird.conversation.values import Explain, Feedback, Hit, Profile, Recommend, Result, Search, Similar
from bowerbird.errors import DataError
from bowerbird.types import Event, ItemId, UserId


def as_named(item: str) -> ItemId:
    """An item that is named by its id."""
    return item


@dataclass(frozen=True)
class Caller:
    """Who calls a tool, and how they name items.

    user      whom it is for; None = somebody that nothing is known of
    item      what an item's name in the arguments stands for; raises DataError if nothing
    language  of the engine's sentences; None = as it is set
    key       names the call, so that what it stores is stored once; None = each call is another
    """

    user: UserId | None = None
    item: Callable[[str], ItemId] = as_named
    language: str | None = None
    key: str | None = None


@dataclass(frozen=True, eq=False)
class Tool:
    """One thing that can be done.

    about     what it does, in a sentence
    takes     the type of its arguments
    does      does it
    user      whether it looks at the user: not at all, where there is one, or not without
    writes    whether it stores something
    """

    name: str
    about: str
    takes: type[Settings]
    does: Callable[[Recommender, Any, Caller], Result]
    user: Literal["no", "maybe", "needed"] = "maybe"
    writes: bool = False

    def __call__(self, engine: Recommender, arguments: Settings | dict[str, Any], caller: Caller) -> Result:
        """Do it.

        raises  ConfigError for arguments that are not of its form; DataError for an item that is not there, or where it needs a user and
                there is none; what the engine raises
        """
        if self.user == "needed" and not caller.user:
            raise DataError(f"{self.name}: must be called for a user, got none")
        return self.does(engine, parse(self.takes, arguments, self.name) if isinstance(arguments, dict) else arguments, caller)


def recommend(engine: Recommender, asked: Recommend, caller: Caller) -> Result:
    """A slate, steered by a wish where there is one."""
    answer = engine.recommend(
        **({"history": ()} if caller.user is None else {"user": caller.user}),
        k=asked.k,
        diversity=asked.diversity,
        exclude=[caller.item(name) for name in asked.exclude],
        explain=caller.user is not None,
        language=caller.language,
        text=asked.text or None,
    )
    return Result(items=tuple(map(hit, answer.items)), notes=answer.notes)


def search(engine: Recommender, asked: Search, caller: Caller) -> Result:
    """Items by words and by meaning."""
    return Result(items=tuple(map(hit, engine.search(asked.text, caller.user, asked.k))))


def similar(engine: Recommender, asked: Similar, caller: Caller) -> Result:
    """What goes with an item."""
    return Result(items=tuple(map(hit, engine.similar(caller.item(asked.item), asked.k))))


def explain(engine: Recommender, asked: Explain, caller: Caller) -> Result:
    """What speaks for an item."""
    found = engine.why(caller.item(asked.item), caller.user, caller.language)
    hidden = "it is not recommended now: it cannot be had, or was taken already, or is muted"
    return Result(
        items=(hit(found),),
        lines=(found.reason,) if found.reason else (),
        notes=(hidden,) if math.isnan(found.score) else (),
    )


def profile(engine: Recommender, asked: Profile, caller: Caller) -> Result:  # noqa: ARG001  there is nothing to ask but whose
    """What the log says of the user, and what they said of that."""
    return told(engine.profile(caller.user or "", caller.language))


def feedback(engine: Recommender, asked: Feedback, caller: Caller) -> Result:
    """Store a reaction, or a correction."""
    user = caller.user or ""
    if asked.item is None or asked.reaction is None:
        said = engine.edit_profile(user, asked.words, caller.language)
        return told(said, *(f"not understood: {phrase}" for phrase in said.unheard))
    item = caller.item(asked.item)
    row = engine.item(item)
    if row is None:
        raise DataError(f"item {item!r}: not in the catalogue")
    key = f"{caller.key}/{asked.reaction}/{item}" if caller.key else None
    engine.observe([Event(user, item, kind=asked.reaction, key=key)])
    kept = Hit(item=item, title=row.get("title") or item, categories=tuple(row.get("categories") or ()))
    return Result(items=(kept,), lines=(f"Stored: {asked.reaction.replace('_', ' ')} {kept.title}.",))


def told(said: UserProfile, *notes: str) -> Result:
    """A profile in sentences."""
    lines = [claim.text for claim in said.sentences]
    for one in said.edits:
        span = "".join(f" {word} {time:%Y-%m-%d}" for word, time in (("since", one.since), ("before", one.until)) if time is not None)
        lines.append(f"You said: {one.does} {'everything' if one.topic is None else one.topic.name}{span}.")
    if not lines:
        lines.append("Nothing can be said of you yet.")
    return Result(lines=tuple(lines), notes=(*said.notes, *notes))


def hit(one: Recommended) -> Hit:
    """An item of a slate as plain data."""
    return Hit(item=one.item, title=one.title, categories=one.categories, reason=one.reason)


TOOLS: tuple[Tool, ...] = (
    Tool("recommend", "Recommend items for the user, steered by a wish in words where there is one.", Recommend, recommend),
    Tool("search", "Find items by title or by what they are about, in the user's order.", Search, search),
    Tool("similar", "Find items that go with one item.", Similar, similar, user="no"),
    Tool("explain", "Say why an item would be recommended to the user, checked against their history.", Explain, explain),
    Tool(
        "profile", "Say what the user's history shows of their likes and dislikes, and their corrections.", Profile, profile, user="needed"
    ),
    Tool(
        "feedback",
        "Store the user's reaction to an item, or a correction of their profile, when they ask for it.",
        Feedback,
        feedback,
        user="needed",
        writes=True,
    ),
)


def tools_for(user: UserId | None) -> dict[str, Tool]:
    """The tools by name; without a user those that need none.

    >>> [*tools_for(None)], [name for name, tool in tools_for("ann").items() if tool.writes]
    (['recommend', 'search', 'similar', 'explain'], ['feedback'])
    """
    return {tool.name: tool for tool in TOOLS if user or tool.user != "needed"}
