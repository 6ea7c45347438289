"""The gate before the app: who comes is known, and how often, before a byte of the body is read."""

import binascii
import logging
import math
from base64 import b64decode
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bowerbird.access import KeyRing
from bowerbird.errors import StoreError
from bowerbird.serving.errors import for_people, problem
from bowerbird.serving.security.access import Access
from bowerbird.serving.security.needs import PUBLIC, Scopes, lacking

BEARER = 'Bearer realm="Bowerbird"'
BASIC = 'Basic realm="Bowerbird: the API key is the password", charset="UTF-8"'
"""How a browser is told to ask its user for a key, on pages alone."""

log = logging.getLogger("bowerbird.serving")


class Gate:
    """Lets in whoever has a key, as often as the key may; all of the app stands behind it, whatever is mounted there.

    The key is in `scope["state"]["key"]` then; what it is good for is for `needs.permitted` to say, when the route is known.

    needs  scopes that all of the app needs, for one that has no routes of ours
    """

    def __init__(self, app: ASGIApp, access: Access, needs: Scopes = frozenset()) -> None:
        self.app = app
        self.access = access
        self.needs = needs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        refused = await self._refused(Request(scope)) if scope["type"] == "http" else None
        await (refused or self.app)(scope, receive, send)

    async def _refused(self, request: Request) -> Response | None:
        hosts, ring = self.access.hosts, self.access.ring
        if hosts is not None and (asked := _host(request)) not in hosts:
            request.state.error = "Forbidden"
            return problem(request, 403, f"this server answers for {', '.join(sorted(hosts))} alone, got {asked!r:.80}")
        if ring is None or request.scope["path"] in PUBLIC:
            return None
        await self._refresh(ring)
        key = ring.find(_token(request))
        if key is None:
            request.state.error = "Unauthorized"
            return problem(
                request,
                401,
                "this needs an API key that is known, not revoked and not expired, as `Authorization: Bearer KEY`",
                headers={"WWW-Authenticate": BASIC if for_people(request) else BEARER},
            )
        if why := lacking(key, self.needs):
            request.state.error = "Forbidden"
            return problem(request, 403, why)
        wait = ring.wait(key)
        if wait:
            request.state.error = "TooManyRequests"
            detail = f"key {key.id} may make {key.per_second:g} requests a second, and {key.burst} at once"
            return problem(request, 429, detail, headers={"Retry-After": str(math.ceil(wait))})
        request.state.key = key
        return None

    async def _refresh(self, ring: KeyRing) -> None:
        """Read the keys again where they are stale. While the store does not answer, those known last are good."""
        if not ring.stale:
            return
        try:
            await run_in_threadpool(ring.refresh)
        except StoreError as error:
            log.warning("reading the API keys: %s", error)


def _token(request: Request) -> str:
    """The key in the header: a bearer's, or the password of a browser."""
    kind, _, rest = request.headers.get("authorization", "").partition(" ")
    if kind.casefold() == "bearer":
        return rest.strip()
    if kind.casefold() != "basic":
        return ""
    try:
        return b64decode(rest.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _host(request: Request) -> str:
    """The name that was asked for, without the port."""
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""
