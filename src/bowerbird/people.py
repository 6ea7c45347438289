"""What people may ask for of their own: to see it, to have it erased, not to be profiled."""

from dataclasses import asdict, replace
from pathlib import Path

from pydantic_core import to_jsonable_python

from bowerbird.bundle import Bundle, now
from bowerbird.data.kinds import EDITS
from bowerbird.engine import Engine
from bowerbird.store import People, SlateRow, SqlStore
from bowerbird.types import Event, Json, UserId


def told(store: SqlStore, user: UserId, engine: Engine | None = None) -> Json:
    """All that is kept of a person, as JSON: what they did, what they were shown, how they corrected their profile, and what is derived
    from it.

    engine  says what is derived: the profile, and how often they were among the last who taught; None = that is left out
    raises  StoreError
    """
    kept = People(store).kept(user)
    said: Json = {
        "user": user,
        "kept_as": store.named(user),
        "objecting_since": kept.objecting,
        "events": [_event(event) for event in kept.events if event.kind not in EDITS],
        "profile_edits": [_event(event) for event in kept.events if event.kind in EDITS],
        "slates": [_slate(slate) for slate in kept.slates],
    }
    if engine is not None:
        profile = engine.profile(user)
        said["derived"] = {
            "profile": asdict(profile.profile),
            "sentences": [claim.text for claim in profile.sentences],
            "lessons": engine.learned.teachers.count(store.named(user)),
        }
    plain: Json = to_jsonable_python(said, fallback=str)
    return plain


def erased(engine: Engine, user: UserId) -> dict[str, int]:
    """Erase a person from a live service: what waits to be written too. Whatever learns from the log learns again without them, here and
    in all other servers of the database, within seconds of their next look; until then answers to others may still have been moved by them.

    returns  rows that were deleted, by table
    raises   StoreError
    """
    engine.flush()
    return People(engine.store).erase(user, now())


def swept(folder: Path, store: SqlStore) -> int:
    """Take the events of people who were erased, and those that have expired, out of a bundle's folder. It stays the same bundle: what was
    computed from them is in its model until it is fitted again.

    returns  events taken out
    raises   BundleError, StoreError
    """
    bundle = Bundle.load(folder)
    left = store.spared(bundle.events)
    gone = len(bundle.events) - len(left)
    if gone:
        replace(bundle, events=left).save(folder)
    return gone


def _event(event: Event) -> Json:
    return {name: value for name, value in asdict(event).items() if name != "user" and value is not None and value != {}}


def _slate(slate: SlateRow) -> Json:
    return {name: value for name, value in asdict(slate).items() if name != "user"}
