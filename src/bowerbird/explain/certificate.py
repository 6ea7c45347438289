"""The test that a reason must pass: take the cited events away, score again, and see how far the item falls."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.explain.attribution import Carriers
from bowerbird.protocols import Scorer
from bowerbird.types import History, Query, Scores


@dataclass(frozen=True, eq=False)
class Certificate:
    """What came of the test.

    cited         (n,) int32, the items taken away; empty = no reason passed
    rank_with     its rank among all items that may be shown, 1 is best; equals count against it
    rank_without  its rank without the cited items; None = nothing speaks for it any more, or nothing is cited
    rank_anyone   its rank for an empty history; None = nothing speaks for it then
    """

    cited: NDArray[np.int32]
    rank_with: int
    rank_without: int | None
    rank_anyone: int | None


def certify(
    scorer: Scorer, query: Query, items: NDArray[np.int32], claims: Sequence[Carriers], allowed: NDArray[np.bool_], *, min_fall: float
) -> list[Certificate]:
    """Test what is claimed to carry each item.

    The same items may be shown in all the rankings, so the cited ones do not come back as rivals. First the strongest that are said to
    be enough are taken away; where the item does not fall far enough, one more at a time. The first that pass are cited.

    claims    one for each of `items`
    min_fall  as in `ExplainSettings`
    raises    DataError if the scorer knows more items than `allowed`, or an item lies beyond it
    cost      one `score` call, of at most 2 + len(items) · max_cited queries; equal ones are asked once
    """
    trials = [[claim.items[:n] for n in range(claim.enough, len(claim.items) + 1) if n] for claim in claims]
    sets = {_key(cited): cited for trial in trials for cited in trial}
    histories = [query.history, History.of([]), *(query.history.without(cited) for cited in sets.values())]
    scores = scorer.score([Query(history, query.time, query.context, query.text) for history in histories])
    ranks = ranks_in(scores, allowed, items)
    row = {key: number for number, key in enumerate(sets, start=2)}
    last = int(allowed.sum()) + 1
    results = []
    for column, trial in enumerate(trials):
        rank_with = ranks[0][column] or last
        passed = (cited for cited in trial if falls(rank_with, ranks[row[_key(cited)]][column], min_fall))
        cited = next(passed, np.zeros(0, np.int32))
        rank_without = ranks[row[_key(cited)]][column] if len(cited) else None
        results.append(Certificate(cited, rank_with, rank_without, ranks[1][column]))
    return results


def falls(rank_with: int, rank_without: int | None, min_fall: float) -> bool:
    """Whether a fall is far enough to call its cause a reason: by `min_fall` times the rank, and by at least two places.

    In a ranking neighbours change places for all sorts of causes: taking away any other event might do it, too.

    >>> falls(1, 2, 1.0), falls(1, 3, 1.0), falls(10, 19, 1.0), falls(10, 20, 1.0), falls(10, 12, 0.0), falls(3, None, 1.0)
    (False, True, False, True, True, True)
    """
    return rank_without is None or rank_without - rank_with >= max(2.0, min_fall * rank_with)


def ranks_in(scores: Scores, allowed: NDArray[np.bool_], items: NDArray[np.int32]) -> list[list[int | None]]:
    """The rank of each item in each row of scores, among the allowed items that can be scored; None where it cannot be scored.

    An equal score counts as a better one. A scorer that says the same of all items that may be shown says nothing: None for all.

    raises  DataError if there are more scores than `allowed`, or an item lies beyond it

    >>> ranks_in(np.array([[.3, .9, .1, np.nan]], np.float32), np.array([True, False, True, True]), np.array([0, 2, 3], np.int32))
    [[1, 2, None]]
    """
    if scores.shape[1] > len(allowed) or (len(items) and items.max() >= len(allowed)):
        raise DataError(f"explain: allowed must tell of every item, got {len(allowed)} for {scores.shape[1]} scored items")
    padded = np.full((len(scores), len(allowed)), np.nan, np.float32)
    padded[:, : scores.shape[1]] = scores
    result: list[list[int | None]] = []
    for row in padded:
        rivals = np.sort(row[allowed & ~np.isnan(row)])
        own = row[items] if len(rivals) and rivals[0] < rivals[-1] else np.full(len(items), np.nan)
        ranks = len(rivals) - np.searchsorted(rivals, own, "left") + ~allowed[items]
        result.append([None if np.isnan(score) else int(rank) for score, rank in zip(own, ranks, strict=True)])
    return result


def _key(cited: NDArray[np.int32]) -> tuple[int, ...]:
    """One key for one set, in whatever order."""
    return tuple(sorted(cited.tolist()))
