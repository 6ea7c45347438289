"""Champion against challenger: asked the same, about what neither has learned from; better wins, and nothing else does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import retraining_world as world

from bowerbird.asking import asked
from bowerbird.bundle import Bundle, Config
from bowerbird.data import Catalogue
from bowerbird.engine import Engine
from bowerbird.errors import ConfigError, DataError
from bowerbird.evaluation import paired
from bowerbird.protocols import silent
from bowerbird.retraining import Contest, ContestSettings, RetrainSettings, as_served, challenge, logged, newest_learned, retrain
from bowerbird.retraining.heldout import held_out
from bowerbird.retraining.sides import Side
from bowerbird.store import SqlStore
from bowerbird.types import Event, Query, Request

ASKED = RetrainSettings(contest=ContestSettings(least_questions=50, least_users=10))


@pytest.fixture(scope="module")
def champion() -> Bundle:
    return world.champion()


@pytest.fixture
def shifted(champion: Bundle, tmp_path: Path) -> Iterator[SqlStore]:
    with world.store(tmp_path / "shifted.db", champion, shifted=True) as log:
        yield log


@pytest.fixture
def same(champion: Bundle, tmp_path: Path) -> Iterator[SqlStore]:
    with world.store(tmp_path / "same.db", champion, shifted=False) as log:
        yield log


def test_where_tastes_have_shifted_the_challenger_wins_and_knows_everything(champion: Bundle, shifted: SqlStore) -> None:
    done = retrain(champion, shifted, settings=ASKED)
    assert done.contest.verdict == "won"
    assert done.contest.lead.low > 0.1
    assert len(done.bundle.events) == shifted.count() > done.contest.of_challenger.events > done.contest.of_champion.events
    engine = Engine(champion, shifted)
    engine.observe([Event("ann", "i0", world.LATER, "like"), Event("ann", "i5", world.LATER, "like")])
    before = {one.item for one in engine.recommend(user="ann", k=5).items}
    engine.swap(done.bundle)
    after = {one.item for one in engine.recommend(user="ann", k=5).items}
    together = {f"i{n}" for n in world.group(0, shifted=True)}
    assert len(before & together) == 0 < len(after & together)


def test_where_nothing_changed_a_crippled_challenger_loses(champion: Bundle, same: SqlStore) -> None:
    done = retrain(champion, same, world.POPULAR, ASKED)
    assert (done.contest.verdict, done.bundle) == ("lost", None)
    assert done.contest.lead.high < 0


def test_where_nothing_changed_one_as_good_does_not_win_unless_it_may(champion: Bundle, same: SqlStore) -> None:
    contest = retrain(champion, same, settings=ASKED).contest
    assert contest.verdict == "lost"
    assert contest.lead.low <= 0 <= contest.lead.high + 0.02
    lenient = ASKED.model_copy(update={"contest": ASKED.contest.model_copy(update={"margin": -0.05})})
    assert retrain(champion, same, settings=lenient).contest.verdict == "won"


def test_the_lower_end_decides(champion: Bundle, shifted: SqlStore) -> None:
    lead = retrain(champion, shifted, settings=ASKED).contest.lead
    for margin, verdict in ((lead.low - 1e-6, "won"), (lead.low + 1e-6, "lost")):
        decided = ASKED.model_copy(update={"contest": ASKED.contest.model_copy(update={"margin": margin})})
        assert retrain(champion, shifted, settings=decided).contest.verdict == verdict


def test_the_same_run_gives_the_same_bundle(champion: Bundle, shifted: SqlStore) -> None:
    one, other = (retrain(champion, shifted, settings=ASKED) for _ in range(2))
    assert one.bundle.fingerprint == other.bundle.fingerprint
    assert one.contest.lead == other.contest.lead


def test_neither_has_learned_from_what_is_asked(champion: Bundle, shifted: SqlStore) -> None:
    data = logged(shifted, champion)
    contest = challenge(champion, data, settings=ASKED)
    assert contest.asked.start > newest_learned(champion)
    for bundle in (champion, contest.challenger):
        assert newest_learned(bundle) < contest.asked.start <= contest.asked.times.min()
    new = data.log.times > newest_learned(champion)
    assert (data.log.times >= contest.asked.start).sum() == pytest.approx(0.3 * new.sum(), abs=1)


def test_days_are_held_out_but_not_those_that_the_champion_knows(champion: Bundle, shifted: SqlStore) -> None:
    log, learned = logged(shifted, champion).log, newest_learned(champion)
    ten = held_out(log, learned, ContestSettings(holdout_days=10, least_users=2, least_questions=1), repeats=False, seed=0)
    assert log.times.max() - 10 * 86_400 <= ten.start < log.times.max() - 9 * 86_400
    all_of_it = held_out(log, learned, ContestSettings(holdout_days=9999), repeats=False, seed=0)
    assert all_of_it.start == log.times[log.times > learned].min()


def test_of_too_many_questions_some_are_drawn(champion: Bundle, shifted: SqlStore) -> None:
    log, learned = logged(shifted, champion).log, newest_learned(champion)
    whole, some = (
        held_out(log, learned, ContestSettings(most_questions=most, least_questions=1, least_users=2), repeats=False, seed=3)
        for most in (10_000, 40)
    )
    assert len(some) == 40
    assert np.isin(some.events, whole.events).all()
    assert (np.diff(some.times) >= 0).all()


def test_each_answers_as_it_would_be_served(champion: Bundle, shifted: SqlStore) -> None:
    """The champion has another scale, another numbering, and an item that was put in live."""
    shifted.put_items([{"item": "moon", "title": "a moon"}])
    shifted.append([Event("new3", "moon", world.LATER + 500 * world.DAY, "rating", 2.0), Event("new3", "strange", world.LATER, "like")])
    data = logged(shifted, champion)
    engine = Engine(champion, shifted)
    side = Side.of(as_served(champion, shifted), data)
    for user in ("old7", "new3", "new50"):
        wanted = asked(
            engine.recommend(user=user, k=3).receipt, engine._live.bundle, engine._live.pipeline, shifted, engine._words
        ).request.query.history
        found = side.log.history(data.users.index(user))
        for name in ("items", "weights", "times", "kinds"):
            np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
    assert data.catalogue.number("strange") == len(side.bundle.catalogue)
    assert [data.catalogue.ids[number] for number in side.numbers.tolist()] == list(side.bundle.catalogue.ids)


def test_how_items_are_numbered_changes_nothing(champion: Bundle, shifted: SqlStore) -> None:
    """The contest's numbers are not the champion's: its items lie the other way round, and two of them it does not have at all."""
    turned = Catalogue(champion.catalogue.frame[2:].reverse())
    plain, odd = logged(shifted, champion), logged(shifted, replace(champion, catalogue=turned, model=champion.model))
    assert odd.catalogue.ids[0] == champion.catalogue.ids[-1]
    side, other = Side.of(champion, plain), Side.of(champion, odd)
    settings = ContestSettings(least_questions=1, least_users=2)
    figures = [
        one.asked(held_out(data.log, newest_learned(champion), settings, repeats=False, seed=0), 10, 0, "asking", silent)
        for one, data in ((side, plain), (other, odd))
    ]
    np.testing.assert_array_equal(figures[0].ndcg, figures[1].ndcg)
    cut = Side.of(champion, replace(plain, catalogue=turned))
    assert cut.numbers.tolist() == [len(turned), len(turned) + 1, *range(len(turned))[::-1]]


def test_no_place_is_drawn(champion: Bundle, shifted: SqlStore) -> None:
    config = Config.model_validate({**champion.config.model_dump(), "ranking": {"explore": {"places": (1, 2), "candidates": 30}}})
    plain, exploring = (retrain(one, shifted, settings=ASKED).contest for one in (champion, replace(champion, config=config)))
    assert plain.of_champion.ndcg == exploring.of_champion.ndcg
    assert plain.of_challenger.ndcg == exploring.of_challenger.ndcg


def test_the_champion_has_the_items_that_were_put_in_live(champion: Bundle, shifted: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    shifted.put_items([{"item": "moon", "title": "a moon"}])
    judged = []

    def judge(one: Bundle, *_: object, **__: object) -> Contest:
        judged.append(one)
        return Contest("no contest", "only looked at")

    monkeypatch.setattr("bowerbird.retraining.run.challenge", judge)
    retrain(champion, shifted)
    engine = Engine(champion, shifted)
    np.testing.assert_array_equal(judged[0].catalogue.vectors, engine._live.bundle.catalogue.vectors)
    assert judged[0].catalogue.ids == engine.catalogue.ids == (*champion.catalogue.ids, "moon")


def test_the_figures_are_those_of_asking_one_by_one(champion: Bundle, shifted: SqlStore) -> None:
    data = logged(shifted, champion)
    contest = challenge(champion, data, settings=ASKED)
    asked, gains = contest.asked, {"champion": [], "challenger": []}
    for event in asked.events.tolist():
        query: Query = data.log.before(event)
        assert (query.history.times < query.time).all()
        for name, bundle in (("champion", champion), ("challenger", contest.challenger)):
            scores = bundle.pipeline.candidates([Request(query)])[0]
            rank = int((scores >= scores[data.log.items[event]]).sum())  # of all that it is level with, the last
            gains[name].append(1 / np.log2(rank + 1) if 0 < rank <= 10 else 0.0)
    means = {
        name: np.array([np.mean(np.array(gain)[asked.users == user]) for user in np.unique(asked.users)]) for name, gain in gains.items()
    }
    assert contest.of_champion.ndcg.mean == pytest.approx(means["champion"].mean())
    assert contest.of_challenger.ndcg.mean == pytest.approx(means["challenger"].mean())
    assert contest.lead == paired(means["challenger"], means["champion"], np.random.default_rng(0))


def test_too_little_is_no_contest(champion: Bundle, tmp_path: Path) -> None:
    with world.store(tmp_path / "few.db", champion, shifted=True, users=0) as log:
        assert retrain(champion, log).contest.verdict == "no contest"
        assert "nothing happened after 2024-04-29 05:00:00 UTC" in retrain(champion, log).contest.why
        log.append(world.events("new", 20, world.LATER, shifted=True, seed=1))
        contest = retrain(champion, log).contest
        assert contest.verdict == "no contest"
        assert contest.why.endswith("make 36 questions, and a contest needs at least 200")


def test_a_champion_without_a_clock_is_never_challenged(champion: Bundle, shifted: SqlStore) -> None:
    timeless = replace(champion, events=champion.events.with_columns(time=None).cast({"time": champion.events.schema["time"]}))
    contest = retrain(timeless, shifted, settings=ASKED).contest
    assert contest.verdict == "no contest"
    assert "have no times" in contest.why


def test_other_questions_are_refused(champion: Bundle, shifted: SqlStore) -> None:
    for raw, rule in (({"data": {"ratings": "none"}}, r"the \[data\] table"), ({"ranking": {"repeats": True}}, "ranking.repeats")):
        with pytest.raises(ConfigError, match=rule):
            retrain(champion, shifted, Config.model_validate(raw), ASKED)


def test_an_empty_store_is_refused(champion: Bundle) -> None:
    with SqlStore("sqlite://") as log, pytest.raises(DataError, match="the store has no events"):
        retrain(champion, log)
