"""Slates for many histories at once, as a table: the offline face of the pipeline."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from bowerbird.bundle import Bundle, words_of
from bowerbird.data import histories_of
from bowerbird.explain import Reason, Tally, Worder
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
    wording        what became of the reasons that a chat model was to word; None where none was asked
    """

    slates: pl.DataFrame
    users: int
    without: int
    unknown_items: int
    wording: Tally | None = None


def recommend_all(
    bundle: Bundle, events: pl.DataFrame, *, k: int = 10, diversity: float | None = None, explain: bool = False, progress: Progress = silent
) -> BatchResult:
    """One slate for each user of `events`, in the order in which the users first appear.

    events   user, item, time, kind, value …, as `bowerbird.data.read_events` reads them; users need not be known to the bundle
    explain  give reasons; where `explain.worded` is set, in the chat model's words, for as long as that takes
    raises   LanguageError if the chat model cannot be opened
    cost     a pipeline call for each 256 users; with `explain`, one more scoring of k histories a user
    """
    users, histories, unknown = histories_of(events, bundle.catalogue, bundle.config.data, bundle.scale)
    parts: list[pl.DataFrame] = []
    empty = 0
    worder = words_of(bundle, progress) if explain else None
    for start in range(0, len(histories), BATCH):
        progress("recommending", start, len(histories))
        requests = [Request(Query(history), k=k, diversity=diversity) for history in histories[start : start + BATCH]]
        slates = bundle.pipeline.recommend(requests)
        reasons = _reasons(bundle, requests, slates, worder) if explain else [None] * len(slates)
        for user, slate, why in zip(users[start : start + BATCH], slates, reasons, strict=True):
            empty += not len(slate)
            parts.append(_table(bundle, user, slate, why))
    progress("recommending", len(histories), len(histories))
    schema = {**COLUMNS, "reason": pl.String} if explain else COLUMNS
    tally = None if worder is None else worder.tally
    return BatchResult(pl.concat([pl.DataFrame(schema=schema), *parts]), len(histories), empty, unknown, tally)


def _reasons(bundle: Bundle, requests: Sequence[Request], slates: Sequence[Slate], worder: Worder | None) -> list[list[Reason]]:
    """The reasons of each slate; all are worded together."""
    told = [bundle.pipeline.explain(request, slate, bundle.config.explain) for request, slate in zip(requests, slates, strict=True)]
    if worder is None:
        return told
    words = iter(worder.word([reason for reasons in told for reason in reasons]).reasons)
    return [[next(words) for _ in reasons] for reasons in told]


def _table(bundle: Bundle, user: UserId, slate: Slate, reasons: Sequence[Reason] | None) -> pl.DataFrame:
    ids = bundle.catalogue.ids
    columns = {
        "user": [user] * len(slate),
        "rank": list(range(1, len(slate) + 1)),
        "item": [ids[number] for number in slate.items.tolist()],
        "score": slate.scores,
    }
    if reasons is None:
        return pl.DataFrame(columns, schema=COLUMNS)
    return pl.DataFrame({**columns, "reason": [reason.text or None for reason in reasons]}, schema={**COLUMNS, "reason": pl.String})
