"""Champion and challenger as they would answer: each numbers the items and weighs the events in its own way, and both see the same."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from bowerbird.bundle import Bundle
from bowerbird.data import Dataset, weigh
from bowerbird.data.kinds import kind_numbers
from bowerbird.evaluation import judge
from bowerbird.evaluation.metrics import hit_rate, ndcg
from bowerbird.evaluation.replay import Questions
from bowerbird.evaluation.replay.cadence import how_many
from bowerbird.protocols import Progress
from bowerbird.ranking import ExploreSettings
from bowerbird.retraining.lessons import Lessons
from bowerbird.types import Circumstances, Log, Request, Slate

BATCH = 256


@dataclass(frozen=True, eq=False, slots=True)
class Figures:
    """How one side did, question by question.

    ndcg, hit  (n_questions,) at the contest's k, of the one item that was taken
    seconds    of all answers; wall time
    """

    ndcg: NDArray[np.float64]
    hit: NDArray[np.float64]
    seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class Side:
    """One that answers.

    bundle   as it is served, but that no place is drawn for exploration: chance is nobody's doing
    log      all events whose items its catalogue has, by its numbers of items and its weights; users are those of the contest
    numbers  (n_items of its catalogue,) the contest's number of each; items that the contest does not have come after all that it has
    """

    bundle: Bundle
    log: Log
    numbers: NDArray[np.int32]

    @staticmethod
    def of(bundle: Bundle, data: Dataset) -> "Side":
        """A bundle that is told of clean events as it would be told of them live: about items that it has, weighed by its own scale.

        raises  DataError for a kind of event that its settings do not declare
        """
        items = bundle.catalogue.numbers(data.events["item"].to_list())
        known = np.flatnonzero(items >= 0)
        events, users = data.events[known], data.log.users[known]
        values = events["value"].fill_null(float("nan")).to_numpy()
        weights = weigh(events["kind"], values, users, bundle.config.data, bundle.scale)
        kinds = kind_numbers(events["kind"], bundle.config.data.all_kinds)
        context = data.log.context and Circumstances(data.log.context.values, data.log.context.codes[known])
        log = Log(users, items[known], weights, data.log.times[known], data.log.n_users, len(bundle.catalogue), kinds, context)
        numbers = data.catalogue.numbers(bundle.catalogue.ids)
        strange = np.flatnonzero(numbers < 0)
        numbers[strange] = len(data.catalogue) + np.arange(len(strange))
        ranking = bundle.config.ranking.model_copy(update={"explore": ExploreSettings()})
        return Side(replace(bundle, config=bundle.config.model_copy(update={"ranking": ranking})), log, numbers)

    def asked(self, questions: Questions, k: int, seed: int, what: str, progress: Progress) -> Figures:
        """Ask each question as the server would be asked, with all that happened before its instant; ties count against the side.

        Who learns from events while live has learned from those before each batch of questions, since the fit.
        """
        begun = perf_counter()
        slates = list(self._answers(questions, k, seed, what, progress))
        seconds = perf_counter() - begun
        judged = judge(slates, np.split(questions.items, np.arange(1, len(questions))), k)
        return Figures(ndcg(judged, k), hit_rate(judged, k), seconds)

    def _answers(self, questions: Questions, k: int, seed: int, what: str, progress: Progress) -> Iterator[Slate]:
        lessons = Lessons(self.bundle, self.log)
        for place in range(0, len(questions), BATCH):
            progress(what, place, len(questions))
            bundle = lessons.told(float(questions.times[place]))
            events = questions.events[place : place + BATCH].tolist()
            for slate in bundle.pipeline.recommend([self._request(questions.log, event, k, seed) for event in events]):
                yield Slate(self.numbers[slate.items], slate.scores)
        progress(what, len(questions), len(questions))

    def _request(self, log: Log, event: int, k: int, seed: int) -> Request:
        """For one item more than is judged, which shows a tie over the edge."""
        user, instant = int(log.users[event]), float(log.times[event])
        first, end = int(self.log.starts[user]), int(self.log.starts[user + 1])
        history = self.log.between(first, first + how_many(self.log.times[first:end], instant, 0.0))
        return Request(replace(log.before(event), history=history), k=k + 1, seed=seed)
