from typing import Annotated

from fastapi import APIRouter, Body, Header

from bowerbird.serving.deps import LiveEngine
from bowerbird.serving.fields import Id
from bowerbird.serving.schemas import BatchIn, EventsIn, StoredOut

router = APIRouter(tags=["events"])

EXAMPLES = {
    "one": {"summary": "One event", "value": {"user": "ada", "item": "1", "kind": "like"}},
    "batch": {
        "summary": "A batch",
        "value": {
            "events": [{"user": "ada", "item": "1", "kind": "rating", "value": 4.5, "time": "2026-01-31T18:00:00Z", "key": "ada-1-r"}]
        },
    },
}


@router.post("/v1/events", status_code=201, summary="Say what users did")
def post_events(
    body: Annotated[EventsIn, Body(openapi_examples=EXAMPLES)],
    engine: LiveEngine,
    idempotency_key: Annotated[
        Id | None,
        Header(
            description="Names this call: sent again with the same key, its events are stored once. An event's own `key` goes before it."
        ),
    ] = None,
) -> StoredOut:
    """Store one event, or several together or not at all.

    They are durable when the answer arrives, and the next slate of their users counts them. Events about items that the catalogue
    does not hold (yet) are kept, and count from the moment that the item is put. Without a time, an event happens now.
    """
    sent = body.events if isinstance(body, BatchIn) else [body]
    keys = [None if idempotency_key is None else f"{idempotency_key}/{place}" for place in range(len(sent))]
    events = [one.event(key) for one, key in zip(sent, keys, strict=True)]
    offset = engine.observe(events)
    return StoredOut(accepted=len(events), offset=offset)
