"""What people do with items, and what each kind of event tells about the item."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from bowerbird.config import Settings
from bowerbird.errors import ConfigError, DataError


class Kind(Settings):
    """What an event of one kind tells.

    weight  -1..1: 1 is a plain sign of interest, 0 says nothing (but the item counts as taken), below 0 speaks against the item
    value   what the event's `value` is: nothing to weigh by ("ignore"), a mark on a scale ("rating"), how often or how long, where more is
            more interest ("count"), or how long somebody stayed, where a short while speaks against the item ("dwell")

    >>> Kind(weight=0.5).value
    'ignore'
    """

    weight: Annotated[float, Field(ge=-1, le=1)]
    value: Literal["ignore", "rating", "count", "dwell"] = "ignore"

    @model_validator(mode="after")
    def _check(self) -> "Kind":
        if self.value == "dwell" and not self.weight > 0:
            raise ValueError(f'weight must be > 0 where value = "dwell": a short while turns its sign, got {self.weight}')
        return self


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
"""The kinds known without a word in the settings; `[data.kinds]` adds to them or changes them. New ones go to the end: models know
kinds by their place."""

EDITS = ("profile_mute", "profile_more", "profile_less", "profile_forget", "profile_withdraw")
"""Kinds of what users say of their own profile (`bowerbird.profiles`). They are kept in the log, on the item `PROFILE`, and are no
behaviour: no history, no cleaning, nothing that learns takes them for something done with an item. Nobody else may declare them."""

PROFILE = "@profile"
"""What stands for the item in an edit of a profile; no item may have this id."""

OWN = 64
"""The number of the first kind that is in the settings alone."""


def kind_numbers(names: Iterable[str], known: Mapping[str, Kind]) -> NDArray[np.uint8]:
    """The numbers by which models know kinds: 1 + the place in `KINDS`, and from 64 on what the settings add, in their order.

    known   all kinds, as `DataSettings.all_kinds` has them; a name that is none of them has the number 0, "not told"
    raises  ConfigError if the settings add more than 192

    >>> kind_numbers(["interaction", "yodel", "hum"], {**KINDS, "yodel": Kind(weight=0.3)}).tolist()
    [1, 64, 0]
    """
    own = [name for name in known if name not in KINDS]
    if len(own) > 256 - OWN:
        raise ConfigError(f"data.kinds: at most {256 - OWN} kinds can be added, got {len(own)}")
    numbers = {name: place for place, name in enumerate(KINDS, 1)} | {name: place for place, name in enumerate(own, OWN)}
    return np.array([numbers.get(name, 0) for name in names], np.uint8)


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
