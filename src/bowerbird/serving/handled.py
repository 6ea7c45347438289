"""One request from its first byte to the last of its answer, as metrics, the log and spans are told of it."""

import re
from dataclasses import dataclass
from uuid import uuid4

from starlette.types import Scope

from bowerbird.tracing import Trace

ID_HEADER = "X-Request-Id"
ID_FORM = re.compile(r"[A-Za-z0-9._~:+/=-]{1,128}")


@dataclass(frozen=True, eq=False, slots=True)
class Handled:
    """A request that is over.

    route    the template of the route that took it, so that ids of users become neither labels nor lines
    seconds  that it took
    error    type of the error that it ended in
    key      id of the API key that it came with
    trace    its stages; it has the request's id
    headers  those of the request that say which trace of another's it belongs to
    """

    method: str
    route: str
    status: int
    seconds: float
    error: str | None
    key: str | None
    trace: Trace
    headers: dict[str, str]


def id_of(asked: str | None) -> str:
    """The id that a request came with, if it is of up to 128 letters, digits and ._~:+/=-; else a new one.

    >>> id_of("checkout-17"), len(id_of("two\\nlines")), len(id_of(None))
    ('checkout-17', 32, 32)
    """
    return asked if asked is not None and ID_FORM.fullmatch(asked) else uuid4().hex


def route_of(scope: Scope) -> str:
    """The template of the route that took the request, so that ids never become labels.

    >>> route_of({"path": "/static/site.css"}), route_of({"path": "/wp-login.php"})
    ('/static', 'none')
    """
    route = scope.get("route")
    if route is not None and hasattr(route, "path"):
        return str(route.path)
    return "/static" if scope["path"].startswith("/static/") else "none"
