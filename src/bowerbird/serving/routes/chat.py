import json
from collections.abc import Generator, Iterator
from typing import Annotated

from fastapi import APIRouter, Body
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bowerbird.conversation import Called, Happening, Reply, Said
from bowerbird.errors import BowerbirdError
from bowerbird.serving.chat import ChatIn, ChatOut, answered, called
from bowerbird.serving.deps import LiveConversations, LiveEngine, LiveMetrics
from bowerbird.serving.errors import status_of
from bowerbird.serving.metrics import Metrics
from bowerbird.serving.schemas import Problem
from bowerbird.types import Json

router = APIRouter(tags=["conversation"])

EXAMPLES = {
    "first": {
        "summary": "The first message",
        "value": {"user": "ada", "messages": [{"role": "user", "content": "Something lighter than usual, no horror"}]},
    },
    "next": {
        "summary": "The answer is sent back with the next message",
        "value": {
            "user": "ada",
            "messages": [
                {"role": "user", "content": "Something lighter than usual, no horror"},
                {"role": "assistant", "content": "I would try:", "items": ["1", "3"]},
                {"role": "user", "content": "I loved the first one. More like it?"},
            ],
        },
    },
    "stream": {"summary": "As it happens", "value": {"messages": [{"role": "user", "content": "A film like Alien?"}], "stream": True}},
}
STREAM = 'With `stream`, events: `call` (a `CallOut`), `sentence` ({"text"}), at the end `answer` (a `ChatOut`) or `error` (a `Problem`).'


@router.post(
    "/v1/chat",
    summary="Talk about what to recommend",
    response_model=ChatOut,
    responses={200: {"description": STREAM, "content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
def post_chat(
    *,
    request: Request,
    body: Annotated[ChatIn, Body(openapi_examples=EXAMPLES)],
    engine: LiveEngine,
    conversations: LiveConversations,
    metrics: LiveMetrics,
) -> Response:
    """The answer to the last message of a conversation.

    A chat model calls the engine's tools where the bundle names one in `[chat]`; without one, or where it fails, rules read the last
    message, and `notes` says so. Every item in `items` is in the catalogue and can be had. Feedback is stored only for `user`, and only
    as the last message says it.
    """
    happenings = conversations.now().happenings(body.talk(engine.bundle.config.explain.language))
    if body.stream:
        return EventSourceResponse(_events(happenings, request, metrics), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    *_, reply = happenings
    assert isinstance(reply, Reply)
    metrics.answered(reply)
    return JSONResponse(answered(reply))


def _events(happenings: Generator[Happening], request: Request, metrics: Metrics) -> Iterator[bytes]:
    try:
        for one in happenings:
            if isinstance(one, Reply):
                metrics.answered(one)
            yield _event(*_shown(one))
    except BowerbirdError as error:
        request.state.error = type(error).__name__
        yield _event("error", Problem(status=status_of(error), detail=str(error)).model_dump(exclude_defaults=True))
    finally:
        happenings.close()


def _shown(one: Happening) -> tuple[str, Json]:
    match one:
        case Called():
            return "call", called([one])[0]
        case Said():
            return "sentence", {"text": one.text}
        case Reply():
            return "answer", answered(one)


def _event(name: str, data: Json) -> bytes:
    return format_sse_event(event=name, data_str=json.dumps(data, ensure_ascii=False))
