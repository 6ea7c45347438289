"""What people do with items, and what each kind of event tells about the item."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from bowerbird.config import Settings
from bowerbird.errors import DataError


class Kind(Settings):
    """What an event of one kind tells.

    weight  -1..1: 1 is a plain sign of interest, 0 says nothing (but the item counts as taken), below 0 speaks against the item
    value   what the event's `value` is: nothing to weigh by ("ignore"), a mark on a scale ("rating"), or how often or how long ("count")

    >>> Kind(weight=0.5).value
    'ignore'
    """

    weight: Annotated[float, Field(ge=-1, le=1)]
    value: Literal["ignore", "rating", "count"] = "ignore"


UNSPECIFIED = "interaction"
"""The kind of an event whose source says no more than that it happened."""

KINDS: Mapping[str, Kind] = {
    UNSPECIFIED: Kind(weight=1),
    "view": Kind(weight=0.3),
    "click": Kind(weight=0.5),
    "play": Kind(weight=1, value="count"),
    "rating": Kind(weight=1, value="rating"),
    "review": Kind(weight=1, value="rating"),
    "like": Kind(weight=1),
    "dislike": Kind(weight=-1),
    "not_interested": Kind(weight=-0.7),
    "skip": Kind(weight=-0.3),
    "seen": Kind(weight=0),
    "purchase": Kind(weight=1),
    "cart": Kind(weight=0.7),
    "save": Kind(weight=0.8),
    "share": Kind(weight=0.9),
}
"""The kinds known without a word in the settings; `[data.kinds]` adds to them or changes them."""


def check_kinds(named: Iterable[str], known: Mapping[str, Kind]) -> None:
    """Refuse kinds that nobody declared.

    raises  DataError that names the first of them and the known ones

    >>> check_kinds(["yodel"], {"view": Kind(weight=0.3)})
    Traceback (most recent call last):
    ...
    bowerbird.errors.DataError: event: kind 'yodel' is not declared, it must be one of view
    """
    unknown = sorted(set(named) - known.keys())
    if unknown:
        raise DataError(f"event: kind {unknown[0]!r} is not declared, it must be one of {', '.join(sorted(known))}")
