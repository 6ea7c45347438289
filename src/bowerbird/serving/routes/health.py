from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bowerbird.engine import Engine
from bowerbird.errors import BowerbirdError, StoreError
from bowerbird.serving.deps import LiveEngine, LiveMetrics
from bowerbird.serving.errors import problem

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> dict[str, str]:
    """Always 200 while the process runs."""
    return {"status": "ok"}


@router.get("/readyz", summary="Can it answer?")
def readyz(request: Request, engine: LiveEngine) -> Response:
    """What a load balancer asks: 503 if no slate can be made, or the server is about to stop. Else 200, "degraded" where the store does not
    answer: then slates are from what was read of it before, and events are refused."""
    if request.app.state.draining:
        return problem(request, 503, "the server is about to stop", headers={"Retry-After": "1"})
    try:
        ready = engine.ready
    except BowerbirdError as error:
        request.state.error = type(error).__name__
        return problem(request, 503, str(error), headers={"Retry-After": "1"})
    if not ready:
        return problem(request, 503, "the engine has nothing to show yet", headers={"Retry-After": "1"})
    return JSONResponse({"status": "ready" if _answers(engine) else "degraded", "bundle": engine.bundle.fingerprint})


@router.get("/metrics", response_class=PlainTextResponse, summary="Prometheus reads this")
def metrics(metrics: LiveMetrics) -> Response:
    """Latencies by route, slates, events, errors, and which bundle answers."""
    return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _answers(engine: Engine) -> bool:
    try:
        return engine.store.newest() >= 0
    except StoreError:
        return False
