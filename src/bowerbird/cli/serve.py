import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bowerbird.bundle import Bundle
from bowerbird.cli.common import bars, err, out
from bowerbird.engine import Engine
from bowerbird.errors import ConfigError
from bowerbird.experiments import Experiment, Shadowed, Split, Trial, Warden
from bowerbird.protocols import Progress
from bowerbird.pseudonyms import Pseudonyms
from bowerbird.retraining import POINTER, Shelf, Watcher, beside, newest_good
from bowerbird.store import Keys, SqlStore

if TYPE_CHECKING:
    from bowerbird.serving import Access, Spans


class LogFormat(StrEnum):
    """How a server's log is written."""

    TEXT = "text"
    JSON = "json"


LogFormatOption = Annotated[LogFormat, typer.Option("--log-format", help="Of the log on standard error, one line for each request.")]
HostOption = Annotated[str, typer.Option("--host", help="Address to listen on.")]
OpenOption = Annotated[bool, typer.Option("--open", help="Let everyone who reaches the server do everything: no API keys.")]
PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")]


def serve(
    bundle: Annotated[Path, typer.Argument(help="A folder that `fit` wrote; or a registry, of which the live bundle is served.")],
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    store: Annotated[str, typer.Option("--store", help="The event log: a database URL.")] = "sqlite:///bowerbird.db",
    retrain: Annotated[
        Path | None, typer.Option("--retrain", help="Fit again on the log when that is due, and keep what goes live in this folder.")
    ] = None,
    settings: Annotated[Path | None, typer.Option("--settings", help="How to retrain, a TOML file.")] = None,
    trial: Annotated[
        Path | None, typer.Option("--trial", help="Deal users to arms, or ask a challenger in the shadow: a TOML file.")
    ] = None,
    open_to_all: OpenOption = False,
    origin: Annotated[list[str] | None, typer.Option("--origin", help="A site whose pages may call from a browser.")] = None,
    linger: Annotated[
        float, typer.Option("--linger", min=0, help="Seconds after SIGTERM in which /readyz says no and requests are still taken.")
    ] = 2.0,
    log_format: LogFormatOption = LogFormat.TEXT,
) -> None:
    """Serve a bundle over HTTP, with a page to try it on; Ctrl-C ends it. API keys guard it as soon as one was made."""
    if settings is not None and retrain is None:
        raise ConfigError("serve: --settings say how to retrain, so they need --retrain")
    tried = None if trial is None else Trial.load(trial)
    with listening(host, port) as listener, watched(log_format) as spans, SqlStore(store) as log:
        access = guarded(log, listener, open_to_all=open_to_all, origins=origin or ())
        if (bundle / POINTER).exists():
            if retrain is not None:
                raise ConfigError(
                    f"serve: {bundle} is a registry already; to retrain in it, name the bundle to begin with before --retrain"
                )
            start_following(Shelf(bundle), store, listener, access, linger, spans, tried)
            return
        loaded = Bundle.load(bundle)
        if retrain is None:
            start(loaded, store, listener, access, linger, spans, tried)
        else:
            shelf = Shelf(retrain, bundle, loaded.fingerprint)
            start_retraining(loaded, shelf, store, settings, listener, access, linger, spans, tried)


def listening(host: str, port: int) -> socket.socket:
    """The socket to serve on, taken before any long work begins."""
    try:
        from bowerbird.serving import bind  # noqa: PLC0415 the extra may be missing
    except ModuleNotFoundError as missing:
        raise ConfigError(f"serve: {missing.name} is not installed; pip install 'bowerbird[serve]'") from None
    return bind(host, port)


@contextmanager
def watched(log_format: LogFormat) -> Iterator["Spans | None"]:
    """The log on standard error, and traces where the environment asks for them; at the end all is sent."""
    from bowerbird.serving import logging_to_stderr, spans_of  # noqa: PLC0415 `listening` has said so if the extra is missing

    with logging_to_stderr(log_format.value), ExitStack() as stack:
        if (spans := spans_of(os.environ)) is not None:
            stack.callback(spans.close)
        yield spans


def guarded(log: SqlStore, listener: socket.socket, *, open_to_all: bool, origins: Sequence[str] = ()) -> "Access":
    """Who may come in, decided before any long work begins, and said."""
    from bowerbird.serving import access_for  # noqa: PLC0415 `listening` has said so if the extra is missing

    access = access_for(Keys(log), listener, open_to_all=open_to_all, origins=origins)
    if access.ring is not None:
        out.print("Whoever calls needs an API key.")
    elif open_to_all:
        err.print("Everyone who reaches this server may do everything, since --open says so.")
    return access


def start(
    bundle: Bundle,
    store: str,
    listener: socket.socket,
    access: "Access",
    linger_s: float = 0.0,
    spans: "Spans | None" = None,
    trial: Trial | None = None,
) -> None:
    """Serve until told to stop."""
    from bowerbird.serving import serve as run  # noqa: PLC0415 `listening` has said so if the extra is missing

    with opened(bundle, store, trial) as engine:
        run(engine, listener=listener, say=out.print, access=access, linger_s=linger_s, spans=spans)


def start_following(
    shelf: Shelf,
    store: str,
    listener: socket.socket,
    access: "Access",
    linger_s: float = 0.0,
    spans: "Spans | None" = None,
    trial: Trial | None = None,
) -> None:
    """Serve what is live in a registry, and whatever is promoted there meanwhile, until told to stop."""
    from bowerbird.serving import serve as run  # noqa: PLC0415 `listening` has said so if the extra is missing

    with opened(newest_good(shelf), store, trial, shelf) as engine, Watcher(engine, shelf).looking():
        out.print(f"Following {shelf.folder}; live is {engine.bundle.fingerprint}")
        run(engine, listener=listener, say=out.print, access=access, linger_s=linger_s, spans=spans)


def start_retraining(
    first: Bundle,
    shelf: Shelf,
    store: str,
    settings: Path | None,
    listener: socket.socket,
    access: "Access",
    linger_s: float = 0.0,
    spans: "Spans | None" = None,
    trial: Trial | None = None,
) -> None:
    """Serve what is live on the shelf, and retrain beside it, until told to stop."""
    from bowerbird.serving import serve as run  # noqa: PLC0415 `listening` has said so if the extra is missing

    live = first if shelf.live.fingerprint == first.fingerprint else newest_good(shelf)
    with opened(live, store, trial, shelf) as engine:
        retraining = beside(engine, store, shelf, settings)
        out.print(f"Retraining in {shelf.folder}; live is {shelf.live.path}")
        with retraining.working():
            run(engine, listener=listener, say=out.print, retraining=retraining, access=access, linger_s=linger_s, spans=spans)


@contextmanager
def opened(bundle: Bundle, store: str, trial: Trial | None = None, shelf: Shelf | None = None) -> Iterator[Engine]:
    """An engine on its store, with what it tries.

    shelf  whose audit log has it when an arm is closed
    """
    with SqlStore(store, names=Pseudonyms.where(bundle.config.data.pseudonyms)) as log, ExitStack() as stack:
        with bars() as progress:
            if trial is not None and trial.experiment is not None:
                engine: Engine = stack.enter_context(_splitting(bundle, log, trial.experiment, shelf, progress))
            elif trial is not None and trial.shadow is not None:
                engine = Shadowed(bundle, log, progress=progress, shadow=trial.shadow)
                out.print(f"In the shadow, {trial.shadow.bundle} is asked {trial.shadow.share:.0%} of the requests.")
            else:
                engine = Engine(bundle, log, progress=progress)
        out.print(f"{len(bundle.catalogue):,} items, model {bundle.model.kind}, store {store}")
        yield engine


@contextmanager
def _splitting(bundle: Bundle, log: SqlStore, experiment: Experiment, shelf: Shelf | None, progress: Progress) -> Iterator[Split]:
    """An engine that deals users to arms, while its warden looks after these."""
    split = Split(bundle, log, progress=progress, experiment=experiment)
    if shelf is not None:
        split.told = lambda arm, why: shelf.note("rolled back", split.fingerprint(arm), by="canary", why=f"arm {arm}: {why}")
    out.print(f"Experiment {experiment.name}: " + ", ".join(f"{arm.share:.0%} {arm.name}" for arm in experiment.arms))
    with Warden(split).looking():
        yield split
