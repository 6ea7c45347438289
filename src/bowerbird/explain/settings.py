"""The `[explain]` part of the configuration."""

from typing import Literal

from pydantic import Field

from bowerbird.config import Settings

Language = Literal["en", "de", "zh"]
"""Those that reasons speak: the codes of `TONGUES`."""


class ExplainSettings(Settings):
    """How reasons are chosen and when they count.

    max_cited   at most this many items of the history in a reason
    cover       stop citing when this share of all that speaks for an item is cited
    min_share   an item is cited only if it adds at least this share of what the strongest one adds
    min_fall    without the cited items it must fall by at least this many times its rank, and by two places: at 1, from 1st to 3rd, from
                2nd to 4th, from 10th to 20th
    occluded    for scorers that cannot say what each event adds: how many of the newest liked items are taken away one at a time
    liked_from  cited items of at least this weight are "liked" in the wording; None = never say so (views, clicks)
    language    of the reasons
    worded      whether the chat model words them; what it says is shown only where every claim is among the facts, else the template speaks
    budget_s    how long a request may wait for its words; batches wait for all
    """

    max_cited: int = Field(default=3, ge=1, le=3)
    cover: float = Field(default=0.6, gt=0, le=1)
    min_share: float = Field(default=0.25, ge=0, le=1)
    min_fall: float = Field(default=1.0, ge=0)
    occluded: int = Field(default=20, ge=1)
    liked_from: float | None = Field(default=0.75, gt=0)
    language: Language = "en"
    worded: bool = False
    budget_s: float = Field(default=0.3, gt=0)
