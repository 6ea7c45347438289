"""Does a newer model win, and does a worse one lose? `python benchmarks/retraining.py [--config TOML] [--since YEAR]`.

On MovieLens latest-small, which comes with the package: a champion is fitted on all events before a year and saved, a store holds all
events, and `bowerbird retrain` is run on it: with the champion's own settings, and with a challenger that only knows what is popular. What
each prints is printed.
"""

import argparse
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from bowerbird.bundle import Config
from bowerbird.data import RawData, clean, read, sample_path
from bowerbird.fitting import fit
from bowerbird.store import SqlStore


def main() -> None:
    """Make champion and store, run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--config", type=Path, default=Path("examples/movielens-ease.toml"), help="the champion's settings")
    parser.add_argument("--since", type=int, default=2016, help="the first year that the champion does not know")
    told = parser.parse_args()
    config = Config.load(told.config)
    raw = read(sample_path(), None, config.data)
    begin = datetime(told.since, 1, 1, tzinfo=UTC)
    with TemporaryDirectory() as folder:
        here = Path(folder)
        fit(clean(RawData(raw.events.filter(pl.col("time") < begin), raw.items), config.data), config).save(here / "champion")
        with SqlStore(f"sqlite:///{here / 'log.db'}") as store:
            store.import_events(clean(raw, config.data).events)
        (here / "popular.toml").write_text(challenger(config), encoding="utf-8")
        for title, options in (("the same settings", []), ("popular only", ["--config", str(here / "popular.toml")])):
            print(f"challenger: {title}", flush=True)
            words = ["--store", f"sqlite:///{here / 'log.db'}", "--bundle", str(here / "champion"), "--out", str(here / "out"), *options]
            subprocess.run([sys.executable, "-m", "bowerbird", "retrain", *words], check=True, stderr=subprocess.DEVNULL)


def challenger(config: Config) -> str:
    """The data must be read alike."""
    return f'[data]\nformat = "{config.data.format}"\n[model]\nkind = "popular"\n'


if __name__ == "__main__":
    main()
