from pathlib import Path
from typing import Annotated

import typer

from bowerbird.bundle import Bundle
from bowerbird.cli.common import bars, out
from bowerbird.errors import ConfigError
from bowerbird.live import Follower, Grower, fresh, learns
from bowerbird.store import SqlStore


def rebuild(
    bundle: Annotated[Path, typer.Argument(help="The folder of the bundle that is served.")],
    store: Annotated[str, typer.Option("--store", help="The event log: a database URL.")] = "sqlite:///bowerbird.db",
) -> None:
    """Learn again from the log, from the bundle on, and compare with the snapshot that is kept: they must be equal to the bit."""
    loaded = Bundle.load(bundle)
    if not learns(loaded):
        raise ConfigError(f"rebuild: nothing in bundle {bundle} learns from the log, so there is nothing to rebuild")
    with SqlStore(store) as log, bars() as progress:
        follower = Follower(log, Grower())
        kept = log.snapshot(loaded.fingerprint)
        learned = follower.onward(fresh(loaded), kept[0] if kept else 0, progress)
        same = kept is not None and learned.to_bytes() == kept[1]
        learned = follower.onward(learned, log.newest(), progress)
        follower.keep(learned)
    if kept is None:
        out.print("No snapshot of this bundle was kept.")
    elif same:
        out.print(f"The snapshot at offset {kept[0]:,} is what the log gives, to the bit.")
    else:
        out.print(f"The snapshot at offset {kept[0]:,} is not what the log gives; it was replaced.")
    passed = f"{learned.passed:,} passed over (too many of one user), {learned.unknown:,} about unknown items"
    out.print(f"Learned from {learned.taught:,} events up to offset {learned.offset:,}; {passed}. State {learned.fingerprint}.")
