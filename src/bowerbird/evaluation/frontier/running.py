"""The price list: what each strength of each re-ranker costs in accuracy and buys in variety, on the same pools."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.data import Cases, Catalogue, Split
from bowerbird.errors import DataError
from bowerbird.evaluation.frontier.dial import calibrate
from bowerbird.evaluation.frontier.matched import given_up
from bowerbird.evaluation.frontier.pools import Pools, learned_chances, pooled, similarities
from bowerbird.evaluation.protocol import Result
from bowerbird.evaluation.significance import Interval
from bowerbird.evaluation.tuning import Bench
from bowerbird.models import Recipe
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.protocols import Progress, silent
from bowerbird.ranking import Chances, ExchangeSettings, RerankSettings
from bowerbird.types import Log

STRENGTHS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Of each re-ranker's own dial."""


@dataclass(frozen=True, eq=False, slots=True)
class Line:
    """One re-ranker at every strength.

    rerank    its settings, chances learned from validation among them
    points    the test at each of `STRENGTHS`
    appetite  whether a strength is that of a user of appetite 1, and others get theirs
    """

    rerank: RerankSettings
    points: tuple[Result, ...]
    appetite: bool = False

    @property
    def name(self) -> str:
        """The kind of re-ranker, and whether by appetite: no two lines are alike in both."""
        return f"{self.rerank.kind} by appetite" if self.appetite else self.rerank.kind


@dataclass(frozen=True, eq=False, slots=True)
class Dial:
    """The dial of one re-ranker, in tenths.

    rerank      the re-ranker
    strengths   (11,) of its own dial, the first 0, never falling
    validation  (11,) share of the NDCG given up on the cases that they were found on; its upper end is within the budget
    test        the test at each
    """

    rerank: RerankSettings
    strengths: tuple[float, ...]
    validation: tuple[Interval, ...]
    test: tuple[Result, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Frontier:
    """All lines, the calibrated dial, and what they have in common.

    bench        split, catalogue, cut-off, seed
    recipe       that scored
    similarities what distance is measured with, by name
    """

    bench: Bench
    recipe: Recipe
    ranking: RankingSettings
    similarities: tuple[str, ...]
    lines: tuple[Line, ...]
    dial: Dial
    validation_users: int


def frontier(
    split: Split,
    catalogue: Catalogue,
    recipe: Recipe,
    ranking: RankingSettings,
    reranks: Sequence[RerankSettings],
    *,
    appetite: bool = False,
    k: int = 10,
    seed: int = 0,
    progress: Progress = silent,
) -> Frontier:
    """Fit on train, learn chances and dial on validation, fit once more on all before the test, and price every strength there.

    ranking  pool, repeats and rules; the dial of its re-ranker is calibrated
    reranks  the lines; those of kind `exchange` get the chances that are learned here. The one of `ranking` is added if it is missing
    appetite whether each is priced a second time, with every strength stretched by the user's appetite
    raises   DataError if validation or test has no case, or nobody in validation wanted anything of their pool
    cost     two fits; then a re-ranking a case for each strength, about 13 a line and 60 for the dial
    """
    for name, cases in (("validation", split.validation), ("test", split.test)):
        if not len(cases):
            raise DataError(f"frontier: the {name} part of the split asks nothing of anyone, so nothing can be priced")
    bench = Bench(split, catalogue, ks=(k,), seed=seed, repeats=ranking.repeats, progress=progress)
    asked = bench.rehearsed(recipe)

    def scored(log: Log, cases: Cases) -> Pools:
        model = asked.fit(log, catalogue, np.random.default_rng(seed), progress)
        return pooled(Pipeline(model, catalogue, ranking), cases, log, k, seed, progress)

    validation, test = scored(split.train, bench.cases()), scored(split.before_test, split.test)
    kinds = {rerank.kind: rerank for rerank in (*reranks, ranking.rerank)}
    if any(isinstance(rerank, ExchangeSettings) for rerank in kinds.values()):
        chances = learned_chances(validation)
        kinds = {kind: _knowing(rerank, chances) for kind, rerank in kinds.items()}
    tables = similarities(test)
    priced = [(rerank, by) for by in ((False, True) if appetite else (False,)) for rerank in kinds.values()]
    lines = []
    for place, (rerank, by) in enumerate(priced):
        progress("re-ranking", place, len(priced))
        lines.append(Line(rerank, tuple(test.under(rerank, strength, tables, appetite=by) for strength in STRENGTHS), by))
    progress("re-ranking", len(priced), len(priced))
    dial = calibrated(kinds[ranking.rerank.kind], validation, test, seed)
    return Frontier(bench, recipe, ranking, tuple(tables), tuple(lines), dial, len(validation.cases))


def calibrated(rerank: RerankSettings, validation: Pools, test: Pools, seed: int = 0) -> Dial:
    """The strengths that the budgets allow on validation, and what they cost on the test.

    A budget is to hold for users who were not asked, and the mean over those who were may be too low by chance: it is the upper end of its
    95 % interval that must keep to the budget. The fewer the users, the more careful the dial.

    raises  DataError if nothing wanted was found on validation at strength 0: there is nothing to give up
    """
    name = f"ndcg@{validation.k}"
    base = validation.under(rerank, 0.0, {}).values[name]
    if not base.any():
        raise DataError("frontier: no list of validation had anything that was wanted, so the dial cannot be calibrated")

    losses: dict[float, Interval] = {0.0: given_up(base, base, seed)}

    def loss(strength: float) -> float:
        losses[strength] = given_up(base, validation.under(rerank, strength, {}).values[name], seed)
        return losses[strength].high

    strengths, _ = calibrate(loss, {strength: loss(strength) for strength in STRENGTHS[1:]})
    tables = similarities(test)
    measured = {strength: test.under(rerank, strength, tables) for strength in sorted(set(strengths))}
    return Dial(rerank, strengths, tuple(losses[strength] for strength in strengths), tuple(measured[strength] for strength in strengths))


def _knowing(rerank: RerankSettings, chances: Chances) -> RerankSettings:
    return rerank.model_copy(update={"chances": chances}) if isinstance(rerank, ExchangeSettings) else rerank
