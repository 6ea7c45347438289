import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bowerbird import retraining
from bowerbird.cli.common import SeedOption, StoreOption, bars, err, out
from bowerbird.config import parse, read_toml
from bowerbird.errors import BundleError
from bowerbird.retraining import RetrainSettings, Shelf
from bowerbird.store import SqlStore

BY = "command line"

bundles = typer.Typer(no_args_is_help=True, help="The registry: bundles that may go live. Servers that follow it swap within a second.")

RegistryArgument = Annotated[Path, typer.Argument(help="Folder of the registry: of `serve FOLDER`, or of `serve --retrain FOLDER`.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON in place of a table.")]


@bundles.command("list")
def show(registry: RegistryArgument, as_json: JsonOption = False) -> None:
    """Show all bundles of the registry, the newest first, and how each stands."""
    rows = retraining.versions(_there(registry))
    if as_json:
        names = ("fingerprint", "state", "facts", "figures", "why")
        typer.echo(json.dumps([{"folder": str(one.path), **{name: getattr(one, name) for name in names}} for one in rows]))
        return
    table = Table()
    for heading in ("folder", "fingerprint", "state", "created", "data", "model", "items", "events", "NDCG", "lead"):
        table.add_column(heading, justify="right" if heading in ("items", "events", "NDCG", "lead") else "left")
    for one in rows:
        facts, ndcg, lead = one.facts, one.figures.get("challenger_ndcg"), one.figures.get("lead")
        table.add_row(
            one.path.name,
            one.fingerprint,
            one.state,
            str(facts.get("created", ""))[:19],
            str(facts.get("data_fingerprint", "")),
            str(facts.get("model", "")),
            *(f"{facts[name]:,}" if name in facts else "" for name in ("items", "events")),
            "" if ndcg is None else f"{ndcg:.4f}",
            "" if lead is None else f"{lead:+.4f}",
        )
    out.print(table)


@bundles.command()
def promote(
    registry: RegistryArgument,
    bundle: Annotated[str, typer.Argument(help="A bundle of the registry by its fingerprint or folder's name, or the path of another.")],
    store: StoreOption = "sqlite:///bowerbird.db",
    settings: Annotated[Path | None, typer.Option("--settings", help="How bundles are judged, a TOML file as of `retrain`.")] = None,
    force: Annotated[str | None, typer.Option("--force", help="Do not judge it; say why.")] = None,
    seed: SeedOption = 0,
) -> None:
    """Have a bundle go live, if it beats the live one on events that neither has learned from."""
    if force is not None and not force.strip():
        raise BundleError("promote: --force needs a reason, which the audit log keeps, got none")
    chosen = RetrainSettings() if settings is None else parse(RetrainSettings, read_toml(settings))
    shelf = Shelf(registry)
    with SqlStore(store) as log, bars() as progress:
        place = retraining.found(shelf, bundle)
        entry = retraining.promote(shelf, place, log, chosen, by=BY, force=force, seed=seed, progress=progress)
    step = shelf.audit.read()[0][-1]
    out.print(f"{entry.fingerprint} is live: {step.why}.", highlight=False, soft_wrap=True)


@bundles.command()
def rollback(registry: RegistryArgument, why: Annotated[str, typer.Option("--why", help="For the audit log.")] = "") -> None:
    """Have the bundle return that was live before."""
    entry = _there(registry).take_back(by=BY, why=why)
    out.print(f"{entry.fingerprint} is live again.", highlight=False)


@bundles.command()
def gc(registry: RegistryArgument, keep: Annotated[int, typer.Option("--keep", min=0, help="So many of the newest stay.")] = 3) -> None:
    """Delete old bundles; never the live one, the one before it, the first one, or what lies outside of the registry."""
    gone = retraining.gc(_there(registry), keep, BY)
    out.print(f"{len(gone)} deleted{': ' if gone else ''}{', '.join(one.fingerprint for one in gone)}.", highlight=False, soft_wrap=True)


@bundles.command()
def log(registry: RegistryArgument, as_json: JsonOption = False) -> None:
    """Show every step that was taken: promoted, refused and why, rolled back, removed; by whom, and when."""
    steps, damaged = _there(registry).audit.read()
    if damaged:
        err.print(f"{damaged} line(s) of the audit log cannot be read, and are left out.")
    if as_json:
        typer.echo(json.dumps([step.model_dump(mode="json") for step in steps]))
        return
    table = Table()
    for heading in ("at", "step", "bundle", "by", "why"):
        table.add_column(heading)
    for step in steps:
        forced = " (not judged)" if step.forced else ""
        table.add_row(f"{step.at:%Y-%m-%d %H:%M:%S}", step.act + forced, step.bundle or "", step.by, step.why)
    out.print(table)


def _there(registry: Path) -> Shelf:
    if not registry.is_dir():
        raise BundleError(f"registry {registry}: no such folder")
    return Shelf(registry)
