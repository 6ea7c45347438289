"""The values of profiles."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import Field

from bowerbird.config import Settings, Span
from bowerbird.types import ItemId

Sort = Literal["intent", "category", "words"]
Trend = Literal["rising", "steady", "fading"]


class Topic(Settings):
    """What somebody may be after: an intent of the catalogue, a category, or words that stand in items' texts.

    >>> Topic(sort="category", name="Horror")
    Topic(sort='category', name='Horror')
    """

    sort: Sort
    name: str


class ProfileSettings(Settings):
    """How events add up to interests.

    half_life_days    a sign of interest this old counts half, where there is a clock; inf = what is old counts as what is new
    half_life_events  a sign that so many newer ones follow counts half, where there is none
    prior             so many imagined signs, divided as everybody's are, stand before a user's own
    span_days         the last span, which is compared with all before it; without a clock it is the newest quarter of the events
    chance            0..1, how likely it may be that chance alone makes one trend or more in a profile
    least             signs of interest that an interest or a dislike takes
    """

    half_life_days: Span = 365.0
    half_life_events: Span = 100.0
    prior: float = Field(default=5.0, ge=0)
    span_days: float = Field(default=90.0, gt=0)
    chance: float = Field(default=0.05, gt=0, lt=1)
    least: int = Field(default=2, ge=1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """An event that something is concluded from: its item, and its time, None where there is no clock."""

    item: ItemId
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Interest:
    """A topic that a history speaks for, or against.

    share     0..1, of all that the history speaks for (of dislikes: against), what is old fading; the prior draws it to what is usual
    count     events that speak for it, or against it
    trend     whether it is more of the last span than of what came before; "steady" unless chance can hardly have made it so
    evidence  the events, oldest first
    """

    topic: Topic
    share: float
    count: int
    trend: Trend
    evidence: tuple[Evidence, ...]

    @property
    def first(self) -> datetime | None:
        """When it was first seen."""
        return self.evidence[0].time

    @property
    def last(self) -> datetime | None:
        """When it was last seen."""
        return self.evidence[-1].time


@dataclass(frozen=True, slots=True)
class Profile:
    """What a history says somebody is after.

    interests, dislikes  the strongest first
    events               how many events it is made from
    """

    interests: tuple[Interest, ...] = ()
    dislikes: tuple[Interest, ...] = ()
    events: int = 0
