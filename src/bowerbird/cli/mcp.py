from pathlib import Path
from typing import Annotated

import typer

from bowerbird.bundle import Bundle
from bowerbird.cli.common import bars, err
from bowerbird.cli.serve import HostOption, OpenOption, guarded, listening
from bowerbird.engine import Engine
from bowerbird.errors import ConfigError
from bowerbird.pseudonyms import Pseudonyms
from bowerbird.store import SqlStore


def mcp(
    bundle: Annotated[Path, typer.Argument(help="A folder that `fit` wrote.")],
    store: Annotated[str, typer.Option("--store", help="The event log: a database URL.")] = "sqlite:///bowerbird.db",
    user: Annotated[str | None, typer.Option("--user", help="For whom all calls are; left out, each call names a user.")] = None,
    http: Annotated[bool, typer.Option("--http", help="Streamable HTTP at /mcp in place of standard input and output.")] = False,
    host: HostOption = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port of --http; 0 takes a free one.")] = 8001,
    open_to_all: OpenOption = False,
) -> None:
    """Let other agents use a bundle's tools, by the Model Context Protocol."""
    try:
        from bowerbird.serving import agents  # noqa: PLC0415 the extra may be missing
        from bowerbird.serving.run import answering  # noqa: PLC0415 likewise
        from bowerbird.serving.security import BOTH, Gate  # noqa: PLC0415 likewise
    except ModuleNotFoundError as missing:
        raise ConfigError(f"mcp: {missing.name} is not installed; pip install 'bowerbird[serve,mcp]'") from None
    listener = listening(host, port) if http else None
    loaded = Bundle.load(bundle)
    with SqlStore(store, names=Pseudonyms.where(loaded.config.data.pseudonyms)) as log:
        access = None if listener is None else guarded(log, listener, open_to_all=open_to_all)
        with bars() as progress:
            engine = Engine(loaded, log, progress=progress)
        if listener is None or access is None:
            with engine.following():
                agents.speak(engine, user)
        else:
            app = Gate(agents.http_app(engine, user, host), access, BOTH)
            answering(engine, app, listener, lambda url: err.print(f"MCP at {url}{agents.PATH}"))
