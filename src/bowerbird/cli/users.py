import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from bowerbird import people
from bowerbird.bundle import Bundle, now
from bowerbird.cli.common import StoreOption, bars, out
from bowerbird.engine import Engine
from bowerbird.pseudonyms import Pseudonyms
from bowerbird.store import People, SqlStore

users = typer.Typer(no_args_is_help=True, help="People's data: shown, erased, kept from profiling, forgotten with age.")

UserArgument = Annotated[str, typer.Argument(help="A user of the log.")]
NamesOption = Annotated[
    bool, typer.Option("--pseudonyms", help="Ids are kept under pseudonyms ([data] pseudonyms); the key is in the environment.")
]


@users.command()
def export(
    user: UserArgument,
    store: StoreOption = "sqlite:///bowerbird.db",
    bundle: Annotated[Path | None, typer.Option("--bundle", help="Say also what is derived from it by this bundle.")] = None,
    pseudonyms: NamesOption = False,
) -> None:
    """Print all that is kept of a user, as JSON."""
    with SqlStore(store, names=Pseudonyms.where(pseudonyms)) as log:
        if bundle is None:
            said = people.told(log, user)
        else:
            with bars() as progress:
                said = people.told(log, user, Engine(Bundle.load(bundle), log, progress=progress))
    typer.echo(json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False))


@users.command()
def erase(user: UserArgument, store: StoreOption = "sqlite:///bowerbird.db", pseudonyms: NamesOption = False) -> None:
    """Delete all that is kept of a user, for good; servers on the database notice by themselves. Then `sweep` the bundles."""
    with SqlStore(store, names=Pseudonyms.where(pseudonyms)) as log:
        deleted = People(log).erase(user, now())
    out.print("Deleted " + ", ".join(f"{count:,} of {table}" for table, count in deleted.items()) + ".", highlight=False)


@users.command("object")
def object_(user: UserArgument, store: StoreOption = "sqlite:///bowerbird.db", pseudonyms: NamesOption = False) -> None:
    """A user is not to be profiled: nothing more is stored, nothing is learned from them, their slates are a newcomer's."""
    with SqlStore(store, names=Pseudonyms.where(pseudonyms)) as log:
        People(log).object(user, now())
    out.print(f"{user} is not profiled.", markup=False, highlight=False)


@users.command()
def allow(user: UserArgument, store: StoreOption = "sqlite:///bowerbird.db", pseudonyms: NamesOption = False) -> None:
    """A user may be profiled again."""
    with SqlStore(store, names=Pseudonyms.where(pseudonyms)) as log:
        People(log).allow(user, now())
    out.print(f"{user} may be profiled.", markup=False, highlight=False)


@users.command()
def expire(
    days: Annotated[float, typer.Option("--days", min=0, help="Delete what is older than this.")],
    store: StoreOption = "sqlite:///bowerbird.db",
) -> None:
    """Delete the events and slates of everybody that are older than so many days; `live.keep_days` does it while a server runs."""
    at = now()
    with SqlStore(store) as log:
        deleted = People(log).expire(at - timedelta(days=days), at)
    out.print("Deleted " + ", ".join(f"{count:,} of {table}" for table, count in deleted.items()) + ".", highlight=False)


@users.command()
def sweep(
    bundles: Annotated[list[Path], typer.Argument(help="Folders of bundles.")], store: StoreOption = "sqlite:///bowerbird.db"
) -> None:
    """Take the events of users who were erased, and those that have expired, out of bundles on disk."""
    with SqlStore(store) as log:
        for folder in bundles:
            out.print(f"{folder}: {people.swept(folder, log):,} events taken out.", markup=False, highlight=False)
