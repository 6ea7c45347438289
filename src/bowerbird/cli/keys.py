from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from bowerbird.access import digest_of, minted
from bowerbird.bundle import now
from bowerbird.cli.common import StoreOption, err, out
from bowerbird.store import SCOPES, KeyRow, Keys, SqlStore

keys = typer.Typer(no_args_is_help=True, help="API keys: made, taken back, shown. Servers on the database know of it within seconds.")


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is, in your words.")],
    scopes: Annotated[str, typer.Option("--scopes", help=f"What it is good for: some of {', '.join(SCOPES)}, with commas.")] = "read,write",
    days: Annotated[float | None, typer.Option("--days", min=0, help="Good for so many days; left out, for ever.")] = None,
    per_second: Annotated[float, typer.Option("--per-second", help="Requests that it may make in the long run.")] = 100.0,
    burst: Annotated[int, typer.Option("--burst", help="Requests that it may make at once.")] = 200,
    store: StoreOption = "sqlite:///bowerbird.db",
) -> None:
    """Make a key and print it: the only time that it is seen, for nothing but its digest is kept."""
    id, token = minted()
    at = now()
    expires = None if days is None else at + timedelta(days=days)
    wanted = frozenset(scope.strip() for scope in scopes.split(",") if scope.strip())
    key = KeyRow(id, name, digest_of(token), wanted, at, expires, per_second=per_second, burst=burst)
    with SqlStore(store) as log:
        Keys(log).add(key)
    err.print(f"Key {id} ({', '.join(sorted(wanted))}) for {name!r}. Keep it now: it cannot be shown again.", highlight=False)
    typer.echo(token)


@keys.command()
def revoke(
    id: Annotated[str, typer.Argument(help="The key's id, as `list` shows it.")], store: StoreOption = "sqlite:///bowerbird.db"
) -> None:
    """Take a key back for good."""
    with SqlStore(store) as log:
        key = Keys(log).revoke(id, now())
    out.print(f"Key {id} ({key.name!r}) is revoked since {key.revoked:%Y-%m-%d %H:%M:%S} UTC.", highlight=False)


@keys.command("list")
def show(store: StoreOption = "sqlite:///bowerbird.db") -> None:
    """Show all keys that ever were, but not the keys themselves."""
    with SqlStore(store) as log:
        rows = Keys(log).all()
    table = Table()
    for heading in ("id", "name", "scopes", "state", "created", "expires", "per second", "burst"):
        table.add_column(heading, justify="right" if heading in ("per second", "burst") else "left")
    for key in rows:
        scopes = ", ".join(scope for scope in SCOPES if scope in key.scopes)
        expires = "never" if key.expires is None else f"{key.expires:%Y-%m-%d}"
        table.add_row(key.id, key.name, scopes, _state(key), f"{key.created:%Y-%m-%d}", expires, f"{key.per_second:g}", f"{key.burst}")
    out.print(table)


def _state(key: KeyRow) -> str:
    if key.good(now()):
        return "good"
    return "expired" if key.revoked is None else f"revoked {key.revoked:%Y-%m-%d}"
