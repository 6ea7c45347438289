"""The `[conversation]` part of the configuration."""

from typing import Literal

from pydantic import Field

from bowerbird.config import Settings


class ConversationSettings(Settings):
    """How a conversation is led by the chat model of `[chat]`; without one it is led by rules, and these settings do not matter.

    steps      a turn has at most so many: each calls one tool, the last one answers
    budget_s   a turn is answered by then, by the rules where the model has not answered
    words      checked: the model's sentences are shown where they name nothing but what tools returned; template: it chooses tools and
               items, and all sentences are the engine's own
    waiting    turns that wait for the model at a time; what comes beyond is answered by the rules once its budget ends
    max_tokens of one answer of the model
    """

    steps: int = Field(default=4, ge=1, le=10)
    budget_s: float = Field(default=20.0, gt=0, le=600)
    words: Literal["checked", "template"] = "checked"
    waiting: int = Field(default=4, ge=1, le=64)
    max_tokens: int = Field(default=400, ge=50, le=4000)
