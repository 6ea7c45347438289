"""What happens in a turn of a conversation."""

from dataclasses import dataclass
from typing import Literal

from bowerbird.conversation.values import Hit
from bowerbird.types import Json

How = Literal["model", "none", "failed", "late", "form"]
"""Who led a turn: the chat model; or the rules, since there is no model, it failed, was late, or did not keep to the form."""

WHY: dict[How, str] = {
    "none": "there is no chat model: the last message was read by rules",
    "failed": "the chat model did not answer: the last message was read by rules",
    "late": "the chat model did not answer in time: the last message was read by rules",
    "form": "the chat model gave no valid answer: the last message was read by rules",
}


@dataclass(frozen=True, slots=True)
class Called:
    """A tool that was called.

    given  its arguments, items by their handles
    items  how many items it gave
    error  why it gave nothing; None where it worked
    """

    tool: str
    given: Json
    items: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    text     what is said, titles from the catalogue
    items    what is recommended, the best first: each is in the catalogue and can be had
    how      who led the turn
    calls    the tools that were called, in order
    notes    what was left out of account and what was stored, one sentence each
    dropped  sentences and items of the model that were left out, since no tool had returned what they name
    """

    text: str
    items: tuple[Hit, ...]
    how: How
    calls: tuple[Called, ...] = ()
    notes: tuple[str, ...] = ()
    dropped: int = 0


Happening = Called | Said | Reply
