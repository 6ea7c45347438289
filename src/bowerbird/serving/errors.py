"""From errors to HTTP: one table, one shape, no stack trace outward."""

import logging
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from bowerbird.errors import BowerbirdError, BundleError, ConfigError, DataError, LanguageError, StoreError
from bowerbird.serving.handled import ID_HEADER, route_of
from bowerbird.serving.logs import FIELDS
from bowerbird.serving.middleware import HEADERS
from bowerbird.serving.schemas import FieldError, Problem


class NotFoundError(DataError):
    """There is no such item, or no such edit of a profile."""


STATUS: dict[type[BowerbirdError], int] = {
    NotFoundError: 404,
    ConfigError: 422,
    DataError: 422,
    BundleError: 409,
    StoreError: 503,
    LanguageError: 503,
}
"""What an error of ours is to a client; the first that fits."""

RETRY_AFTER_S = 1

MAX_SHOWN = 20
"""Wrong fields listed in one answer."""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Bowerbird</title></head>
<body><h1>That did not work</h1><p>{detail}</p><p><a href="./">Back to the slate</a></p></body></html>
"""

log = logging.getLogger("bowerbird.serving")


def install(app: FastAPI) -> None:
    """Make `app` answer every error with a `Problem`."""
    app.add_exception_handler(BowerbirdError, _ours)
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def status_of(error: BowerbirdError) -> int:
    """The HTTP status of an error of ours.

    >>> status_of(StoreError("the store is locked"))
    503
    """
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


def sentence(error: Any) -> FieldError:
    """One error of pydantic's as field, rule and value got.

    >>> sentence({"loc": ("body", "one", "k"), "msg": "Input should be less than 9", "type": "less_than", "input": 12}).message
    'should be less than 9'
    """
    place, *path = error["loc"]
    parts = [str(part) for part in path[path[:1] in (["one"], ["batch"]) :]]  # which of the two bodies it was is clear
    if error["type"] == "json_invalid":
        why = error.get("ctx", {}).get("error", "cannot be parsed")
        return FieldError(field="body", message=f"is not valid JSON: {why}, at character {path[0] if path else 0}", got="")
    if isinstance(error["input"], bytes):
        return FieldError(field="body", message="must be JSON, sent with the header Content-Type: application/json", got="")
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    got = "nothing" if error["type"] == "missing" else f"{error['input']!r:.80}"
    return FieldError(field=".".join(parts) or place, message=message[0].lower() + message[1:], got=got)


def for_people(request: Request) -> bool:
    """Whether a person went to one of the pages, and no program asked."""
    headers = request.headers
    return "text/html" in headers.get("accept", "") and "hx-request" not in headers and not request.url.path.startswith("/v1/")


def problem(
    request: Request, status: int, detail: str, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """The answer that an error is: JSON, or a plain page for a person who went to one of the pages."""
    if for_people(request):
        return HTMLResponse(PAGE.format(detail=escape(detail)), status, headers)
    shown = Problem(status=status, detail=detail, errors=list(errors)).model_dump(exclude_defaults=True)
    return JSONResponse(shown, status, headers)


async def _ours(request: Request, error: Exception) -> Response:
    status = status_of(error) if isinstance(error, BowerbirdError) else 500
    request.state.error = type(error).__name__
    return problem(request, status, str(error), headers={"Retry-After": str(RETRY_AFTER_S)} if status == 503 else None)


async def _wrong_request(request: Request, error: Exception) -> Response:
    found = [sentence(one) for one in error.errors()] if isinstance(error, RequestValidationError) else []
    first = found[0]
    rest = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    got = f", got {first.got}" if first.got else ""
    request.state.error = "RequestError"
    return problem(request, 422, f"{first.field}: {first.message}{got}{rest}", found[:MAX_SHOWN])


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 400:  # FastAPI says so of a body that is not even text
        status = 422
    detail = {
        404: f"there is no {request.url.path} here",
        405: f"{request.url.path} does not take {request.method}",
        422: "body: cannot be read as what its Content-Type says",
        413: "the body is larger than this server takes",
    }.get(status, str(getattr(error, "detail", "")))
    request.state.error = "RequestError"
    return problem(request, status, detail, headers=dict(getattr(error, "headers", None) or {}))


async def _unforeseen(request: Request, error: Exception) -> Response:
    id = request.state.request_id
    log.error("%s %s failed", request.method, route_of(request.scope), exc_info=error, extra={FIELDS: {"request": id}})
    return problem(request, 500, "something went wrong inside; the server's log says what", headers={**HEADERS, ID_HEADER: id})
