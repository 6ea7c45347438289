"""The replay itself: ask first, learn later, line by line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.evaluation.fallback import Fallback
from bowerbird.evaluation.judging import judge
from bowerbird.evaluation.metrics import hit_rate, ndcg
from bowerbird.evaluation.replay.cadence import Cadence, revealed
from bowerbird.evaluation.replay.following import Stream, followed
from bowerbird.evaluation.replay.questions import Questions, questions
from bowerbird.models import Popular, Recipe
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.protocols import Progress, Scorer, silent
from bowerbird.types import Log, Request


@dataclass(frozen=True, eq=False, slots=True)
class System:
    """Settings that are replayed.

    catalogue  with the language vectors that the recipe reads
    """

    name: str
    recipe: Recipe
    catalogue: Catalogue
    ranking: RankingSettings


@dataclass(frozen=True, eq=False, slots=True)
class Line:
    """How one system did under one cadence, question by question in the order of time.

    ndcg, hit    (n_questions,) at the replay's k, of the one item that was taken
    fits         how often the model was fitted; the first fit is shared by the lines of a system
    fit_seconds  of these fits; wall time
    ask_seconds  of all answers; wall time
    """

    system: str
    cadence: Cadence
    ndcg: NDArray[np.float64]
    hit: NDArray[np.float64]
    fits: int
    fit_seconds: float
    ask_seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class Replay:
    """What was asked, and all lines; the first cadence is the one that the others of its system are compared with."""

    questions: Questions
    lines: tuple[Line, ...]
    k: int
    part: float
    repeats: bool
    seed: int


@dataclass(frozen=True, eq=False, slots=True)
class _Fitted:
    model: Scorer
    popular: Scorer
    seconds: float


def replay(
    log: Log,
    systems: Sequence[System],
    cadences: Sequence[Cadence],
    *,
    part: float = 1 / 3,
    k: int = 10,
    batch: int = 256,
    seed: int = 0,
    progress: Progress = silent,
) -> Replay:
    """Fit each system on what came before the newest part of the log, then ask before every liked event of it, under each cadence.

    Answers are those of `Pipeline.recommend`, as they would be served, but that what is popular (of the same fit) answers where a model
    can say nothing at all; ranking is full, and ties count against us. An event is asked for with what is known before its instant.
    A model that follows is told, by the same cadence, of what everyone did. Batches hold questions to one state of the model, and no answer
    changes a later question but through the log, so batching changes none.

    part    share of the events that is replayed
    raises  DataError as `questions`, if there is no system or no cadence, if two have one name, or if systems disagree on repeats
    cost    a fit a system and delay, one more for each refit that something is asked after; one answer a question and line
    source  Gama, Sebastião & Rodrigues, On evaluating stream learning algorithms, Machine Learning 90, 2013 (prequential evaluation)
    """
    repeats = _agreed(systems, cadences)
    asked = questions(log, part, repeats=repeats)
    lines = []
    for system in systems:
        first: dict[float, _Fitted] = {}
        for cadence in cadences:
            if cadence.delay_s not in first:
                first[cadence.delay_s] = _fit(system, log, asked.start, cadence.delay_s, seed, progress)
            lines.append(_line(asked, system, cadence, first[cadence.delay_s], k, batch, seed, progress))
    return Replay(asked, tuple(lines), k, part, repeats, seed)


def _agreed(systems: Sequence[System], cadences: Sequence[Cadence]) -> bool:
    """Whether items of the history may come again: what is asked rests on it, so all systems must have it alike."""
    for what, names in (("system", [system.name for system in systems]), ("cadence", [cadence.name for cadence in cadences])):
        if not names or len(set(names)) < len(names):
            raise DataError(f"replay: there must be at least one {what}, each of its own name, got {', '.join(names) or 'none'}")
    repeats = {system.ranking.repeats for system in systems}
    if len(repeats) > 1:
        raise DataError("replay: ranking.repeats must be the same for all settings, else they would not be asked the same")
    return repeats.pop()


def _fit(system: System, log: Log, instant: float, delay_s: float, seed: int, progress: Progress) -> _Fitted:
    """The system on all that is revealed at an instant."""
    begun, known = perf_counter(), log.where(revealed(log.times, instant, delay_s))
    if not len(known):
        raise DataError(f"replay: with a delay of {delay_s:g} s nothing is revealed when the replay begins, so there is nothing to fit on")
    model = system.recipe.fit(known, system.catalogue, np.random.default_rng(seed), progress)
    popular = Popular().fit(known, system.catalogue, np.random.default_rng(seed))
    return _Fitted(model, popular, perf_counter() - begun)


def _line(asked: Questions, system: System, cadence: Cadence, first: _Fitted, k: int, batch: int, seed: int, progress: Progress) -> Line:
    """All questions under one cadence, a stretch of one fit after the other."""
    requests = _asking(asked, system, cadence, k, seed)
    stream, instants = Stream(asked.log), cadence.updated(asked.times, asked.start)
    fits, begins = np.unique(cadence.fitted(asked.times, asked.start), return_index=True)
    ends = [*begins[1:].tolist(), len(asked)]
    fit_seconds, ask_seconds, slates = 0.0, 0.0, []
    what = f"{system.name}, {cadence.name}"
    for instant, begin, end in zip(fits.tolist(), begins.tolist(), ends, strict=True):
        fitted = first if instant == asked.start else _fit(system, asked.log, instant, cadence.delay_s, seed, silent)
        fit_seconds += fitted.seconds
        begun = perf_counter()
        for model, place, stop in followed(fitted.model, stream, cadence, instant, instants[begin:end], batch):
            progress(what, begin + place, len(asked))
            pipeline = Pipeline(Fallback(model, fitted.popular), system.catalogue, system.ranking)
            slates += pipeline.recommend(requests(begin + place, begin + stop))
        ask_seconds += perf_counter() - begun
    progress(what, len(asked), len(asked))
    judged = judge(slates, np.split(asked.items, np.arange(1, len(asked))), k)
    return Line(system.name, cadence, ndcg(judged, k), hit_rate(judged, k), len(fits), fit_seconds, ask_seconds)


def _asking(asked: Questions, system: System, cadence: Cadence, k: int, seed: int) -> Callable[[int, int], list[Request]]:
    """From two places to the requests between them: what the server would be asked, for one item more, which shows a tie over the edge."""
    histories = asked.histories(cadence)
    hidden = asked.taken(cadence.delay_s) if cadence.masked and not system.ranking.repeats else None
    events = asked.events.tolist()

    def between(begin: int, end: int) -> list[Request]:
        requests = []
        for place in range(begin, end):
            query = replace(asked.log.before(events[place]), history=histories[place])
            allowed = None if hidden is None else _all_but(hidden[place].items, len(system.catalogue))
            requests.append(Request(query, k=k + 1, allowed=allowed, seed=seed))
        return requests

    return between


def _all_but(items: NDArray[np.int32], n_items: int) -> NDArray[np.bool_]:
    allowed = np.ones(n_items, np.bool_)
    allowed[items] = False
    return allowed
