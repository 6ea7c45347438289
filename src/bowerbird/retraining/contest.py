"""Champion against challenger: both are asked the same, about what happened after all that either has learned from."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bowerbird import fitting
from bowerbird.bundle import Bundle, Config
from bowerbird.data import Dataset
from bowerbird.errors import ConfigError, DataError
from bowerbird.evaluation import Difference, Interval, intervals, paired
from bowerbird.evaluation.replay import Questions
from bowerbird.protocols import Progress, silent
from bowerbird.retraining.heldout import held_out, newest_learned
from bowerbird.retraining.settings import RetrainSettings
from bowerbird.retraining.sides import Figures, Side

Verdict = Literal["won", "lost", "no contest"]


@dataclass(frozen=True, eq=False, slots=True)
class Standing:
    """One side in figures, each the mean over users of the means over their questions, with its interval.

    events   that it had learned from
    seconds  of all its answers
    """

    ndcg: Interval
    hit: Interval
    events: int
    seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class Contest:
    """What came of it.

    verdict     of the challenger
    why         in a sentence
    lead        challenger less champion, NDCG, over the same users
    challenger  as it was judged: fitted on what came before the questions
    asked, of_champion, of_challenger, lead  None where there was no contest, as `challenger` is
    """

    verdict: Verdict
    why: str
    asked: Questions | None = None
    of_champion: Standing | None = None
    of_challenger: Standing | None = None
    lead: Difference | None = None
    challenger: Bundle | None = None


def challenge(
    champion: Bundle,
    data: Dataset,
    config: Config | None = None,
    settings: RetrainSettings | None = None,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> Contest:
    """Fit a challenger on what came before the newest events, and ask both for these.

    The questions are liked events after the newest that the champion was fitted on, so neither has learned from them, and both see the
    user's history up to each, as when they are served. Items that came after the champion's fit, and were not put in live, it cannot show.
    Each user counts alike, so nobody's rate of events decides.

    The rule: the challenger wins if the lower end of the interval of its lead is above `margin`. At 0, and a level of 95 %, one that is no
    better wins once in forty contests, by chance; one that is as good but newer does not win. It will be better once it matters.

    champion   as it is served: with the items that were put in live
    data       all events, cleaned by the champion's settings for data (`logged`)
    config     the challenger's; the champion's unless given
    raises     ConfigError if the challenger would read the data in another way, or recommends repeats where the champion does not
    cost       a fit, and two answers a question
    """
    config, settings = config or champion.config, settings or RetrainSettings()
    _comparable(champion.config, config)
    repeats = config.ranking.repeats
    try:
        asked = held_out(data.log, newest_learned(champion), settings.contest, repeats=repeats, seed=seed)
    except DataError as reason:
        return Contest("no contest", str(reason))
    early = data.log.times < asked.start
    known = replace(data, events=data.events.filter(early), log=data.log.where(early))
    challenger = fitting.fit(known, config, start=champion if settings.warm else None, seed=seed, progress=progress)
    return _held(champion, challenger, data, asked, settings, seed, progress)


def compare(
    champion: Bundle,
    challenger: Bundle,
    data: Dataset,
    settings: RetrainSettings | None = None,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> Contest:
    """Hold two bundles as they are against each other, by the rule of `challenge`: both are asked for liked events after the newest that
    either was fitted on.

    champion, challenger  as they are served: with the items that were put in live
    data                  all events, cleaned by the champion's settings for data (`logged`)
    raises                ConfigError if the two read the data in other ways, or one recommends repeats and the other does not
    cost                  two answers a question
    """
    settings = settings or RetrainSettings()
    _comparable(champion.config, challenger.config)
    learned = float(np.max([newest_learned(champion), newest_learned(challenger)]))
    try:
        asked = held_out(data.log, learned, settings.contest, repeats=champion.config.ranking.repeats, seed=seed)
    except DataError as reason:
        return Contest("no contest", str(reason))
    return _held(champion, challenger, data, asked, settings, seed, progress)


def _held(
    champion: Bundle, challenger: Bundle, data: Dataset, asked: Questions, settings: RetrainSettings, seed: int, progress: Progress
) -> Contest:
    first = _answered(champion, data, asked, settings, seed, "asking the champion", progress)
    second = _answered(challenger, data, asked, settings, seed, "asking the challenger", progress)
    lead = paired(_ndcg(second, asked), _ndcg(first, asked), np.random.default_rng(seed), level=settings.contest.level)
    won = lead.low > settings.contest.margin
    standings = _standing(first, asked, champion, settings, seed), _standing(second, asked, challenger, settings, seed)
    return Contest("won" if won else "lost", _why(lead, settings, won=won), asked, *standings, lead=lead, challenger=challenger)


def _answered(
    bundle: Bundle, data: Dataset, asked: Questions, settings: RetrainSettings, seed: int, what: str, progress: Progress
) -> Figures:
    return Side.of(bundle, data).asked(asked, settings.contest.k, seed, what, progress)


def _comparable(champion: Config, challenger: Config) -> None:
    if champion.data != challenger.data:
        raise ConfigError("retrain: the [data] table of the challenger must be the champion's, else they would not be asked the same")
    if champion.ranking.repeats != challenger.ranking.repeats:
        raise ConfigError("retrain: ranking.repeats of the challenger must be the champion's, else they would not be asked the same")


def _standing(figures: Figures, asked: Questions, bundle: Bundle, settings: RetrainSettings, seed: int) -> Standing:
    table = np.stack([_ndcg(figures, asked), _per_user(figures.hit, asked)], axis=1)
    ndcg, hit = intervals(table, np.random.default_rng(seed), level=settings.contest.level)
    return Standing(ndcg, hit, len(bundle.events), figures.seconds)


def _ndcg(figures: Figures, asked: Questions) -> NDArray[np.float64]:
    return _per_user(figures.ndcg, asked)


def _per_user(values: NDArray[np.float64], asked: Questions) -> NDArray[np.float64]:
    """(n_users who are asked,): each one's mean."""
    counts = np.bincount(asked.users)
    there = counts > 0
    return np.asarray(np.bincount(asked.users, weights=values)[there] / counts[there])


def _why(lead: Difference, settings: RetrainSettings, *, won: bool) -> str:
    contest = settings.contest
    return (
        f"NDCG@{contest.k} of the challenger less the champion's is {lead.mean:+.4f} ({lead.low:+.4f} to {lead.high:+.4f}); "
        f"the lower end is {'above' if won else 'not above'} the margin, {contest.margin:g}"
    )
