"""Slates for many histories at once, as a table: the offline face of the pipeline."""

from dataclasses import dataclass

import polars as pl

from bowerbird.bundle import Bundle
from bowerbird.data import histories_of
from bowerbird.protocols import Progress, silent
from bowerbird.types import Query, Request, Slate, UserId

BATCH = 256
COLUMNS = {"user": pl.String, "rank": pl.Int64, "item": pl.String, "score": pl.Float32}


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Slates in ids, and what was left out of account.

    slates         user, rank (from 1), item, score and, where asked for, reason
    users          how many histories were answered
    without        how many of them got no item at all
    unknown_items  how many events were about items that the bundle does not know
    """

    slates: pl.DataFrame
    users: int
    without: int
    unknown_items: int


def recommend_all(
    bundle: Bundle, events: pl.DataFrame, *, k: int = 10, diversity: float | None = None, explain: bool = False, progress: Progress = silent
) -> BatchResult:
    """One slate for each user of `events`, in the order in which the users first appear.

    events  user, item, time, kind, value …, as `bowerbird.data.read_events` reads them; users need not be known to the bundle
    cost    a pipeline call for each 256 users; with `explain`, one more scoring of k histories a user
    """
    users, histories, unknown = histories_of(events, bundle.catalogue, bundle.config.data, bundle.scale)
    parts: list[pl.DataFrame] = []
    empty = 0
    for start in range(0, len(histories), BATCH):
        progress("recommending", start, len(histories))
        requests = [Request(Query(history), k=k, diversity=diversity) for history in histories[start : start + BATCH]]
        slates = bundle.pipeline.recommend(requests)
        for user, request, slate in zip(users[start : start + BATCH], requests, slates, strict=True):
            empty += not len(slate)
            parts.append(_table(bundle, user, request, slate, explain=explain))
    progress("recommending", len(histories), len(histories))
    schema = {**COLUMNS, "reason": pl.String} if explain else COLUMNS
    return BatchResult(pl.concat([pl.DataFrame(schema=schema), *parts]), len(histories), empty, unknown)


def _table(bundle: Bundle, user: UserId, request: Request, slate: Slate, *, explain: bool) -> pl.DataFrame:
    ids = bundle.catalogue.ids
    columns = {
        "user": [user] * len(slate),
        "rank": list(range(1, len(slate) + 1)),
        "item": [ids[number] for number in slate.items.tolist()],
        "score": slate.scores,
    }
    if not explain:
        return pl.DataFrame(columns, schema=COLUMNS)
    reasons = bundle.pipeline.explain(request, slate, bundle.config.explain)
    return pl.DataFrame({**columns, "reason": [reason.text or None for reason in reasons]}, schema={**COLUMNS, "reason": pl.String})
