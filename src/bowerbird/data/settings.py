"""The `[data]` part of the configuration: how files are read, cleaned and weighed."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from bowerbird.config import Settings
from bowerbird.data.kinds import EDITS, KINDS, Kind


class CleaningSettings(Settings):
    """What cleaning leaves out or mends; every figure of it stands in the report.

    earliest_year   events before it cannot be true
    unknown_items   an event's item that the item table lacks: "keep" gives it an empty row, "drop" leaves the event out
    unknown_kinds   an event of an undeclared kind: "default" takes it as the default kind, "drop" leaves it out
    duplicates      whether a second event of the same user, item, kind and time is left out
    bots            whether users of absurd rates are left out
    events_per_hour more than this many within one clock hour is absurd; it must have happened in `bot_hours` hours
    bot_hours       in how many hours, so that one big import is not a bot
    events_per_user more than this many in all is absurd
    texts           whether texts are mended: HTML, wrong encodings, lists written out as text
    boilerplate     a sentence in more than this share of all items' texts (and in more than 20) is removed; 0 = never
    """

    earliest_year: Annotated[int, Field(ge=1, le=9999)] = 1990
    unknown_items: Literal["keep", "drop"] = "keep"
    unknown_kinds: Literal["default", "drop"] = "default"
    duplicates: bool = True
    bots: bool = True
    events_per_hour: Annotated[int, Field(gt=0)] = 1800
    bot_hours: Annotated[int, Field(gt=0)] = 3
    events_per_user: Annotated[int, Field(gt=0)] = 100_000
    texts: bool = True
    boilerplate: Annotated[float, Field(ge=0, le=1)] = 0.02


class DataSettings(Settings):
    """How files become clean events.

    format              what the files are; "table" is one event or item a row, by file suffix
    columns             canonical name → the column's name in the file, or a list of names of which the first present is taken
    category_separator  between the categories of an item where they are one string
    kinds               kinds of events beside or over `bowerbird.data.kinds.KINDS`
    default_kind        of an event without a kind; None = "rating" where the file has values, else "interaction"
    ratings             what a rating is compared with: the user's own mean, the scale's middle, or nothing (every rating weighs 1)
    neutral             the rating that is neither good nor bad, for "global"; None = the middle of the scale
    rating_range        lowest and highest rating that can be; None = as found
    k_core              keep users and items with at least this many events, again and again until all have; 0 = off
    context             columns of the circumstances to keep with the events
    pseudonyms          whether users' ids are replaced by a keyed hash as they are read, from files and by a live engine; the key is in the
                        environment (`bowerbird.pseudonyms`)

    >>> DataSettings(kinds={"play": {"weight": 0.5}}).all_kinds["play"]
    Kind(weight=0.5, value='count')
    """

    format: Literal["table", "movielens", "lastfm", "s3rec"] = "table"
    columns: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    category_separator: Annotated[str, Field(min_length=1)] = "|"
    kinds: dict[str, Kind] = Field(default_factory=dict)
    default_kind: str | None = None
    ratings: Literal["user", "global", "none"] = "global"
    neutral: float | None = None
    rating_range: tuple[float, float] | None = None
    k_core: Annotated[int, Field(ge=0)] = 0
    cleaning: CleaningSettings = Field(default_factory=CleaningSettings)
    context: tuple[str, ...] = ()
    pseudonyms: bool = False

    @model_validator(mode="before")
    @classmethod
    def _merge_kinds(cls, raw: Any) -> Any:
        """A kind that is known already keeps what the settings do not name."""
        if not isinstance(raw, Mapping) or not isinstance(raw.get("kinds"), Mapping):
            return raw
        known = {name: kind.model_dump() for name, kind in KINDS.items()}
        merged = {name: {**known.get(name, {}), **kind} if isinstance(kind, Mapping) else kind for name, kind in raw["kinds"].items()}
        return {**raw, "kinds": merged}

    @model_validator(mode="after")
    def _check(self) -> "DataSettings":
        if taken := [name for name in self.kinds if name in EDITS]:
            raise ValueError(f"kinds: {taken[0]!r} is a kind of Bowerbird's own, for edits of profiles")
        if self.default_kind is not None and self.default_kind not in self.all_kinds:
            raise ValueError(f"default_kind must be one of {', '.join(sorted(self.all_kinds))}, not {self.default_kind!r}")
        if self.rating_range is not None and not self.rating_range[0] < self.rating_range[1]:
            raise ValueError("rating_range must be lowest, then highest")
        if self.neutral is not None and self.ratings != "global":
            raise ValueError(f'neutral is used by ratings = "global" alone, not by "{self.ratings}"')
        return self

    @cached_property
    def all_kinds(self) -> dict[str, Kind]:
        """The kinds known by default, with those of the settings over them."""
        return {**KINDS, **self.kinds}
