import socket
from pathlib import Path
from typing import Annotated

import typer

from bowerbird.bundle import Bundle
from bowerbird.cli.common import bars, out
from bowerbird.engine import Engine
from bowerbird.errors import ConfigError
from bowerbird.store import SqlStore

HostOption = Annotated[str, typer.Option("--host", help="Address to listen on.")]
PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")]


def serve(
    bundle: Annotated[Path, typer.Argument(help="A folder that `fit` wrote.")],
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    store: Annotated[str, typer.Option("--store", help="The event log: a database URL.")] = "sqlite:///bowerbird.db",
) -> None:
    """Serve a bundle over HTTP, with a page to try it on; Ctrl-C ends it."""
    with listening(host, port) as listener:
        start(Bundle.load(bundle), store, listener)


def listening(host: str, port: int) -> socket.socket:
    """The socket to serve on, taken before any long work begins."""
    try:
        from bowerbird.serving import bind  # noqa: PLC0415 the extra may be missing
    except ModuleNotFoundError as missing:
        raise ConfigError(f"serve: {missing.name} is not installed; pip install 'bowerbird[serve]'") from None
    return bind(host, port)


def start(bundle: Bundle, store: str, listener: socket.socket) -> None:
    """Serve until told to stop."""
    from bowerbird.serving import serve as run  # noqa: PLC0415 `listening` has said so if the extra is missing

    with SqlStore(store) as log:
        with bars() as progress:
            engine = Engine(bundle, log, progress=progress)
        out.print(f"{len(bundle.catalogue):,} items, model {bundle.model.kind}, store {store}")
        run(engine, listener=listener, say=out.print)
