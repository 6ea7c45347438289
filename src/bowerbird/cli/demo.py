from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from bowerbird import fitting
from bowerbird.bundle import Bundle, Config
from bowerbird.cli.common import SeedOption, bars, dataset, out
from bowerbird.cli.evaluate import TrialsOption, measure, show
from bowerbird.cli.serve import HostOption, OpenOption, PortOption, guarded, listening, start
from bowerbird.data import DataSettings, sample_path
from bowerbird.store import SqlStore


def demo(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve a page when the table is printed.")] = True,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    trials: TrialsOption = 2,
    seed: SeedOption = 0,
    store: Annotated[str | None, typer.Option("--store", help="The event log; forgotten at the end unless given.")] = None,
    open_to_all: OpenOption = False,
) -> None:
    """Everything on the bundled MovieLens sample: clean, read, fit, measure, serve."""
    if not serve:
        _measured_and_fitted(trials, seed)
        return
    with listening(host, port) as listener, TemporaryDirectory(prefix="bowerbird-") as folder:
        url = store or f"sqlite:///{Path(folder) / 'demo.db'}"
        with SqlStore(url) as log:
            access = guarded(log, listener, open_to_all=open_to_all)
            start(_measured_and_fitted(trials, seed), url, listener, access)


def _measured_and_fitted(trials: int, seed: int) -> Bundle:
    """Print what the default model does on the sample, and fit it on all of it."""
    config = Config(data=DataSettings(format="movielens"))
    with bars() as progress:
        data = dataset(sample_path(), None, config, progress)
        measured = measure(data, config, [10], trials, seed, progress)
    show(measured)
    with bars() as progress:
        bundle = fitting.fit(data, config, seed=seed, progress=progress)
    out.print("The sample is MovieLens latest-small by GroupLens, for non-commercial use.")
    return bundle
