from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from bowerbird import fitting
from bowerbird.bundle import Config
from bowerbird.cli.common import SeedOption, bars, dataset, out
from bowerbird.cli.evaluate import TrialsOption, measure, show
from bowerbird.cli.serve import HostOption, PortOption, start
from bowerbird.data import DataSettings, sample_path


def demo(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve a page when the table is printed.")] = True,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    trials: TrialsOption = 2,
    seed: SeedOption = 0,
    store: Annotated[str | None, typer.Option("--store", help="The event log; forgotten at the end unless given.")] = None,
) -> None:
    """Everything on the bundled MovieLens sample: clean, read, fit, measure, serve."""
    config = Config(data=DataSettings(format="movielens"))
    with bars() as progress:
        data = dataset(sample_path(), None, config, progress)
        measured = measure(data, config, [10], trials, seed, progress)
    show(measured)
    with bars() as progress:
        bundle = fitting.fit(data, config, seed=seed, progress=progress)
    out.print("The sample is MovieLens latest-small by GroupLens, for non-commercial use.")
    if serve:
        with TemporaryDirectory(prefix="bowerbird-") as folder:
            start(bundle, store or f"sqlite:///{Path(folder) / 'demo.db'}", host, port)
