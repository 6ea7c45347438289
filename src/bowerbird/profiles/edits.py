"""What users say of their own profile, kept as events of the log."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import model_validator

from bowerbird.config import Settings, parse
from bowerbird.data.kinds import EDITS, PROFILE
from bowerbird.errors import BowerbirdError
from bowerbird.profiles.values import Topic
from bowerbird.types import Event, UserId

Does = Literal["mute", "more", "less", "forget", "withdraw"]


class Edit(Settings):
    """One correction of a profile.

    does          mute: nothing of the topic is shown; more, less: it is shown more or less readily; forget: what was done counts no more;
                  withdraw: what was said before of the topic, or the edit of that id, stands no longer
    topic         what it is about; of `forget` None = whatever it was
    since, until  of `forget`: what happened from `since` on and before `until`; None = without end
    id            names the edit; of `withdraw` the edit that is withdrawn

    >>> Edit(does="mute", topic=Topic(sort="category", name="Horror")).does
    'mute'
    """

    does: Does
    topic: Topic | None = None
    since: datetime | None = None
    until: datetime | None = None
    id: str | None = None

    @model_validator(mode="after")
    def _possible(self) -> "Edit":
        if self.does in ("mute", "more", "less") and self.topic is None:
            raise ValueError(f"{self.does}: must say what of, got no topic")
        if self.does == "withdraw" and self.topic is None and self.id is None:
            raise ValueError("withdraw: must name an edit or a topic, got neither")
        if self.does == "forget" and self.topic is None and self.since is None and self.until is None:
            raise ValueError("forget: must name a topic or a span of time, got neither")
        if self.does != "forget" and (self.since is not None or self.until is not None):
            raise ValueError(f"{self.does}: since and until belong to forget alone")
        if any(time is not None and time.tzinfo is None for time in (self.since, self.until)):
            raise ValueError("since and until: must have a time zone")
        return self


def event_of(edit: Edit, user: UserId, time: datetime, key: str, said: str | None = None) -> Event:
    """The event that keeps an edit: of a kind of its own, on the item that stands for a profile, with the edit as JSON in its context.

    key   idempotency key, by which a later edit can withdraw this one
    said  the words that it was read from
    """
    content = edit.model_dump_json(exclude_none=True)
    return Event(user, PROFILE, time, f"profile_{edit.does}", text=said, context={"edit": content}, key=key)


def edit_of(event: Event) -> Edit | None:
    """The edit that an event keeps, with the event's key as its id; None for any other event, and for one that cannot be read."""
    if event.kind not in EDITS or event.item != PROFILE:
        return None
    try:
        edit: Edit = parse(Edit, json.loads(str(event.context.get("edit", "null"))))
    except (ValueError, BowerbirdError):
        return None
    return edit if edit.does == "withdraw" else edit.model_copy(update={"id": event.key})


def standing(events: Iterable[Event]) -> tuple[Edit, ...]:
    """The edits that stand after these events, oldest first: of one topic the last of mute, more and less, and nothing that was withdrawn.

    >>> from datetime import UTC
    >>> horror = Topic(sort="category", name="Horror")
    >>> said = [Edit(does="mute", topic=horror), Edit(does="withdraw", topic=horror), Edit(does="less", topic=horror)]
    >>> log = [event_of(edit, "ann", datetime(2026, 1, 1, tzinfo=UTC), str(n)) for n, edit in enumerate(said)]
    >>> [edit.does for edit in standing(log)], [edit.does for edit in standing(log[:2])]
    (['less'], [])
    """
    stand: tuple[Edit, ...] = ()
    for edit in filter(None, map(edit_of, events)):
        stand = _after(stand, edit)
    return stand


def idle(edits: Iterable[Edit], stand: tuple[Edit, ...]) -> tuple[str, ...]:
    """Of edits about to be made those that withdraw nothing, one sentence each.

    stand  what stands before them

    >>> idle([Edit(does="withdraw", topic=Topic(sort="category", name="Horror"))], ())
    ("nothing that you said of 'Horror' stood, so nothing was withdrawn",)
    """
    notes = []
    for edit in edits:
        if edit.does == "withdraw" and not any(_withdraws(edit, old) for old in stand):
            what = f"you said of {edit.topic.name!r}" if edit.topic is not None else f"has the id {edit.id!r}"
            notes.append(f"nothing that {what} stood, so nothing was withdrawn")
        stand = _after(stand, edit)
    return tuple(notes)


def _after(stand: tuple[Edit, ...], edit: Edit) -> tuple[Edit, ...]:
    if edit.does == "withdraw":
        return tuple(old for old in stand if not _withdraws(edit, old))
    if edit.does == "forget":
        return (*stand, edit)
    return (*(old for old in stand if old.does == "forget" or old.topic != edit.topic), edit)


def _withdraws(edit: Edit, old: Edit) -> bool:
    return bool(edit.id and old.id == edit.id) or bool(edit.topic and old.topic == edit.topic)
