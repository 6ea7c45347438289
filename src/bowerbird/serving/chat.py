"""Conversations as they come in and go out over HTTP."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bowerbird.conversation import Called, How, Message, Reply, Talk
from bowerbird.explain import Language
from bowerbird.serving.fields import Id
from bowerbird.serving.schemas import Wire
from bowerbird.types import Json

MAX_MESSAGES, MAX_CHARS, MAX_ITEMS = 50, 2000, 20

ITEMS = "Of an answer: the `items` of its `message`, as they came. They are looked up again; what cannot be had counts for nothing."


class MessageIn(Wire):
    """One message."""

    role: Literal["user", "assistant"]
    content: Annotated[str, Field(min_length=1, max_length=MAX_CHARS, pattern=r"^[^\x00]*$")]
    items: Annotated[list[Id], Field(max_length=MAX_ITEMS, description=ITEMS)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _recommended(self) -> Self:
        if self.role == "user" and self.items:
            raise ValueError("items belong to an answer, not to a message of the user")
        return self


class ChatIn(Wire):
    """A conversation up to the user's last words; nothing of it is kept here, so all of it is sent each time."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"user": "ada", "messages": [{"role": "user", "content": "A comedy?"}]}]})

    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=MAX_MESSAGES, description="Oldest first; the last is the user's.")]
    user: Annotated[Id | None, Field(description="Whose history counts, and for whom feedback is stored; left out, nobody's.")] = None
    stream: Annotated[bool, Field(description="Whether to send server-sent events as things happen.")] = False
    language: Annotated[Language | None, Field(description="Of the engine's own sentences; left out, as the bundle is set.")] = None

    @model_validator(mode="after")
    def _ends_with_the_user(self) -> Self:
        if self.messages[-1].role != "user":
            raise ValueError("messages: the last one must be the user's")
        return self

    def talk(self, language: str) -> Talk:
        """As the conversation takes it."""
        said = tuple(Message(one.role, one.content, tuple(one.items)) for one in self.messages)
        return Talk(said, self.user, self.language or language)


class AnsweredOut(BaseModel):
    """The answer as a message, to be sent back with the next one."""

    role: Literal["assistant"]
    content: str
    items: list[str]


class ChatItemOut(BaseModel):
    """An item that is recommended."""

    item: str
    title: str
    categories: list[str]
    reason: Annotated[str | None, Field(description="Why, where a tool was asked for reasons.")]


class CallOut(BaseModel):
    """A tool that was called."""

    tool: str
    arguments: Annotated[dict[str, Any], Field(description="Items by the numbers that they have in this conversation.")]
    items: Annotated[int, Field(description="How many items it gave.")]
    error: Annotated[str | None, Field(description="Why it gave nothing.")]


class ChatOut(BaseModel):
    """An answer."""

    message: AnsweredOut
    items: Annotated[list[ChatItemOut], Field(description="Recommended, the best first: each is in the catalogue, and can be had.")]
    led_by: Annotated[How, Field(description="The chat model; else the rules, as there is none, it failed, was late, or kept to no form.")]
    calls: list[CallOut]
    notes: Annotated[list[str], Field(description="What was left out of account, and what was stored, one sentence each.")]
    dropped: Annotated[int, Field(description="Sentences and items of the chat model left out, since no tool had returned what they name.")]


def answered(reply: Reply) -> Json:
    """In the shape of `ChatOut`."""
    items = [hit.model_dump(mode="json") for hit in reply.items]
    return {
        "message": {"role": "assistant", "content": reply.text, "items": [hit.item for hit in reply.items]},
        "items": items,
        "led_by": reply.how,
        "calls": called(reply.calls),
        "notes": list(reply.notes),
        "dropped": reply.dropped,
    }


def called(calls: Sequence[Called]) -> list[Json]:
    """In the shape of `CallOut`."""
    return [{"tool": one.tool, "arguments": one.given, "items": one.items, "error": one.error} for one in calls]
