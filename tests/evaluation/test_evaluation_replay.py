"""A walk from item to item: whoever knows the last step knows the next one, so what is known when can be read off the hits."""

import json
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.data import Catalogue
from bowerbird.errors import ConfigError, DataError
from bowerbird.evaluation.replay import (
    DAILY,
    EVENT,
    FROZEN,
    MASKED,
    Cadence,
    System,
    cadence,
    draw,
    questions,
    replay,
    said,
    tables,
    to_json,
)
from bowerbird.models import Ease
from bowerbird.pipeline import RankingSettings
from bowerbird.protocols import silent
from bowerbird.types import Log

DAY = 86_400.0


@dataclass(frozen=True)
class Walker:
    """The item after the last one is the best, then the one after that; of an empty history nothing can be said."""

    n_items: int
    asked: list[Any]

    def score(self, queries):
        self.asked.extend(queries)
        lasts = np.array([query.history.items[-1] if len(query.history) else np.nan for query in queries])
        return ((self.n_items + lasts[:, None] - np.arange(self.n_items)) % self.n_items).astype(np.float32)


@dataclass(frozen=True)
class Walking:
    """The recipe of a walker; keeps what it was fitted on and what it was asked."""

    read: list[Log] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)

    def fit(self, log, catalogue, rng, progress=silent):
        self.read.append(log)
        return Walker(len(catalogue), self.asked)


@dataclass(frozen=True)
class Same:
    """Says the same of every item."""

    def fit(self, log, catalogue, rng, progress=silent):
        return self

    def score(self, queries):
        return np.zeros((len(queries), 6), np.float32)


def walk(*walks: list[tuple[int, float]], n_items: int = 6, weights: float = 1.0) -> Log:
    """One user a walk: items and days."""
    users = np.repeat(np.arange(len(walks), dtype=np.int32), [len(steps) for steps in walks])
    items, days = zip(*(step for steps in walks for step in steps), strict=True)
    weighed = np.full(len(users), weights, np.float32)
    return Log(users, np.array(items, np.int32), weighed, np.array(days) * DAY, len(walks), n_items)


WALK = [(0, 0.0), (1, 1.0), (2, 2.0), (3, 3.2), (4, 3.6), (5, 4.1)]


def system(recipe: Any, n_items: int = 6, **ranking: Any) -> System:
    return System("walker", recipe, Catalogue.of([f"i{item}" for item in range(n_items)]), RankingSettings(**ranking))


def hits(log: Log, *cadences: Cadence, k: int = 1, part: float = 0.5, **ranking: Any) -> list[list[float]]:
    gone = replay(log, [system(Walking(), log.n_items, **ranking)], cadences, part=part, k=k)
    return [line.hit.tolist() for line in gone.lines]


@pytest.mark.parametrize(
    ("how", "found"),
    [
        (FROZEN, [1, 0, 0]),  # always says 3
        (MASKED, [1, 1, 1]),  # 3 is hidden once it was taken, so the next best is right
        (DAILY, [1, 0, 1]),  # at 3.6 it knows what was known at the start, at 4.1 what was known at midnight
        (EVENT, [1, 1, 1]),
        (cadence("event", delay_s=0.45 * DAY), [1, 0, 1]),  # at 3.6 the step of 3.2 is not revealed
        (cadence("event", delay_s=0.4 * DAY), [1, 1, 1]),  # just revealed
        (cadence("masked", delay_s=0.45 * DAY), [1, 0, 1]),  # at 3.6 nothing new is hidden yet, at 4.1 both 3 and 4 are
        (cadence("6h"), [1, 1, 1]),  # at 3.6 it knows what was known at 3.5
        (cadence("18h"), [1, 0, 1]),  # at 3.6 it knows what was known at the start, since 3.0 is before
        (cadence("0.25h"), [1, 1, 1]),
    ],
    ids=lambda value: f"{value.name}-{value.delay_s / DAY:g}" if isinstance(value, Cadence) else "",
)
def test_what_is_known_when(how, found):
    assert hits(walk(WALK), how) == [found]


def test_under_frozen_nothing_of_the_replayed_part_is_seen():
    recipe = Walking()
    replay(walk(WALK), [system(recipe)], [FROZEN, MASKED], part=0.5)
    assert [log.items.tolist() for log in recipe.read] == [[0, 1, 2]]
    assert [query.history.items.tolist() for query in recipe.asked] == [[0, 1, 2]] * 6
    assert [query.time / DAY for query in recipe.asked] == [3.2, 3.6, 4.1] * 2


def test_what_happens_at_the_very_instant_is_not_known():
    log = walk([(0, 0.0), (1, 1.0), (2, 3.0), (3, 3.0), (4, 3.0), (5, 4.0)])
    recipe = Walking()
    gone = replay(log, [system(recipe)], [EVENT], part=0.6, k=1)
    assert [query.history.items.tolist() for query in recipe.asked] == [[0, 1]] * 3 + [[0, 1, 2, 3, 4]]
    assert gone.lines[0].hit.tolist() == [1, 0, 0, 1]
    assert (gone.questions.since / DAY).tolist() == [2, 2, 2, 1]


def test_a_users_first_event_is_asked_with_an_empty_history_and_answered_by_what_is_popular():
    log = walk([(0, 0.0), (0, 1.0), (0, 2.0)], [(0, 3.0), (1, 4.0)])
    gone = replay(log, [system(Walking())], [EVENT], part=0.4, k=1)
    assert np.isnan(gone.questions.since[0])
    assert gone.questions.newcomers.tolist() == [True, True]
    assert gone.lines[0].hit.tolist() == [1, 1]


@pytest.mark.parametrize("k", [1, 2])
def test_ties_count_against_us(k):
    gone = replay(walk(WALK), [system(Same())], [EVENT], part=0.5, k=k)
    assert gone.lines[0].hit[0] == 0  # 3, 4 and 5 are all one: whoever breaks ties kindly shows 3
    assert gone.lines[0].ndcg[2] == 1  # only 5 is left


def test_only_liked_events_on_untouched_items_are_asked_for_unless_repeats_are_wanted():
    log = walk([(0, 0.0), (1, 1.0), (0, 2.0), (2, 3.0)])
    log = replace(log, weights=np.array([1, 1, 1, -1], np.float32))
    with pytest.raises(DataError, match="nothing in the newest"):
        questions(log, 0.5)
    assert questions(log, 0.5, repeats=True).items.tolist() == [0]
    assert hits(walk([(0, 0.0), (1, 1.0), (5, 2.0), (0, 3.0), (1, 4.0)]), EVENT, MASKED, part=0.4, repeats=True) == [[1, 1], [1, 0]]


def test_a_refit_reads_what_was_revealed_by_then_and_nothing_later():
    recipe = Walking()
    every_day = cadence("event", refit_days=0.5)
    gone = replay(walk(WALK), [system(recipe)], [EVENT, every_day], part=0.5)
    assert [log.items.tolist() for log in recipe.read] == [[0, 1, 2], [0, 1, 2, 3, 4]]  # at 3.2 and at 3.7, none for nothing
    assert [line.fits for line in gone.lines] == [1, 2]
    late = Walking()
    replay(walk(WALK), [system(late)], [cadence("event", delay_s=0.2 * DAY, refit_days=0.5)], part=0.5)
    assert [log.items.tolist() for log in late.read] == [[0, 1, 2], [0, 1, 2, 3]]


@st.composite
def logs(draw_):
    walks = draw_(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40)), min_size=1, max_size=12), min_size=1, max_size=5))
    return walk(*([(item, day / 8) for item, day in sorted(steps, key=lambda step: step[1])] for steps in walks), n_items=10)


@given(logs(), st.sampled_from([0, 0.1, 0.125, 1, 2.5]), st.sampled_from(["frozen", "masked", "daily", "6h", "event"]))
def test_nothing_is_seen_too_early_and_nothing_revealed_is_forgotten(log, delay, name):
    recipe, how = Walking(), cadence(name, delay_s=delay * DAY, refit_days=1)
    try:
        gone = replay(log, [system(recipe, 10)], [how], part=0.5)
    except DataError:
        return  # nothing before the start, or nothing to ask for
    asked = gone.questions
    for event, query in zip(asked.events, recipe.asked, strict=True):
        instant = how.updated(log.times[event : event + 1], asked.start)[0]
        times = log.history(log.users[event]).times
        assert (query.history.times < query.time).all()
        assert (query.time - query.history.times >= delay * DAY).all()
        assert len(query.history) == ((times < instant) & (instant - times >= delay * DAY)).sum()
        if name in ("frozen", "masked"):
            assert (query.history.times < asked.start).all()
    fits = np.unique(how.fitted(asked.times, asked.start))
    read = recipe.read if fits[0] == asked.start else recipe.read[1:]
    assert all((one.times < instant).all() for one, instant in zip(read, fits, strict=True))


def test_asked_in_batches_or_one_by_one_the_answers_are_the_same():
    rng = np.random.default_rng(0)
    walks = [[(item, day) for item, day in zip(rng.permutation(30)[:12], np.sort(rng.uniform(0, 20, 12)), strict=True)] for _ in range(25)]
    cadences = [FROZEN, MASKED, DAILY, EVENT, cadence("event", refit_days=3)]
    log, shop = walk(*walks, n_items=30), system(Ease(l2=5), 30)
    whole, single = (replay(log, [shop], cadences, batch=batch) for batch in (256, 1))
    for one, other in zip(whole.lines, single.lines, strict=True):
        np.testing.assert_array_equal(one.ndcg, other.ndcg)


def test_the_report_compares_in_pairs_and_draws_users():
    log = walk(*([(item, day + user / 100) for item, day in WALK] for user in range(8)))
    backwards = replace(system(Same()), name="same")
    gone = replay(log, [system(Walking()), backwards], [FROZEN, EVENT], part=0.5, k=1)
    report = json.loads(json.dumps(to_json(gone, "abc", parts=4), allow_nan=False))
    frozen, event, same, _ = report["lines"]
    assert (frozen["against_first_cadence"], frozen["against_first_system"]) == (None, None)
    assert event["hit"] == [1, 1, 1]
    assert event["against_first_cadence"]["difference"] == pytest.approx([2 / 3] * 3)
    assert event["against_first_cadence"]["share"] == pytest.approx([2] * 3)
    assert same["against_first_system"]["to"] == {"system": "walker", "cadence": "frozen"}
    assert report["questions"] == {"all": 24, "users": 8, "newcomers": 0, "newcomer_users": 0}
    assert [row["questions"] for row in report["over_time"]] == [6] * 4
    assert {row["label"]: row["questions"] for row in report["since"]} == {"under 1 day": 16, "under 1 week": 8}
    assert event["newcomers"]["ndcg"] == [None] * 3
    assert len(tables(report)) == 3
    assert all(table.row_count for table in tables(report))
    assert "“frozen”" in said(report)[0]


@pytest.mark.skipif(not (find_spec("plotly") and find_spec("matplotlib")), reason="plotly and matplotlib come with the extra `train`")
def test_both_curves_are_drawn(tmp_path):
    gone = replay(walk(WALK), [system(Walking())], [FROZEN, EVENT], part=0.5)
    written = draw(to_json(gone, "abc"), tmp_path / "plots")
    assert sorted(path.name for path in written) == ["over_time.html", "over_time.png", "since.html", "since.png"]
    assert all(path.stat().st_size > 1000 for path in written)


MISTAKES = [
    (lambda log: questions(replace(log, times=np.full(6, np.nan))), "replay: the events have no times"),
    (lambda log: questions(log, 1.0), "part must be between 0 and 1, got 1.0"),
    (lambda log: questions(replace(log, times=np.zeros(6))), "nothing lies before the newest 33%"),
    (lambda log: replay(log, [], [EVENT]), "at least one system, each of its own name, got none"),
    (lambda log: replay(log, [system(Same())], [EVENT, EVENT]), "at least one cadence, each of its own name, got event, event"),
    (
        lambda log: replay(log, [system(Same()), replace(system(Same(), repeats=True), name="b")], [EVENT]),
        "ranking.repeats must be the same",
    ),
    (lambda log: replay(log, [system(Same())], [cadence("event", delay_s=9 * DAY)]), "with a delay of 777600 s nothing is revealed"),
]


@pytest.mark.parametrize(("wrong", "sentence"), MISTAKES, ids=[sentence for _, sentence in MISTAKES])
def test_what_cannot_be_replayed_is_refused_in_a_sentence(wrong, sentence):
    with pytest.raises(DataError, match=sentence):
        wrong(walk(WALK))


@pytest.mark.parametrize("wrong", [lambda: cadence("weekly"), lambda: cadence("0h"), lambda: cadence("event", -1)])
def test_a_cadence_that_cannot_be_is_refused(wrong):
    with pytest.raises(ConfigError, match="cadence"):
        wrong()


def test_an_interval_draws_users_with_all_of_their_questions():
    strays = [(0, 0.0), (1, 1.0), (2, 2.0), (0, 3.2), (5, 3.3), (9, 3.4), (4, 3.5)]
    log = walk(WALK, strays, n_items=12)
    gone = replay(log, [system(Walking(), 12)], [EVENT], part=0.5, k=1)
    report = to_json(gone, "abc")
    assert [gone.lines[0].hit[gone.questions.users == user].mean() for user in (0, 1)] == [1, 0]
    assert report["lines"][0]["hit"] == [0.5, 0, 1]  # two users, so a draw is of one of them alone now and then
    assert report["lines"][0]["ndcg_of_the_mean_user"] == 0.5
