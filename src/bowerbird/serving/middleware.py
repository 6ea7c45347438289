"""What wraps every request: its time is measured, and every answer carries the security headers."""

import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bowerbird.serving.metrics import Metrics

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


class Watch:
    """Measures requests by route template and sets the security headers; the body passes through untouched."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        begun = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/v1/"):
                    headers.setdefault("Cache-Control", "no-store")  # what people did is for no cache on the way
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception:
            self.metrics.errors.labels("Unforeseen").inc()
            raise
        finally:
            self.metrics.requests.labels(scope["method"], route_of(scope), status).observe(time.perf_counter() - begun)
            error = scope.get("state", {}).get("error")
            if error is not None:
                self.metrics.errors.labels(error).inc()


def route_of(scope: Scope) -> str:
    """The template of the route that took the request, so that ids never become labels.

    >>> route_of({"path": "/static/site.css"}), route_of({"path": "/wp-login.php"})
    ('/static', 'none')
    """
    route = scope.get("route")
    if route is not None and hasattr(route, "path"):
        return str(route.path)
    return "/static" if scope["path"].startswith("/static/") else "none"
