from pathlib import Path as File
from typing import Annotated, Any, Literal

import jinja2
from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bowerbird.engine import Engine
from bowerbird.serving import views
from bowerbird.serving.deps import LiveEngine, LiveMetrics
from bowerbird.serving.errors import NotFoundError
from bowerbird.serving.fields import Diversity, Id
from bowerbird.serving.metrics import Metrics
from bowerbird.serving.visitors import Dial, SameOrigin, Visitor, newcomer, remember
from bowerbird.types import Event, UserId

router = APIRouter(include_in_schema=False)

TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(File(__file__).parent.parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

Reaction = Literal["like", "not_interested", "seen"]
APART = "\u2068", "\u2069"
"""Keeps the direction of writing of a title to the title."""
SAID = {"like": "Liked", "not_interested": "Not for you", "seen": "Seen"}
Search = Annotated[str, Query(max_length=200)]


@router.get("/")
def home(engine: LiveEngine, metrics: LiveMetrics, user: Visitor, dial: Dial) -> Response:
    """The page: who you are, what you did, and your slate."""
    return _page(engine, metrics, user, dial, "")


@router.get("/slate")
def slate(
    *, request: Request, engine: LiveEngine, metrics: LiveMetrics, user: Visitor, dial: Dial, diversity: Diversity | None = None
) -> Response:
    """The slate with the dial turned."""
    turned = dial if diversity is None else diversity
    if not _by_htmx(request):
        return _home_again(user, turned)
    return _render("stage.html", user, turned, stage=_stage(engine, metrics, user, turned, "The slate follows the dial."))


@router.get("/search")
def search(*, request: Request, engine: LiveEngine, metrics: LiveMetrics, user: Visitor, dial: Dial, q: Search = "") -> Response:
    """Items by title, to like what one knows."""
    if not _by_htmx(request):
        return _page(engine, metrics, user, dial, q)
    return _render("found.html", user, dial, q=q, found=_found(engine, user, q))


@router.post("/act", dependencies=[SameOrigin])
def act(
    *,
    request: Request,
    engine: LiveEngine,
    metrics: LiveMetrics,
    user: Visitor,
    dial: Dial,
    item: Annotated[Id, Form()],
    kind: Annotated[Reaction, Form()],
    slate_id: Annotated[str, Form(max_length=100)] = "",
    q: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Store what the visitor did, and answer with the slate that follows from it."""
    row = engine.item(item)
    if row is None:
        raise NotFoundError(f"item {item!r}: not in the catalogue")
    key = f"page/{slate_id}/{user}/{item}/{kind}"[:512] if slate_id else None
    event = Event(user, item, kind=kind, key=key, slate=slate_id or None)
    engine.observe([event])
    if not _by_htmx(request):
        return _home_again(user, dial)
    said = f"{SAID[kind]}: {APART[0]}{views.title_of(row, item)}{APART[1]}. The slate has changed."
    return _render("acted.html", user, dial, stage=_stage(engine, metrics, user, dial, said), q=q, found=_found(engine, user, q))


@router.post("/visitor", dependencies=[SameOrigin])
def visitor(dial: Dial, user: Annotated[Id | None, Form()] = None) -> Response:
    """Be another user: the one named, or a newcomer."""
    return _home_again(user or newcomer(), dial)


def _page(engine: Engine, metrics: Metrics, user: UserId, dial: float, q: str) -> Response:
    return _render(
        "page.html",
        user,
        dial,
        user=user,
        guest=user.startswith("guest-"),
        users=engine.users(100),
        size=len(engine.catalogue),
        stage=_stage(engine, metrics, user, dial, ""),
        q=q,
        found=_found(engine, user, q),
    )


def _stage(engine: Engine, metrics: Metrics, user: UserId, dial: float, said: str) -> views.Stage:
    answer = engine.recommend(user=user, k=views.SLATE_SIZE, diversity=dial, explain=True)
    metrics.made(answer, "page")
    past = engine.history(user, views.HISTORY_SIZE)
    return views.Stage(answer.slate_id, views.cards(engine, answer.items), views.deeds(engine, past), dial, said)


def _found(engine: Engine, user: UserId, q: str) -> tuple[views.Found, ...]:
    return views.found(engine.search_titles(q, views.SEARCH_SIZE), engine.history(user, views.HISTORY_SIZE)) if q.strip() else ()


def _render(template: str, visitor: UserId, turned: float, **values: Any) -> Response:
    response = HTMLResponse(TEMPLATES.get_template(template).render(**values), headers={"Cache-Control": "no-store", "Vary": "HX-Request"})
    remember(response, visitor, turned)
    return response


def _home_again(user: UserId, dial: float) -> Response:
    response = RedirectResponse("./", 303)
    remember(response, user, dial)
    return response


def _by_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"
