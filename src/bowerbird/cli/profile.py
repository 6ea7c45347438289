from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bowerbird.bundle import Bundle
from bowerbird.cli.common import bars, out
from bowerbird.engine import Engine
from bowerbird.pseudonyms import Pseudonyms
from bowerbird.store import SqlStore


def profile(
    user: Annotated[str, typer.Argument(help="A user of the log.")],
    bundle: Annotated[Path, typer.Option("--bundle", help="A folder that `fit` wrote.")],
    store: Annotated[str, typer.Option("--store", help="The event log: a database URL.")] = "sqlite:///bowerbird.db",
    edit: Annotated[str | None, typer.Option("--edit", help="A correction in words, kept in the log: 'mute horror'.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="Of the sentences: en, de or zh.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it, with the evidence, as JSON.")] = False,
) -> None:
    """Say what a user is after, in sentences that are checked against the log; and correct it."""
    loaded = Bundle.load(bundle)
    with SqlStore(store, names=Pseudonyms.where(loaded.config.data.pseudonyms)) as log:
        with bars() as progress:
            engine = Engine(loaded, log, progress=progress)
        said = engine.profile(user, language) if edit is None else engine.edit_profile(user, edit, language)
    if as_json:
        edits = [one.model_dump(mode="json") for one in said.edits]
        out.print_json(data={**asdict(said), "edits": edits}, default=_plain)
        return
    for claim in said.sentences:
        out.print(claim.text, markup=False, highlight=False)
    if not said.sentences:
        out.print(f"Nothing can be said of {user} yet: {said.profile.events} events.", markup=False, highlight=False)
    for one in said.edits:
        about = "everything" if one.topic is None else one.topic.name
        span = "".join(f" {word} {time:%Y-%m-%d}" for word, time in (("since", one.since), ("before", one.until)) if time is not None)
        out.print(f"You said: {one.does} {about}{span}", markup=False, highlight=False)
    for note in said.notes:
        out.print(f"Note: {note}", markup=False, highlight=False)
    for phrase in said.unheard:
        out.print(f"Not understood: {phrase}", markup=False, highlight=False)


def _plain(value: object) -> object:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)
