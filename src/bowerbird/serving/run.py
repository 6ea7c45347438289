"""Serve an engine until told to stop."""

import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from threadpoolctl import threadpool_limits

from bowerbird.engine import Engine
from bowerbird.errors import ConfigError
from bowerbird.retraining import Beside
from bowerbird.serving.app import create_app
from bowerbird.serving.security import Access, access_alone
from bowerbird.serving.spans import Spans

DRAIN_S = 10
"""How long requests in flight may take to finish after the signal to stop."""

LINGER_S = 2.0
"""How long after SIGTERM requests are still taken, while `/readyz` says no: until a balancer has noticed."""

CONNECTIONS = 4096
"""Open at a time; more are refused."""

BACKLOG = 2048


class _Server(uvicorn.Server):
    """Tells balancers before it stops to listen. Ctrl-C, or a second signal, does not wait."""

    def __init__(self, config: uvicorn.Config, linger_s: float, stopping: Callable[[], object]) -> None:
        super().__init__(config)
        self._linger_s, self._stopping, self._told = linger_s, stopping, False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        if sig == signal.SIGTERM and not self._told and self._linger_s > 0:
            threading.Timer(self._linger_s, super().handle_exit, (sig, frame)).start()
        else:
            super().handle_exit(sig, frame)
        self._told = True
        self._stopping()


def serve(
    engine: Engine,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    listener: socket.socket | None = None,
    say: Callable[[str], None] = print,
    retraining: Beside | None = None,
    access: Access | None = None,
    linger_s: float = LINGER_S,
    spans: Spans | None = None,
) -> None:
    """Answer requests until SIGINT (Ctrl-C) or SIGTERM; then finish what is in flight and return. A stop that was asked for is no failure.
    After SIGTERM `/readyz` says no for a while in which requests are still taken, so that a balancer can send them elsewhere.

    port        0 takes a free one
    listener    a socket of `bind`, for who wants to know before long work that the port is free; else it is bound here
    say         told the address once connections are accepted
    retraining  what retrains the engine, for the metrics
    access      how the server is guarded, as `access_for` has it; unless given, it answers on loopback alone
    linger_s    the while; 0 = none
    spans       told of every request; who made it closes it
    raises      ConfigError if the address cannot be had: in use, not ours, or not to be resolved; or if it is not on loopback, and nothing
                is said of access

    What learns from the log is told of it in the background. Small linear algebra is faster on one thread, and requests run beside one
    another: BLAS gets one thread each.
    """
    with listener or bind(host, port) as sock:
        app = create_app(engine, retraining, access or access_alone(sock), spans)
        answering(
            engine,
            app,
            sock,
            lambda where: say(f"Bowerbird is serving at {where} (Ctrl-C stops it)"),
            linger_s=linger_s,
            stopping=lambda: setattr(app.state, "draining", True),
        )


def answering(
    engine: Engine,
    app: ASGIApp,
    listener: socket.socket,
    say: Callable[[str], None],
    *,
    linger_s: float = 0.0,
    stopping: Callable[[], object] = lambda: None,
) -> None:
    """Answer by an app around the engine until told to stop, as `serve` does.

    say       told the address
    linger_s  how long after SIGTERM requests are still taken
    stopping  told when that begins
    """
    with listener, threadpool_limits(limits=1), _returning_signals(), engine.following():
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=DRAIN_S,
            limit_concurrency=CONNECTIONS,
        )
        say(url(listener))
        _Server(config, linger_s, stopping).run(sockets=[listener])


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens at the address.

    raises  ConfigError if the address cannot be had

    >>> with bind("127.0.0.1", 0) as taken:
    ...     bind("127.0.0.1", taken.getsockname()[1])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    bowerbird.errors.ConfigError: port: ... is in use on 127.0.0.1; choose another, or stop what listens there
    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (socket.gaierror, UnicodeError):
        raise ConfigError(f"host: {host!r} is no address that can be resolved") from None
    sock = socket.socket(family, kind, proto)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise ConfigError(_why(error, host, port)) from None
    return sock


def url(sock: socket.socket) -> str:
    """Where to point a browser."""
    host, port, *_ = sock.getsockname()
    return f"http://[{host}]:{port}" if sock.family == socket.AF_INET6 else f"http://{host}:{port}"


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port: {port} is in use on {host}; choose another, or stop what listens there"
    if error.errno == errno.EACCES:
        return f"port: {port} needs rights that this process has not; choose one above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"host: {host} is not an address of this machine"
    return f"host: cannot listen on {host}, port {port} ({error.strerror})"


@contextmanager
def _returning_signals() -> Iterator[None]:
    """uvicorn raises the signal that stopped it again when it is done; here that ends in a plain return."""

    def done(number: int, frame: FrameType | None) -> None:
        """Stopping was all that was asked for."""

    before = {number: signal.signal(number, done) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
