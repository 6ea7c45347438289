from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from bowerbird.serving import wire
from bowerbird.serving.deps import LiveEngine
from bowerbird.serving.fields import Id, K, Words
from bowerbird.serving.schemas import SearchOut

router = APIRouter(tags=["search"])


@router.get("/v1/search", response_model=SearchOut, summary="Find items by words")
def get_search(
    *,
    engine: LiveEngine,
    q: Annotated[Words, Query(description="What to look for: words of titles and texts, or what they mean.")],
    user: Annotated[Id | None, Query(description="Whose own scores have a part in the order; what they muted is not found.")] = None,
    k: Annotated[K, Query()] = 10,
) -> Response:
    """Items found by their words, typing errors forgiven, and by what the words mean. The user's own scores have a part in the order."""
    return wire.search(q, user, engine.search(q, user, k))
