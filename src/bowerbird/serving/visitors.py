"""Who looks at the pages: a cookie names the user, and a POST must come from a page of ours."""

import secrets
from typing import Annotated
from urllib.parse import quote, unquote, urlsplit

from fastapi import Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bowerbird.types import UserId

USER_COOKIE, DIAL_COOKIE = "bowerbird_user", "bowerbird_dial"
YEAR_S = 365 * 24 * 3600
DIAL = 0.3
"""Where the dial stands at the first visit."""


async def _user(request: Request) -> UserId:
    named = unquote(request.cookies.get(USER_COOKIE, ""))
    return named if 0 < len(named) <= 512 and named.isprintable() else newcomer()


async def _dial(request: Request) -> float:
    try:
        dial = float(request.cookies.get(DIAL_COOKIE, ""))
    except ValueError:
        return DIAL
    return dial if 0 <= dial <= 1 else DIAL


async def _same_origin(request: Request) -> None:
    """Refuse a POST that another site's page sent with our visitor's cookie; what sends neither header is not a browser."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    ours = site == "same-origin" if site is not None else origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not ours:
        raise HTTPException(403, "this must be sent from a page of this server")


Visitor = Annotated[UserId, Depends(_user)]
Dial = Annotated[float, Depends(_dial)]
SameOrigin = Depends(_same_origin)


def newcomer() -> UserId:
    """An id that nobody has yet."""
    return f"guest-{secrets.token_hex(6)}"


def remember(response: Response, user: UserId, dial: float) -> None:
    """Set the cookies that name the visitor and keep the dial."""
    for name, value in ((USER_COOKIE, quote(user, safe="")), (DIAL_COOKIE, f"{dial:g}")):
        response.set_cookie(name, value, max_age=YEAR_S, httponly=True, samesite="lax")
