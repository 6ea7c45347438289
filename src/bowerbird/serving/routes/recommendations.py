from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from bowerbird.explain import Language
from bowerbird.serving import wire
from bowerbird.serving.deps import LiveEngine, LiveMetrics
from bowerbird.serving.fields import MAX_HISTORY, Diversity, Id, K, WishText
from bowerbird.serving.schemas import HistoryOut, RecommendationsIn, ReplayIn, SlateOut
from bowerbird.serving.traced import Traced

router = APIRouter(tags=["recommendations"])

User = Annotated[Id, Path(description="A user of the log; a stranger is a newcomer, not an error.")]


@router.post("/v1/recommendations", response_model=SlateOut, summary="A slate for a user, or for a history given here")
def post_recommendations(body: RecommendationsIn, engine: LiveEngine, metrics: LiveMetrics, trace: Traced) -> Response:
    """The best items for this history, as varied as `diversity` says; none of them in the history, unless the bundle wants repeats.

    A wish in words (`text`) steers the slate; `wish` says what was understood of it, and what was not. Each slate has an id, and a receipt
    from which `POST /v1/replay` makes it again.
    """
    answer = engine.recommend(
        user=body.user,
        history=None if body.history is None else [past.event() for past in body.history],
        k=body.k,
        diversity=body.diversity,
        filters=body.filters,
        exclude=body.exclude,
        context=body.context,
        explain=body.explain,
        language=body.language,
        seed=body.seed,
        text=body.text,
    )
    metrics.made(answer, "api")
    return wire.slate(answer, trace)


@router.get("/v1/users/{user:path}/recommendations", response_model=SlateOut, summary="A slate for a user")
def get_recommendations(
    *,
    user: User,
    engine: LiveEngine,
    metrics: LiveMetrics,
    trace: Traced,
    k: Annotated[K, Query()] = 10,
    diversity: Annotated[Diversity | None, Query()] = None,
    explain: bool = False,
    language: Language | None = None,
    text: Annotated[WishText | None, Query()] = None,
) -> Response:
    """The short form of `POST /v1/recommendations`."""
    answer = engine.recommend(user=user, k=k, diversity=diversity, explain=explain, language=language, text=text)
    metrics.made(answer, "api")
    return wire.slate(answer, trace)


@router.get("/v1/users/{user:path}/history", response_model=HistoryOut, summary="What a user did")
def get_history(
    user: User, engine: LiveEngine, limit: Annotated[int, Query(ge=1, le=MAX_HISTORY, description="How many events.")] = 50
) -> Response:
    """The newest events of a user, oldest first; empty for a stranger."""
    return wire.history(user, engine.history(user, limit))


@router.post("/v1/replay", response_model=SlateOut, summary="A slate made again from its receipt")
def post_replay(body: ReplayIn, engine: LiveEngine, trace: Traced) -> Response:
    """The same slate, item for item, whatever was stored since. 409 if its bundle is not among the last that were live here."""
    return wire.slate(engine.replay(body.receipt), trace)
