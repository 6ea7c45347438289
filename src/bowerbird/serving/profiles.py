"""Profiles and their corrections, as they come in and go out over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import to_json

from bowerbird.answers import UserProfile
from bowerbird.profiles import Claim, Does, Edit, Evidence, Interest, Sort, Topic, Trend
from bowerbird.serving.fields import MAX_EDITS, Id, Instant, TopicName, WishText
from bowerbird.serving.schemas import Wire
from bowerbird.serving.wire import JsonBytes
from bowerbird.types import Json, UserId


class TopicIn(Topic):
    """What a correction is about."""

    name: TopicName


class EditIn(Edit):
    """One correction of a profile.

    `mute`: nothing of the topic is shown; `more`, `less`: it is shown more or less readily; `forget`: what was done counts no more, all of
    it that is of the topic and within `since` and `until`; `withdraw`: what was said of the topic, or the edit of that `id`, stands no
    longer.
    """

    topic: TopicIn | None = None
    since: Instant | None = None
    until: Instant | None = None
    id: Annotated[Id | None, Field(description="Of `withdraw`: the edit that is withdrawn.")] = None

    @model_validator(mode="after")
    def _named_by_us(self) -> Self:
        if self.id is not None and self.does != "withdraw":
            raise ValueError(f"{self.does}: id belongs to withdraw alone; a new edit gets its id here")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("forget: since must lie before until")
        return self


class ProfileIn(Wire):
    """Corrections: as values, or in words."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "mute horror, more documentaries, forget my gift shopping in May"},
                {"edits": [{"does": "mute", "topic": {"sort": "category", "name": "Horror"}}]},
                {"edits": [{"does": "forget", "since": "2026-05-01T00:00:00Z", "until": "2026-06-01T00:00:00Z"}]},
            ]
        }
    )

    edits: Annotated[list[EditIn] | None, Field(min_length=1, max_length=MAX_EDITS)] = None
    text: WishText | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.edits is None) == (self.text is None):
            raise ValueError("give exactly one of `edits` and `text`")
        return self

    @property
    def corrections(self) -> Sequence[Edit] | str:
        """As the engine takes them."""
        return self.edits or self.text or ""


class TopicOut(BaseModel):
    """An intent of the catalogue, a category, or words that stand in items' texts."""

    sort: Sort
    name: str


class EvidenceOut(BaseModel):
    """An event that something is concluded from."""

    item: str
    time: datetime | None


class InterestOut(BaseModel):
    """A topic that the history speaks for, or against."""

    topic: TopicOut
    weight: Annotated[float, Field(description="0..1: its share of all topics of its sort, what is old fading.")]
    trend: Annotated[Trend, Field(description="More of it lately, or less, than chance makes it; else `steady`.")]
    count: Annotated[int, Field(description="Events that speak of it.")]
    first: datetime | None
    last: datetime | None
    evidence: Annotated[list[EvidenceOut], Field(description="The newest of these events, oldest first.")]


class SentenceOut(BaseModel):
    """A sentence of the profile; it was computed again from its evidence before it was let through."""

    text: str
    says: Annotated[str, Field(description="likes, dislikes, rising or fading.")]
    topic: TopicOut
    count: int
    evidence: list[EvidenceOut]


class EditOut(BaseModel):
    """A correction that stands."""

    id: Annotated[str, Field(description="By which it can be withdrawn.")]
    does: Does
    topic: TopicOut | None
    since: datetime | None
    until: datetime | None


class EditsOut(BaseModel):
    """The corrections that stand, oldest first."""

    user: str
    edits: list[EditOut]


class ProfileOut(EditsOut):
    """What a user's log says they are after, the strongest first, and what they said of that themselves."""

    events: Annotated[int, Field(description="How many events it is made from.")]
    interests: list[InterestOut]
    dislikes: list[InterestOut]
    sentences: list[SentenceOut]
    dropped: Annotated[int, Field(description="Sentences that their evidence did not bear out.")]
    notes: Annotated[list[str], Field(description="What was left out of account, and corrections without effect, one sentence each.")]
    unheard: Annotated[list[str], Field(description="What was not understood of the words that were just sent.")]


def profile(one: UserProfile, cited: int) -> JsonBytes:
    """A profile, in the shape of `ProfileOut`; of each interest the newest `cited` events."""
    shown = {
        "user": one.user,
        "events": one.profile.events,
        "interests": [_interest(interest, cited) for interest in one.profile.interests],
        "dislikes": [_interest(interest, cited) for interest in one.profile.dislikes],
        "sentences": [_sentence(claim, cited) for claim in one.sentences],
        "dropped": one.dropped,
        "edits": one.edits,
        "notes": one.notes,
        "unheard": one.unheard,
    }
    return JsonBytes(to_json(shown))


def edits(user: UserId, stand: Sequence[Edit]) -> JsonBytes:
    """Corrections, in the shape of `EditsOut`."""
    return JsonBytes(to_json({"user": user, "edits": stand}))


def _interest(one: Interest, cited: int) -> Json:
    return {
        "topic": one.topic,
        "weight": one.share,
        "trend": one.trend,
        "count": one.count,
        "first": one.first,
        "last": one.last,
        "evidence": _newest(one.evidence, cited),
    }


def _sentence(one: Claim, cited: int) -> Json:
    return {"text": one.text, "says": one.says, "topic": one.topic, "count": one.count, "evidence": _newest(one.evidence, cited)}


def _newest(evidence: Sequence[Evidence], cited: int) -> Sequence[Evidence]:
    return evidence[max(len(evidence) - cited, 0) :]
