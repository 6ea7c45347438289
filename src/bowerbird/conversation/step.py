"""What a chat model decides: to call one tool, or to answer. Its form is made from the tools that it may call."""

from functools import lru_cache
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, Field, create_model

from bowerbird.config import Settings
from bowerbird.conversation.tools import Tool

ANSWER: Literal["answer"] = "answer"
Handle = Annotated[str, Field(max_length=8)]


class Answering(Settings):
    """The turn ends with this.

    say    sentences, items and lines in them by their handles
    items  handles of what is recommended, the best first
    """

    tool: Literal["answer"] = ANSWER
    say: Annotated[tuple[Annotated[str, Field(max_length=300)], ...], Field(max_length=4, description="Short sentences.")] = ()
    items: Annotated[tuple[Handle, ...], Field(max_length=10, description="Handles of the items to recommend.")] = ()


class Step(BaseModel):
    """The next step."""

    next: Any

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """The schema as servers hold answers to it: every field must be given, and there are no defaults."""
        schema: dict[str, Any] = strict(super().model_json_schema(*args, **options))
        return schema


@lru_cache(maxsize=16)
def step_of(tools: tuple[Tool, ...]) -> type[Step]:
    """The form of the next step with these tools; with none it can but be an answer.

    >>> from bowerbird.conversation.tools import tools_for
    >>> step_of(tuple(tools_for(None).values())).model_validate({"next": {"tool": "search", "text": "tea", "k": 3}}).next.text
    'tea'
    >>> list(step_of(()).model_json_schema()["$defs"])
    ['Answering']
    """
    calls: list[Any] = []
    for tool in tools:
        field: dict[str, Any] = {"tool": (Literal[tool.name], ...)}
        calls.append(create_model(f"Call{tool.takes.__name__}", __base__=tool.takes, __doc__=tool.about, **field))
    form: Any = Union[(Answering, *calls)] if calls else Answering
    return create_model("Step", __base__=Step, next=(form, ...))


def arguments(call: Settings) -> dict[str, Any]:
    """What a call gives its tool."""
    return call.model_dump(mode="json", exclude={"tool"})


def strict(schema: Any) -> Any:
    """A JSON schema in which every property of every object is required, and nothing is said twice."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: strict(value) for name, value in schema.items() if name not in ("default", "title") or isinstance(value, dict)}
    if "properties" in kept:
        kept |= {"required": list(kept["properties"]), "additionalProperties": False}
    return kept
