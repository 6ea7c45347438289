"""What comes in and goes out over HTTP: unknown fields are refused. `fields` has the limits of each."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from bowerbird.answers import PastEvent, Receipt
from bowerbird.explain import Language
from bowerbird.serving.fields import (
    MAX_BATCH,
    MAX_EXCLUDED,
    MAX_HISTORY,
    MAX_TEXT,
    Context,
    Diversity,
    Filters,
    Id,
    Instant,
    K,
    Name,
    Number,
    Place,
    Plain,
    Seed,
    WishText,
    Word,
)
from bowerbird.types import Event, ItemId, Json

RESERVED = frozenset({"item", "title", "categories", "created", "available"})


class Wire(BaseModel):
    """The base of all that is read from a request."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PastEventIn(Wire):
    """Something a user did, in a history that comes with the request."""

    item: Id
    kind: Name = "view"
    time: Instant | None = None
    value: Number | None = None

    def event(self) -> Event:
        """The event as the engine takes it; it belongs to nobody."""
        return Event("", self.item, self.time, self.kind, self.value)


class EventIn(Wire):
    """Something a user did: `kind` says what, `value` how much of it (stars, plays), `text` what they wrote."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"user": "ada", "item": "1", "kind": "like"}]})

    user: Id
    item: Id
    kind: Name = "view"
    time: Annotated[Instant | None, Field(description="When it happened; left out, now.")] = None
    value: Number | None = None
    text: Word | None = None
    context: Context = Field(default_factory=dict)
    slate: Annotated[Id | None, Field(description="The `slate_id` of the slate that it answers, if any: what exploration learns from.")] = (
        None
    )
    key: Annotated[Id | None, Field(description="Idempotency key: an event whose key is stored already is not stored again.")] = None

    def event(self, key: str | None) -> Event:
        """The event as the engine takes it; `key` where it has none of its own."""
        return Event(self.user, self.item, self.time, self.kind, self.value, self.text, self.context, self.key or key, self.slate)


class BatchIn(Wire):
    """Several events, stored together or not at all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"events": [{"user": "ada", "item": "1", "kind": "rating", "value": 4.5}]}]})

    events: Annotated[list[EventIn], Field(min_length=1, max_length=MAX_BATCH)]


def _one_or_batch(body: Any) -> str:
    return "batch" if isinstance(body, dict) and "events" in body else "one"


EventsIn = Annotated[Annotated[EventIn, Tag("one")] | Annotated[BatchIn, Tag("batch")], Discriminator(_one_or_batch)]
"""One event, or `{"events": [...]}`."""


class RecommendationsIn(Wire):
    """A call for a slate: for a user of the log, or for a history given here (an empty one is a newcomer)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"user": "ada", "k": 10, "diversity": 0.3, "explain": True},
                {"history": [{"item": "1", "kind": "like"}], "filters": {"categories": ["Comedy", "Drama"]}, "exclude": ["2"]},
                {"user": "ada", "text": "something lighter than usual, from the 90s, no horror"},
            ]
        }
    )

    user: Id | None = None
    history: Annotated[list[PastEventIn] | None, Field(max_length=MAX_HISTORY, description="Oldest first.")] = None
    k: K = 10
    diversity: Diversity | None = None
    filters: Filters = Field(default_factory=dict)
    exclude: Annotated[list[Id], Field(max_length=MAX_EXCLUDED, description="Items that must not be shown.")] = []
    context: Context = Field(default_factory=dict)
    explain: Annotated[bool, Field(description="Whether to give reasons, each checked by taking the cited events away.")] = False
    language: Annotated[Language | None, Field(description="Of the reasons; left out, as the bundle is set.")] = None
    seed: Annotated[Seed | None, Field(description="Of the places that are drawn; left out, another one each time.")] = None
    text: WishText | None = None

    @model_validator(mode="after")
    def _one_asker(self) -> Self:
        if (self.user is None) == (self.history is None):
            raise ValueError("give exactly one of `user` and `history`; an empty history is a newcomer")
        return self


class ReceiptIn(Receipt):
    """A receipt as it comes back: it may have been written by anyone, so the limits of a fresh call hold for it too."""

    offset: Place
    item_offset: Place
    learned: Place = 0
    asked_at: Instant
    user: Id | None = None
    history: Annotated[tuple[PastEvent, ...] | None, Field(max_length=MAX_HISTORY)] = None
    k: K = 10
    diversity: Diversity | None = None
    filters: Filters = Field(default_factory=dict)
    exclude: Annotated[tuple[Id, ...], Field(max_length=MAX_EXCLUDED)] = ()
    context: Context = Field(default_factory=dict)
    language: Language | None = None
    seed: Seed = 0
    text: WishText | None = None


class ReplayIn(Wire):
    """The receipt of a slate."""

    receipt: ReceiptIn


class ItemIn(Wire):
    """An item as it is put into the catalogue; columns of the catalogue besides these go into `attributes`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "A Trip to the Moon (1902)", "categories": ["Adventure", "Sci-Fi"], "attributes": {}}]}
    )

    title: Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=r"^[^\x00]*$")]
    categories: Annotated[list[Name], Field(max_length=100)] = []
    created: Instant | None = None
    available: bool = True
    attributes: Annotated[dict[Name, Plain | None], Field(max_length=100)] = {}

    @model_validator(mode="after")
    def _apart(self) -> Self:
        twice = sorted(RESERVED & self.attributes.keys())
        if twice:
            raise ValueError(f"attributes must not name {', '.join(twice)}: these have fields of their own")
        return self

    def row(self, item: ItemId) -> Json:
        """The row of the catalogue that this is, all of it JSON; what says nothing is left out, for catalogues without such a column."""
        row: Json = {"item": item, "title": self.title, **self.attributes}
        if self.categories:
            row["categories"] = self.categories
        if self.created is not None:
            row["created"] = self.created.isoformat()
        if not self.available:
            row["available"] = False
        return row


class RecommendedOut(BaseModel):
    """One item of a slate."""

    item: str
    rank: Annotated[int, Field(description="Place in the slate, from 1.")]
    score: Annotated[float, Field(description="What the scorer said; need not fall where variety had a say.")]
    title: str
    categories: list[str]
    propensity: Annotated[float, Field(description="How likely it was to stand here, given those above; 1 where nothing was drawn.")]
    intents: Annotated[list[str], Field(description="The interests that it serves, the strongest first; empty where none were found.")]
    reason: Annotated[str | None, Field(description="Why, in a sentence; null where it was not asked for.")]
    because: Annotated[list[str], Field(description="Items of the history that carried it; empty where no reason survived its check.")]
    rank_with: Annotated[int | None, Field(description="Place among all candidates before variety had a say, from 1.")]
    rank_without: Annotated[
        int | None, Field(description="That place had the items of `because` never been touched; null: gone, or no reason.")
    ]


class ConditionOut(BaseModel):
    """What must hold of a column of the items."""

    column: str
    values: Annotated[list[str], Field(description="One of these is among the item's; empty where it is about a number.")]
    low: float | None
    high: float | None
    exclude: Annotated[bool, Field(description="Whether it must not hold.")]
    words: Annotated[str, Field(description="The condition as it is shown.")]


class WishOut(BaseModel):
    """What was understood of a text."""

    text: Annotated[str, Field(description="As it was read.")]
    toward: Annotated[list[str], Field(description="Phrases that the items' texts should be near to.")]
    away: Annotated[list[str], Field(description="Phrases that they should be far from.")]
    than_usual: Annotated[bool, Field(description="Whether it is measured against what the user usually takes.")]
    conditions: Annotated[list[ConditionOut], Field(description="What must hold of the items, all of them.")]
    without: Annotated[list[str], Field(description="Words that must not stand in the items' texts.")]
    diversity: Annotated[float | None, Field(description="Where variety is asked for.")]
    unheard: Annotated[list[str], Field(description="What was not understood, and has no part.")]


class SlateOut(BaseModel):
    """A slate, and the receipt from which `POST /v1/replay` makes it again."""

    slate_id: str
    user: str | None
    items: list[RecommendedOut]
    receipt: Receipt
    notes: Annotated[list[str], Field(description="What was left out of account, one sentence each.")]
    wish: Annotated[WishOut | None, Field(description="What was understood of `text`; null where there was none.")]
    trace: Annotated[
        dict[str, float] | None, Field(description="With `?trace=1`: milliseconds of each stage, and `total` so far. Left out otherwise.")
    ] = None


class SimilarOut(BaseModel):
    """What goes with an item."""

    item: str
    items: list[RecommendedOut]


class SearchOut(BaseModel):
    """What a search found, the best first."""

    q: str
    user: str | None
    items: list[RecommendedOut]


class StoredOut(BaseModel):
    """Durable: the event log holds the events, and the next slate of their users counts them."""

    accepted: Annotated[int, Field(description="How many events the call held; those whose key was stored before count too.")]
    offset: Annotated[int, Field(description="Offset of the newest event in the log.")]


class PutOut(BaseModel):
    """The item is read and can be recommended."""

    item: str
    offset: int


class ItemOut(BaseModel):
    """An item of the catalogue."""

    item: str
    title: str
    categories: list[str]
    created: datetime | None
    available: bool
    attributes: dict[str, Any]


class EventOut(BaseModel):
    """An event of the log."""

    item: str
    kind: str
    time: datetime | None
    value: float | None
    text: str | None
    context: dict[str, Any]


class HistoryOut(BaseModel):
    """The newest events of a user, oldest first."""

    user: str
    events: list[EventOut]


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str
    got: str


class Problem(BaseModel):
    """Every error: one sentence in `detail`, and for a wrong request each wrong field."""

    status: int
    detail: str
    errors: list[FieldError] = []


class DataOut(BaseModel):
    """All that is kept of a user."""

    user: str
    kept_as: Annotated[str, Field(description="The id under which it is kept: a pseudonym, where these are wanted.")]
    objecting_since: datetime | None
    events: list[dict[str, Any]]
    profile_edits: list[dict[str, Any]]
    slates: list[dict[str, Any]]
    derived: Annotated[dict[str, Any], Field(description="The profile, and how often they are among the last who taught the live model.")]


class ErasedOut(BaseModel):
    """What was deleted."""

    user: str
    deleted: Annotated[dict[str, int], Field(description="Rows, by table.")]


class ProfilingIn(BaseModel):
    """Whether a user may be profiled."""

    model_config = ConfigDict(extra="forbid")

    allowed: Annotated[bool, Field(strict=True)]


class ProfilingOut(BaseModel):
    """Whether a user may be profiled, and since when not."""

    user: str
    allowed: bool
    objecting_since: datetime | None
