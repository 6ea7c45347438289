"""No more requests at a time than can be answered soon: the rest is told at once to come again, so that memory and waiting stay bounded."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from bowerbird.serving.errors import RETRY_AFTER_S, problem

MOST = 256
"""Requests at a time; some 40 of them are worked on, the others wait."""

ALWAYS = frozenset({"/healthz", "/readyz", "/metrics"})
"""What operators ask is answered under any load."""


class Bounded:
    """Answers 503 with Retry-After while `most` requests are in flight."""

    def __init__(self, app: ASGIApp, most: int = MOST) -> None:
        self.app = app
        self.most = most
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self.app(scope, receive, send)
        elif self._in_flight >= self.most:
            scope.setdefault("state", {})["error"] = "Overloaded"
            sentence = f"{self.most} requests are being answered already; try again soon"
            refused = problem(Request(scope), 503, sentence, headers={"Retry-After": str(RETRY_AFTER_S)})
            await refused(scope, receive, send)
        else:
            self._in_flight += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self._in_flight -= 1
