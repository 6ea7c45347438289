"""Exploration in a live engine: slates are logged with their propensities, answers to them teach, and looking teaches nothing."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bowerbird.bundle import Bundle, Config
from bowerbird.engine import Engine
from bowerbird.models import Blend, Ease, Popular
from bowerbird.pipeline import RankingSettings
from bowerbird.ranking import ExploreSettings
from bowerbird.serving.schemas import ReceiptIn
from bowerbird.store import SqlStore
from bowerbird.types import Event
from little_world import Spotter, bundle

CONFIG = Config(model=Blend(members=(Popular(), Ease())), ranking=RankingSettings(explore=ExploreSettings(places=(3, 5), candidates=6)))


@pytest.fixture(scope="module")
def fitted() -> Bundle:
    return bundle(CONFIG)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with SqlStore(f"sqlite:///{tmp_path / 'events.db'}") as opened:
        yield opened


@pytest.fixture
def engine(store: SqlStore, fitted: Bundle) -> Engine:
    return Engine(fitted, store, Spotter())


def test_only_the_places_of_the_budget_are_drawn(engine: Engine) -> None:
    slates = [[one.item for one in engine.recommend(user="u1", k=6).items] for _ in range(40)]
    for place in range(6):
        assert (len({slate[place] for slate in slates}) > 1) == (place in (2, 4)), place


def test_a_seed_draws_the_same_and_the_receipt_holds_it(engine: Engine) -> None:
    first = engine.recommend(user="u1", k=6)
    sent = ReceiptIn.model_validate_json(first.receipt.model_dump_json())
    assert engine.replay(sent).items == first.items
    assert engine.recommend(user="u1", k=6, seed=first.receipt.seed).items == first.items


def test_slates_are_logged_with_their_propensities(engine: Engine, store: SqlStore) -> None:
    answer = engine.recommend(user="u1", k=6)
    engine.flush()
    row = store.slate(answer.slate_id)
    assert row is not None
    assert row.items == tuple(one.item for one in answer.items)
    assert row.propensities == tuple(one.propensity for one in answer.items)
    assert [chance < 1 for chance in row.propensities] == [False, False, True, False, True, False]
    assert engine.replay(type(answer.receipt).model_validate(row.receipt)).items == answer.items


def test_propensities_are_the_frequencies(engine: Engine) -> None:
    answers = [engine.recommend(user="u4", k=3) for _ in range(600)]
    told = {answer.items[2].item: answer.items[2].propensity for answer in answers}
    for item, chance in told.items():
        seen = np.mean([answer.items[2].item == item for answer in answers])
        assert abs(seen - chance) < 4 * np.sqrt(chance * (1 - chance) / len(answers)) + 1e-9


def test_what_is_answered_is_shown_more_and_what_is_passed_over_less(engine: Engine) -> None:
    """Whenever rope-5 is drawn it is liked; the others that are drawn are passed over."""

    def chance() -> float:
        slates = [[one.item for one in engine.recommend(user=f"x{n}", k=6, seed=n).items] for n in range(200)]
        return float(np.mean(["rope-5" in slate for slate in slates]))

    before = chance()
    for number in range(120):
        answer = engine.recommend(user=f"v{number}", k=6, seed=number)
        shown = {one.item: one for one in answer.items}
        liked = "rope-5" if "rope-5" in shown else None
        kind = ("like", liked) if liked else ("not_interested", answer.items[5].item)
        engine.observe([Event(f"v{number}", kind[1], kind=kind[0], slate=answer.slate_id)])
    engine.catch_up()
    assert chance() > before + 0.1


def test_looking_teaches_nothing(engine: Engine) -> None:
    engine.catch_up()
    before = engine.learned.fingerprint
    for _ in range(5):
        engine.recommend(user="u1", k=6)
    engine.flush()
    engine.catch_up()
    assert engine.learned.fingerprint == before


def test_what_goes_with_an_item_is_not_explored(engine: Engine) -> None:
    assert [one.propensity for one in engine.similar("tea-1", k=6)] == [1.0] * 6


def test_nobody_answers_a_slate_that_was_made_for_another(engine: Engine, store: SqlStore) -> None:
    mine, anyones = engine.recommend(user="u1", k=6), engine.recommend(history=[], k=6)
    engine.observe([Event("thief", mine.items[4].item, kind="like", slate=mine.slate_id)])
    engine.catch_up()
    bandit = engine.learned.bandit
    assert bandit is not None
    assert not bandit.shows.any()
    engine.observe([Event("visitor", anyones.items[4].item, kind="like", slate=anyones.slate_id)])
    engine.catch_up()
    assert engine.learned.bandit is not None
    assert engine.learned.bandit.shows.sum() == 5


def test_a_flood_of_answers_teaches_no_more_than_its_users_part(engine: Engine) -> None:
    slates = [engine.recommend(user="flood", k=6) for _ in range(5)]
    for answer in slates * 40:
        engine.observe([Event("flood", answer.items[-1].item, kind="view", slate=answer.slate_id)])
    engine.catch_up()
    assert engine.learned.bandit is not None
    assert engine.learned.taught == 20
    assert engine.learned.bandit.shows.sum() <= 20 * 6


def test_a_restart_keeps_what_exploration_found(store: SqlStore, fitted: Bundle) -> None:
    engine = Engine(fitted, store, Spotter())
    with engine.following():
        for number in range(10):
            answer = engine.recommend(user=f"v{number}", k=6)
            engine.observe([Event(f"v{number}", answer.items[4].item, kind="like", slate=answer.slate_id)])
        engine.put_items([{"item": "rope-new", "title": "rope number new"}])
        engine.observe([Event("v1", "rope-new", kind="like")])
    engine.catch_up()
    again = Engine(fitted, store, Spotter())
    assert again.learned.to_bytes() == engine.learned.to_bytes()
    assert again.learned.bandit is not None
    assert again.learned.bandit.shows.sum() == 50
    assert again.recommend(user="u7", k=6, seed=3).items == engine.recommend(user="u7", k=6, seed=3).items


def test_an_event_that_names_a_slate_of_nowhere_is_kept_without_it(engine: Engine, store: SqlStore) -> None:
    engine.observe([Event("u1", "rope-1", kind="like", slate="nowhere")])
    assert engine.history("u1")[-1].slate is None
    assert store.unknown_slates == 1


def test_slates_are_not_logged_where_that_is_not_wanted(store: SqlStore) -> None:
    quiet = bundle(Config(model=Ease(), live={"log_slates": False}))  # type: ignore[arg-type]
    engine = Engine(quiet, store, Spotter())
    answer = engine.recommend(user="u1")
    engine.flush()
    assert store.slate(answer.slate_id) is None
