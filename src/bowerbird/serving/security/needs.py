"""What each route needs, on one page: a route that does not stand here needs `operate`."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

from bowerbird.store import Scope

PUBLIC = frozenset({"/healthz", "/readyz"})
"""What load balancers ask, without a key: they tell nothing but yes or no."""

READ: Scope = "read"
WRITE: Scope = "write"
OPERATE: Scope = "operate"

NEEDS: dict[tuple[str, str], Scope] = {
    ("POST", "/v1/events"): WRITE,
    ("POST", "/v1/recommendations"): READ,
    ("GET", "/v1/users/{user}/recommendations"): READ,
    ("GET", "/v1/users/{user}/history"): READ,
    ("GET", "/v1/users/{user}/profile"): READ,
    ("PATCH", "/v1/users/{user}/profile"): WRITE,
    ("GET", "/v1/users/{user}/profile/edits"): READ,
    ("DELETE", "/v1/users/{user}/profile/edits/{edit}"): WRITE,
    ("POST", "/v1/replay"): READ,
    ("GET", "/v1/search"): READ,
    ("GET", "/v1/items/{item}/similar"): READ,
    ("GET", "/v1/items/{item}"): READ,
    ("PUT", "/v1/items/{item}"): WRITE,
}
"""By method and template of the route, for who has taken a request knows the template, and no trick with its path changes it."""


def need(method: str, template: str) -> Scope | None:
    """The scope that a route needs; None where it needs no key.

    >>> need("GET", "/v1/items/{item:path}"), need("GET", "/metrics"), need("GET", "/healthz")
    ('read', 'operate', None)
    """
    template = template.replace(":path}", "}")
    return None if template in PUBLIC else NEEDS.get((method, template), OPERATE)


async def permitted(request: Request) -> None:
    """For every route of an app: refuse a key that is not good for it."""
    key = getattr(request.state, "key", None)
    wanted = need(request.method, request.scope["route"].path)
    if key is not None and wanted is not None and wanted not in key.scopes:
        raise HTTPException(403, f"this needs a key with the scope {wanted}, and key {key.id} has {', '.join(sorted(key.scopes))}")
