"""What wraps every request: it has an id and is traced, who watches is told of it, and every answer carries the security headers."""

import time
from collections.abc import Callable, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bowerbird.serving.handled import ID_HEADER, Handled, id_of, route_of
from bowerbird.tracing import Trace, tracing

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
PARENTS = ("traceparent", "tracestate")
"""Headers of W3C Trace Context."""

Told = Callable[[Handled], None]


class Watch:
    """Traces requests and sets the security headers; the body passes through untouched.

    told  each of them is told of every request that is over, in this order
    """

    def __init__(self, app: ASGIApp, told: Sequence[Told]) -> None:
        self.app = app
        self.told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, error, asked = 500, None, Headers(scope=scope)
        state = scope.setdefault("state", {})
        state["request_id"] = id_of(asked.get(ID_HEADER))
        begun = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[ID_HEADER] = state["request_id"]
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/v1/"):
                    headers.setdefault("Cache-Control", "no-store")  # what people did is for no cache on the way
            await send(message)

        with tracing(state["request_id"]) as trace:
            try:
                await self.app(scope, receive, watched)
            except Exception:
                error = "Unforeseen"
                raise
            finally:
                self._tell(scope, status, time.perf_counter() - begun, error, trace, asked)

    def _tell(self, scope: Scope, status: int, seconds: float, error: str | None, trace: Trace, asked: Headers) -> None:
        state = scope["state"]
        handled = Handled(
            method=scope["method"],
            route=route_of(scope),
            status=status,
            seconds=seconds,
            error=error or state.get("error"),
            key=getattr(state.get("key"), "id", None),
            trace=trace,
            headers={name: value for name in PARENTS if (value := asked.get(name)) is not None},
        )
        for told in self.told:
            told(handled)
