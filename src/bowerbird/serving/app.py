"""The app: routes, errors, counters and pages around one engine."""

from pathlib import Path

from fastapi import Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

from bowerbird import __version__
from bowerbird.engine import Engine
from bowerbird.retraining import Beside
from bowerbird.serving import errors, logs
from bowerbird.serving.conversing import Conversations
from bowerbird.serving.fields import MAX_BODY
from bowerbird.serving.load import Bounded
from bowerbird.serving.metrics import Metrics
from bowerbird.serving.middleware import Watch
from bowerbird.serving.routes import chat, events, health, items, pages, people, profiles, recommendations, search
from bowerbird.serving.schemas import Problem
from bowerbird.serving.security import Access, Gate, permitted, secured
from bowerbird.serving.spans import Spans

STATIC = Path(__file__).parent / "static"

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HEADERS = ("Authorization", "Content-Type", "Idempotency-Key")
"""What pages of the sites that may call are allowed to."""

ABOUT = """A live recommender: say what users did, ask for slates. What is stored by one call counts in the next.

Every error is a `Problem`: one sentence in `detail`, and for a wrong request each wrong field in `errors`."""

PROBLEMS = {
    401: "There is no key, or it is not known, revoked or expired.",
    403: "The key has not the scope that this needs.",
    404: "There is no such item, or no such edit.",
    409: "The receipt's bundle is not among the last that were live here.",
    413: "The body is larger than this server takes.",
    422: "The request is wrong; the fields are named.",
    429: "The key has been used too often; try again after the seconds in Retry-After.",
    503: "The store or the language model does not answer now, or too many ask at once; try again.",
}


def create_app(engine: Engine, retraining: Beside | None = None, access: Access | None = None, spans: Spans | None = None) -> FastAPI:
    """The HTTP API and the pages around a live engine; each app has its own counters, so several may live in one process.

    retraining  what retrains the engine, for the metrics
    access      how it is guarded; None = not at all, for an app behind a guard of another's
    spans       told of every request, where traces go elsewhere too
    """
    access = access or Access()
    app = FastAPI(
        title="Bowerbird",
        version=__version__,
        description=ABOUT,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        max_body_size=MAX_BODY,
        dependencies=[Depends(permitted)],
        responses=_problems(401, 403, 429) if access.ring else None,
    )
    app.state.engine = engine
    app.state.draining = False
    app.state.metrics = Metrics(engine, retraining)
    app.state.conversations = Conversations(engine)
    errors.install(app)
    app.add_middleware(Gate, access=access)
    app.add_middleware(Bounded)
    if access.origins:
        app.add_middleware(CORSMiddleware, allow_origins=access.origins, allow_methods=METHODS, allow_headers=HEADERS)
    app.add_middleware(Watch, told=(app.state.metrics.handled, *([] if spans is None else [spans.tell]), logs.tell))
    app.include_router(events.router, responses=_problems(413, 422, 503))
    app.include_router(recommendations.router, responses=_problems(409, 413, 422, 503))
    app.include_router(profiles.router, responses=_problems(404, 413, 422, 503))
    app.include_router(search.router, responses=_problems(422, 503))
    app.include_router(chat.router, responses=_problems(413, 422, 503))
    app.include_router(items.router, responses=_problems(404, 413, 422, 503))
    app.include_router(people.router, responses=_problems(422, 503))
    app.include_router(health.router, responses=_problems(503))
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    if access.ring:
        described = app.openapi
        app.openapi = lambda: secured(described())  # type: ignore[method-assign]
    return app


def _problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    return {status: {"model": Problem, "description": PROBLEMS[status]} for status in statuses}
