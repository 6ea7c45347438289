"""Answers as JSON bytes. The hot route is answered with these: no second validation, no second copy."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from bowerbird.answers import Answer, Recommended
from bowerbird.serving.schemas import RESERVED
from bowerbird.serving.traced import with_stages
from bowerbird.steering import Wish
from bowerbird.tracing import Trace, staged
from bowerbird.types import Event, ItemId, Json, UserId


class JsonBytes(Response):
    """A JSON answer whose bytes are made already."""

    media_type = "application/json"


def slate(answer: Answer, trace: Trace | None = None) -> JsonBytes:
    """A slate, in the shape of `schemas.SlateOut`; with the stages of its request where there is a trace."""
    body = _slate(answer)
    return JsonBytes(body if trace is None else with_stages(body, trace))


@staged("json")
def _slate(answer: Answer) -> bytes:
    return to_json(
        {
            "slate_id": answer.slate_id,
            "user": answer.user,
            "items": [recommended(one) for one in answer.items],
            "receipt": answer.receipt,
            "notes": answer.notes,
            "wish": None if answer.wish is None else wish(answer.wish),
        }
    )


def similar(item: ItemId, found: Sequence[Recommended]) -> JsonBytes:
    """Neighbours of an item, in the shape of `schemas.SimilarOut`."""
    return JsonBytes(to_json({"item": item, "items": [recommended(one) for one in found]}))


def wish(one: Wish) -> Json:
    """A wish as it was read, in the shape of `schemas.WishOut`."""
    return {**one.model_dump(), "conditions": [{**condition.model_dump(), "words": condition.words} for condition in one.conditions]}


def search(q: str, user: UserId | None, found: Sequence[Recommended]) -> JsonBytes:
    """What was found, in the shape of `schemas.SearchOut`."""
    return JsonBytes(to_json({"q": q, "user": user, "items": [recommended(one) for one in found]}))


def recommended(one: Recommended) -> Json:
    """One item of a slate, in the shape of `schemas.RecommendedOut`."""
    return {
        "item": one.item,
        "rank": one.rank,
        "score": float(one.score),
        "title": one.title,
        "categories": one.categories,
        "propensity": one.propensity,
        "intents": one.intents,
        "reason": one.reason,
        "because": one.because,
        "rank_with": one.rank_with,
        "rank_without": one.rank_without,
    }


def item(row: Json) -> JsonBytes:
    """A row of the catalogue, in the shape of `schemas.ItemOut`."""
    shown: dict[str, Any] = {
        "item": row["item"],
        "title": row.get("title") or row["item"],
        "categories": row.get("categories") or (),
        "created": row.get("created"),
        "available": row.get("available", True),
        "attributes": {name: value for name, value in row.items() if name not in RESERVED},
    }
    return JsonBytes(to_json(shown))


def event(one: Event) -> Json:
    """An event, in the shape of `schemas.EventOut`."""
    return {
        "item": one.item,
        "kind": one.kind,
        "time": one.time,
        "value": one.value,
        "text": one.text,
        "context": dict(one.context),
    }


def history(user: str, events: Sequence[Event]) -> JsonBytes:
    """A history, in the shape of `schemas.HistoryOut`."""
    return JsonBytes(to_json({"user": user, "events": [event(one) for one in events]}))
