from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bowerbird.serving.deps import LiveEngine, LiveMetrics
from bowerbird.serving.errors import problem

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> dict[str, str]:
    """Always 200 while the process runs."""
    return {"status": "ok"}


@router.get("/readyz", summary="Can it answer?")
def readyz(request: Request, engine: LiveEngine) -> Response:
    """200 if the store can be read and the model scores, else 503: what a load balancer asks."""
    if not engine.ready:
        return problem(request, 503, "the engine cannot answer yet", headers={"Retry-After": "1"})
    return JSONResponse({"status": "ready", "bundle": engine.bundle.fingerprint})


@router.get("/metrics", response_class=PlainTextResponse, summary="Prometheus reads this")
def metrics(metrics: LiveMetrics) -> Response:
    """Latencies by route, slates, events, errors, and which bundle answers."""
    return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
