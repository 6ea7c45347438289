"""What stands in a registry: each bundle with what it was made from, how it was judged, and how it stands."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bowerbird.errors import BundleError
from bowerbird.retraining.audit import Step
from bowerbird.retraining.shelf import Shelf
from bowerbird.store import read_manifest
from bowerbird.types import Json

Standing = Literal["live", "shelved", "refused", "taken back", "damaged"]


@dataclass(frozen=True, slots=True)
class Version:
    """A bundle of the registry, or the one outside of it that a server was started with.

    state    live; shelved; refused: it lost, or could not go live; taken back; damaged: its manifest cannot be read
    facts    as in `Bundle.facts`; empty where it is damaged
    figures  of the last contest that judged it
    why      of its last step; where it is damaged, how
    """

    path: Path
    fingerprint: str
    state: Standing
    facts: Json = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    why: str = ""


def versions(shelf: Shelf) -> list[Version]:
    """All bundles, the newest first; reads their manifests and nothing more of them.

    raises  BundleError if the registry itself cannot be read
    """
    entries, (steps, _) = shelf.entries, shelf.audit.read()
    live = entries[-1].path if entries else None
    inside = [path for path in shelf.folder.resolve().iterdir() if path.is_dir() and not path.name.startswith(".")]
    paths = dict.fromkeys([*inside, *(entry.path for entry in entries)])
    found = [_version(path, path == live, steps) for path in paths]
    return sorted(found, key=lambda one: (one.facts.get("created", ""), one.path.name), reverse=True)


def found(shelf: Shelf, name: str) -> Path:
    """The folder of a bundle that is named by its fingerprint, the beginning of it, or its folder's name; else `name` as a path.

    raises  BundleError where the beginning fits several
    """
    fitting = [one for one in versions(shelf) if one.path.name == name or (len(name) >= 4 and one.fingerprint.startswith(name))]
    if len({one.fingerprint for one in fitting}) > 1:
        raise BundleError(f"bundle {name!r}: fits {', '.join(one.fingerprint for one in fitting)}; say more of it")
    return fitting[0].path if fitting else Path(name)


def gc(shelf: Shelf, keep: int, by: str) -> list[Version]:
    """Delete all but the newest `keep` bundles of the registry, those that are live, were before, or were first, and whatever lies outside.

    returns  what was deleted
    raises   BundleError for a `keep` below 0
    """
    if keep < 0:
        raise BundleError(f"gc: keep must be at least 0, got {keep}")
    entries = shelf.entries
    safe = {entry.path for entry in (*entries[:1], *entries[-2:])}
    inside = [one for one in versions(shelf) if one.path.parent == shelf.folder.resolve() and one.state != "damaged"]
    gone = [one for place, one in enumerate(inside) if place >= keep and one.path not in safe]
    shelf.remove({one.path: one.fingerprint for one in gone}, by, f"gc keeps {keep}")
    return gone


def _version(path: Path, live: bool, steps: list[Step]) -> Version:
    try:
        facts: Json = read_manifest(path)["facts"]
    except (BundleError, KeyError) as error:
        return Version(path, "", "damaged", why=str(error))
    mine = [step for step in steps if step.bundle == facts["fingerprint"]]
    judged = [step.figures for step in mine if step.figures]
    last = mine[-1] if mine else None
    state: Standing = "live" if live else "shelved"
    if not live and last is not None and last.act in ("refused", "rolled back"):
        state = "refused" if last.act == "refused" else "taken back"
    return Version(path, facts["fingerprint"], state, facts, judged[-1] if judged else {}, "" if last is None else last.why)
