"""What each route needs, on one page: a route that does not stand here needs `operate`."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

from bowerbird.store import SCOPES, KeyRow

PUBLIC = frozenset({"/healthz", "/readyz"})
"""What load balancers ask, without a key: they tell nothing but yes or no."""

Scopes = frozenset[str]

READ, WRITE, OPERATE = (frozenset({scope}) for scope in SCOPES)
BOTH = READ | WRITE

NEEDS: dict[tuple[str, str], Scopes] = {
    ("POST", "/v1/events"): WRITE,
    ("POST", "/v1/recommendations"): READ,
    ("GET", "/v1/users/{user}/recommendations"): READ,
    ("GET", "/v1/users/{user}/history"): READ,
    ("GET", "/v1/users/{user}/profile"): READ,
    ("PATCH", "/v1/users/{user}/profile"): BOTH,
    ("GET", "/v1/users/{user}/profile/edits"): READ,
    ("DELETE", "/v1/users/{user}/profile/edits/{edit}"): BOTH,
    ("POST", "/v1/replay"): READ,
    ("GET", "/v1/search"): READ,
    ("POST", "/v1/chat"): BOTH,
    ("GET", "/v1/items/{item}/similar"): READ,
    ("GET", "/v1/items/{item}"): READ,
    ("PUT", "/v1/items/{item}"): WRITE,
}
"""By method and template of the route, for who has taken a request knows the template, and no trick with its path changes it. What writes
and answers with what it read needs both."""


def need(method: str, template: str) -> Scopes:
    """The scopes that a route needs; none where it needs no key.

    >>> [sorted(need(*route)) for route in [("GET", "/v1/items/{item:path}"), ("GET", "/metrics"), ("GET", "/healthz")]]
    [['read'], ['operate'], []]
    """
    template = template.replace(":path}", "}")
    return frozenset() if template in PUBLIC else NEEDS.get((method, template), OPERATE)


def lacking(key: KeyRow, wanted: Scopes) -> str | None:
    """Why a key is not good for what it is used for, in a sentence; None if it is."""
    if wanted <= key.scopes:
        return None
    return f"this needs a key with the scope {' and '.join(sorted(wanted))}, and key {key.id} has {', '.join(sorted(key.scopes))}"


async def permitted(request: Request) -> None:
    """For every route of an app: refuse a key that is not good for it."""
    key = getattr(request.state, "key", None)
    why = None if key is None else lacking(key, need(request.method, request.scope["route"].path))
    if why is not None:
        raise HTTPException(403, why)
