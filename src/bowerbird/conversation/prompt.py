"""What the chat model is told before a step: tools, what was said, what tools returned; all but the tools is data."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bowerbird.conversation.step import Step
from bowerbird.conversation.talk import Handles, Talk
from bowerbird.conversation.tools import Tool
from bowerbird.conversation.turn import TOLD, Turn
from bowerbird.language.prompts import template
from bowerbird.types import ItemId, Json, Prompt

CHARS = 500
"""Of each text that the model is told so much."""


def prompt_of(turn: Turn, form: type[Step], tools: Sequence[Tool], max_tokens: int) -> Prompt:
    """The prompt for the next step of a turn.

    form   that the answer must have
    tools  that may be called; none = it must answer
    """
    data = {
        "tools": described(tools) or "none: answer now",
        "talk": spoken(turn.talk, turn.handles),
        "results": turn.seen,
        "last": turn.talk.last,
    }
    return replace(template("conversation").fill(data, max_tokens=max_tokens, max_chars=CHARS), schema=form.model_json_schema())


def described(tools: Iterable[Tool]) -> dict[str, str]:
    """The tools: names with their arguments, and what they do."""
    return {f"{tool.name}({', '.join(tool.takes.model_fields)})": tool.about for tool in tools}


def spoken(talk: Talk, handles: Handles) -> list[Json]:
    """The turns before the last one, the newest of them."""
    return [
        {
            "who": "user" if message.role == "user" else "you",
            "says": message.text,
            **({"items": titled(message.items, handles)} if message.items else {}),
        }
        for message in talk.turns[-TOLD:-1]
    ]


def titled(items: Iterable[ItemId], handles: Handles) -> list[str]:
    """Handles and titles of the items that can be had."""
    return [f"[{handle}] {handles.stands(handle)}" for handle in handles.of_items(items)]
