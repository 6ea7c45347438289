"""The test that a reason must pass: take the cited events away, score again, and see how far the item falls."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.explain.attribution import Carriers
from bowerbird.protocols import Scorer
from bowerbird.scoring import FEW, scores_of
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
    cost      one `score` of at most 2 + len(items) · max_cited queries, equal ones asked once; `scores_of` where few items may be shown
    """
    trials = [[claim.items[:n] for n in range(claim.enough, len(claim.items) + 1) if n] for claim in claims]
    sets = {_key(cited): cited for trial in trials for cited in trial}
    histories = [query.history, History.of([]), *(query.history.without(cited) for cited in sets.values())]
    ranking = Ranking.of(scorer, [Query(history, query.time, query.context, query.text) for history in histories], items, allowed)
    row = {key: number for number, key in enumerate(sets, start=2)}
    last = int(allowed.sum()) + 1
    results = []
    for column, trial in enumerate(trials):
        rank_with = ranking.rank(0, column) or last
        passed = (cited for cited in trial if falls(rank_with, ranking.rank(row[_key(cited)], column), min_fall))
        cited = next(passed, np.zeros(0, np.int32))
        rank_without = ranking.rank(row[_key(cited)], column) if len(cited) else None
        results.append(Certificate(cited, rank_with, rank_without, ranking.rank(1, column)))
    return results


def falls(rank_with: int, rank_without: int | None, min_fall: float) -> bool:
    """Whether a fall is far enough to call its cause a reason: by `min_fall` times the rank, and by at least two places.

    In a ranking neighbours change places for all sorts of causes: taking away any other event might do it, too.

    >>> falls(1, 2, 1.0), falls(1, 3, 1.0), falls(10, 19, 1.0), falls(10, 20, 1.0), falls(10, 12, 0.0), falls(3, None, 1.0)
    (False, True, False, True, True, True)
    """
    return rank_without is None or rank_without - rank_with >= max(2.0, min_fall * rank_with)


@dataclass(frozen=True, eq=False)
class Ranking:
    """Where some items stand in several rankings; each rank is counted when it is asked for.

    scores   (n_rows, n) of the rivals and maybe of other items; NaN = cannot be scored
    rivals   (n,) bool, which of these may be shown
    own      (n_rows, n_items), the scores of the items whose ranks are asked for
    allowed  (n_items,) whether these are among the rivals
    """

    scores: Scores
    rivals: NDArray[np.bool_]
    own: Scores
    allowed: NDArray[np.bool_]
    _tell: dict[int, bool] = field(init=False, repr=False, default_factory=dict)

    @staticmethod
    def of(scorer: Scorer, queries: Sequence[Query], items: NDArray[np.int32], allowed: NDArray[np.bool_]) -> "Ranking":
        """The rankings of these queries.

        raises  DataError if there are more scores than `allowed`, or an item lies beyond it
        cost    one `score`; one `scores_of` where few items may be shown
        """
        able = np.flatnonzero(allowed).astype(np.int32)
        few = len(able) * FEW <= len(allowed)
        scores = scores_of(scorer, queries, np.concatenate((able, items))) if few else scorer.score(queries)
        n = len(allowed) if few else scores.shape[1]
        if n > len(allowed) or items.max(initial=-1) >= len(allowed):
            raise DataError(f"explain: allowed must tell of every item, got {len(allowed)} for {n} scored items")
        if few:
            return Ranking(scores[:, : len(able)], np.ones(len(able), bool), scores[:, len(able) :], allowed[items])
        own = np.full((len(queries), len(items)), np.nan, np.float32)
        inside = items < n
        own[:, inside] = scores[:, items[inside]]
        return Ranking(scores, allowed[:n], own, allowed[items])

    def rank(self, row: int, item: int) -> int | None:
        """The rank of an item in one ranking, among those that may be shown and can be scored; None where it cannot be scored.

        An equal score counts as a better one. A scorer that says the same of all items that may be shown says nothing: None.

        >>> scores = np.array([[.3, .9, .1, np.nan]], np.float32)
        >>> Ranking(scores, np.array([True, False, True, True]), scores, np.ones(4, bool)).rank(0, 2)
        2
        """
        own = self.own[row, item]
        if np.isnan(own) or not self._tells(row):
            return None
        return int(np.count_nonzero((self.scores[row] >= own) & self.rivals)) + int(not self.allowed[item])

    def _tells(self, row: int) -> bool:
        """Whether not all rivals are scored the same."""
        if row not in self._tell:
            told = self.scores[row][self.rivals]
            self._tell[row] = bool(np.fmin.reduce(told, initial=np.inf) < np.fmax.reduce(told, initial=-np.inf))
        return self._tell[row]


def _key(cited: NDArray[np.int32]) -> tuple[int, ...]:
    """One key for one set, in whatever order."""
    return tuple(sorted(cited.tolist()))
