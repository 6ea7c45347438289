"""From a receipt to a request on item numbers. The live engine takes this way, and who asks again what was asked then."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bowerbird.answers import Receipt
from bowerbird.bundle import Bundle
from bowerbird.data import history_of
from bowerbird.live import HISTORY_LIMIT, Seen, Worded
from bowerbird.pipeline import Pipeline
from bowerbird.profiles import acting, standing
from bowerbird.ranking import allowed_items
from bowerbird.steering import Wish, steer
from bowerbird.store import SqlStore
from bowerbird.tracing import stage, staged
from bowerbird.types import Event, History, Query, Request

Allowed = NDArray[np.bool_] | None


@dataclass(frozen=True, eq=False, slots=True)
class Asked:
    """A request, with what the user's edits and words do to it.

    wish   what was understood of the receipt's text; None where it has none
    notes  what was left out of account, one sentence each
    """

    request: Request
    wish: Wish | None
    notes: tuple[str, ...]


def asked(receipt: Receipt, bundle: Bundle, pipeline: Pipeline, log: SqlStore | Seen, words: Worded) -> Asked:
    """The request that a receipt was given for.

    bundle    with the items in that could be shown then
    pipeline  over its catalogue; says whether items of the history may come again
    log       has the user's events
    words     reads the receipt's text
    raises    DataError for a filter that the catalogue does not know, StoreError
    """
    events = _events(receipt, log)
    history, notes = known_history(bundle, events)
    acts = acting(standing(events), history, bundle.catalogue, repeats=pipeline.settings.repeats)
    excluded = bundle.catalogue.numbers(receipt.exclude)
    request = Request(
        Query(acts.history, time=receipt.asked_at.timestamp(), context=receipt.context),
        k=receipt.k,
        diversity=receipt.diversity,
        allowed=_both(allowed_items(bundle.catalogue, receipt.filters, excluded[excluded >= 0]), acts.allowed),
        seed=receipt.seed,
        bonus=acts.bonus,
    )
    notes = (*notes, *acts.notes)
    if receipt.text is None:
        return Asked(request, None, notes)
    with stage("wish"):
        reader = words.reader(bundle)
        wish = reader.read(receipt.text)
        told = steer(wish, reader.vocabulary, acts.history, pipeline.allowed(request), receipt.k)
    bonuses = [bonus for bonus in (request.bonus, told.bonus) if bonus is not None]
    steered = replace(
        request,
        query=replace(request.query, text=wish.text),
        diversity=wish.diversity if request.diversity is None else request.diversity,
        allowed=_both(request.allowed, told.allowed),
        bonus=np.sum(bonuses, axis=0, dtype=np.float32) if bonuses else None,
    )
    return Asked(steered, wish, (*notes, *told.notes))


@staged("history")
def known_history(bundle: Bundle, events: Sequence[Event]) -> tuple[History, tuple[str, ...]]:
    """Events of one user as a history on the bundle's numbers, and a sentence where some were left out."""
    history, unknown = history_of(events, bundle.catalogue, bundle.config.data, bundle.scale)
    return history, (f"{unknown} events of the history are about items that are not in the catalogue",) if unknown else ()


@staged("history")
def _events(receipt: Receipt, log: SqlStore | Seen) -> list[Event]:
    if receipt.history is not None:
        return [past.event() for past in receipt.history]
    return [] if receipt.user is None else log.history(receipt.user, HISTORY_LIMIT, receipt.offset)


def _both(one: Allowed, other: Allowed) -> Allowed:
    """What both allow; None = everything."""
    if one is None or other is None:
        return other if one is None else one
    return one & other
