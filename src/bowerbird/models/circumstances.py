"""The circumstances that a model reads, as numbers: of a log to learn from, of queries to answer."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.protocols import ReadsContext, Scorer
from bowerbird.types import Log, Value

Circumstances = tuple[tuple[str, tuple[Value, ...]], ...]
"""Names of features, and of each the values that are told apart. The place of a value, counted over all features, is its number."""


def circumstances_of(log: Log, names: Sequence[str], kind: str) -> tuple[Circumstances, NDArray[np.int64]]:
    """The named circumstances with all their values, and (n_events, ·) numbers of these, as `told_of` has them.

    raises  DataError for a name that the events do not have
    """
    have = {} if log.context is None else log.context.values
    for name in names:
        if name not in have:
            raise DataError(f"{kind}: context must be columns that [data] context keeps ({', '.join(have) or 'none'}), got {name!r}")
    read = tuple((name, have[name]) for name in names)
    if log.context is None or not names:
        return read, told_of([{}], read).repeat(len(log), axis=0)
    sizes = np.array([len(values) for _, values in read])
    codes = log.context.codes[:, [list(have).index(name) for name in names]]
    return read, np.where(codes < 0, sizes.sum(), codes + np.cumsum(sizes) - sizes).astype(np.int64)


def told_of(contexts: Sequence[Mapping[str, Value]], read: Circumstances) -> NDArray[np.int64]:
    """(n, max(features, 1)): numbers of the values that are told, counted over all features; and their count where none is.

    >>> told_of([{"device": "tv", "mood": "low"}, {}], (("device", ("phone", "tv")), ("place", ("home",)))).tolist()
    [[1, 3], [3, 3]]
    """
    numbers = {pair: number for number, pair in enumerate((name, value) for name, values in read for value in values)}
    rows = [[numbers.get((name, context.get(name, "")), len(numbers)) for name, _ in read] or [len(numbers)] for context in contexts]
    return np.array(rows, np.int64).reshape(len(contexts), max(len(read), 1))


def met(scorers: Iterable[Scorer]) -> Circumstances:
    """What these scorers read together: a value is met where any of them met it."""
    found: dict[str, dict[Value, None]] = {}
    for scorer in scorers:
        for name, values in scorer.context if isinstance(scorer, ReadsContext) else ():
            found.setdefault(name, {}).update(dict.fromkeys(values))
    return tuple((name, tuple(values)) for name, values in found.items())


def unread(context: Mapping[str, Value], scorer: Scorer) -> dict[str, str]:
    """What of the circumstances given counts for nothing with this scorer: the names of such features, and a sentence for each.

    >>> class Clerk:
    ...     context = (("device", ("phone", "tv")),)
    ...     def score(self, queries): ...
    >>> unread({"device": "tv"}, Clerk())
    {}
    >>> list(unread({"device": "watch", "mood": "low"}, Clerk()).values())
    ["context: device 'watch' was never seen, and counts for nothing", "context: 'mood' is read by no model, and counts for nothing"]
    """
    read = dict(met([scorer]))
    return {
        name: f"context: {name} {value!r} was never seen, and counts for nothing"
        if name in read
        else f"context: {name!r} is read by no model, and counts for nothing"
        for name, value in context.items()
        if value not in read.get(name, ())
    }
