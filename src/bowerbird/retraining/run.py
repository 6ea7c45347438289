"""One retraining, from the store to a bundle that may go live."""

from dataclasses import dataclass
from datetime import datetime

from bowerbird import fitting
from bowerbird.bundle import Bundle, Config
from bowerbird.data import CleaningReport, Dataset
from bowerbird.live import Grower
from bowerbird.protocols import Progress, silent
from bowerbird.retraining.contest import Contest, challenge
from bowerbird.retraining.log import logged
from bowerbird.retraining.settings import RetrainSettings
from bowerbird.store import SqlStore


@dataclass(frozen=True, eq=False, slots=True)
class Retrained:
    """What came of a run.

    contest  who won
    bundle   to go live: the challenger's settings fitted on everything; None unless it won
    data     all that the store has, cleaned
    """

    contest: Contest
    bundle: Bundle | None
    data: Dataset

    @property
    def cleaning(self) -> CleaningReport:
        """What was left out of the log."""
        return self.data.report


def retrain(
    champion: Bundle,
    store: SqlStore,
    config: Config | None = None,
    settings: RetrainSettings | None = None,
    *,
    now: datetime | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Retrained:
    """Have a challenger win or lose against the champion on the newest events of the store; if it wins, fit it again on all of them.

    champion  as it was saved
    config    the challenger's; the champion's unless given
    settings  `warm` counts for nothing where somebody was erased, objected, or data has expired since the champion's fit: what it has of
              theirs is not handed on
    now       as in `data.clean`
    raises    DataError if the store has no events, or none is left by cleaning; as `challenge` and `fitting.fit`
    cost      a fit, or two; two answers a question
    """
    settings = settings or RetrainSettings()
    if store.acted(champion.created):
        settings = settings.model_copy(update={"warm": False})
    data = logged(store, champion, now, progress)
    contest = challenge(as_served(champion, store), data, config, settings, seed=seed, progress=progress)
    if contest.verdict != "won" or contest.challenger is None:
        return Retrained(contest, None, data)
    start = contest.challenger if settings.warm else None
    fitted = fitting.fit(data, config or champion.config, start=start, seed=seed, progress=progress)
    return Retrained(contest, fitted, data)


def as_served(champion: Bundle, store: SqlStore) -> Bundle:
    """The bundle with the items that were put in live, as the engine has it."""
    return Grower().grown(champion, [put.row for put in store.items_since(0)])
