"""Served slates are read back, and say what another policy would have earned: held against values that are known."""

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from bowerbird.answers import PastEvent, Receipt
from bowerbird.asking import asked
from bowerbird.bundle import Bundle, Config
from bowerbird.errors import ConfigError, DataError
from bowerbird.evaluation.offpolicy import sentences, served, table, target_chances, verdict
from bowerbird.live import Grower, Worded, fresh
from bowerbird.models import Popular
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.ranking import ExploreSettings
from bowerbird.store import SlateRow, SqlStore
from bowerbird.types import Event, Happened, History, Query, Shown
from little_world import START, bundle

RAN = RankingSettings(repeats=True, explore=ExploreSettings(places=(2, 3), candidates=3, uniform=0.3))
OTHER = RankingSettings(repeats=True, explore=ExploreSettings(places=(2,), candidates=3, uniform=0.1))
OFF = RankingSettings(repeats=True)
N, K = 160, 3


@pytest.fixture(scope="module")
def fitted() -> Bundle:
    return bundle(Config(model=Popular(), ranking=RAN))


@pytest.fixture(scope="module")
def liked(fitted) -> np.ndarray:
    """How likely each item is answered where it is shown."""
    return np.random.default_rng(5).uniform(0.05, 0.6, len(fitted.catalogue))


@pytest.fixture(scope="module")
def known() -> list:
    """What the answers had told when each slate was made."""
    return []


@pytest.fixture(scope="module")
def log(fitted, liked, known) -> SqlStore:
    """A store that 40 visitors were served from by a policy that explores and learns."""
    store, rng = SqlStore("sqlite://"), np.random.default_rng(1)
    pipeline = Pipeline(fitted.model, fitted.catalogue, RAN)
    bandit = fresh(fitted).bandit
    for n in range(N):
        time = START + timedelta(days=100, minutes=n)
        receipt = Receipt(
            bundle=fitted.fingerprint,
            offset=store.newest(),
            item_offset=0,
            learned=store.newest(),
            asked_at=time,
            user=f"v{n % 40}",
            k=K,
            seed=n,
        )
        known.append(bandit)
        [slate] = replace(pipeline, bandit=bandit).recommend([asked(receipt, fitted, fitted.pipeline, store, Worded(Grower())).request])
        drawn = (tuple(slate.standings.tolist()), tuple(slate.propensities.tolist()))
        ids = [fitted.catalogue.ids[item] for item in slate.items]
        said = receipt.model_dump(mode="json")
        row = SlateRow(f"{n:04}", receipt.offset, time, receipt.user, receipt.bundle, said, tuple(ids), *drawn)
        store.log_slates([row])
        shown = Shown(slate.items, slate.standings, slate.propensities)
        for place in np.flatnonzero(rng.random(K) < liked[slate.items]):
            store.append([Event(receipt.user, ids[place], time, "like", slate=row.id)])
            bandit = bandit.after([Happened(receipt.user, Query(History.of([])), int(slate.items[place]), 1.0, shown)])
            shown = shown.after(int(slate.items[place]), 1.0)
    return store


def true_value(fitted: Bundle, log: SqlStore, liked: np.ndarray, ranking: RankingSettings, bandits: list) -> float:
    """What the policy's own slates would earn, in the mean of three draws a request."""
    total = 0.0
    for slate, bandit in zip(served(log, fitted).slates, bandits, strict=True):
        request = asked(Receipt.model_validate(slate.receipt), fitted, fitted.pipeline, log, Worded(Grower())).request
        draws = Pipeline(fitted.model, fitted.catalogue, ranking, bandit).recommend([replace(request, seed=seed) for seed in range(3)])
        total += sum(float(liked[draw.items].sum()) for draw in draws) / 3
    return total / N


def test_the_policy_that_ran_is_found_again_to_the_bit(fitted, log):
    found = served(log, fitted)
    assert len(found.logged) == N
    np.testing.assert_array_equal(target_chances(log, fitted, RAN, found.slates), found.logged.propensities)


def test_rewards_are_the_places_that_were_liked(fitted, log):
    found = served(log, fitted)
    assert found.answers == found.logged.rewards.sum() == log.newest()
    assert len(np.unique(found.rounds)) == 40
    [event] = [event for _, event in log.all_answers()][:1]
    slate = log.slate(event.slate)
    assert found.logged.rewards[[row.id for row in found.slates].index(slate.id), slate.items.index(event.item)] == 1


@pytest.mark.parametrize("target", [OTHER, OFF])
def test_the_intervals_hold_the_value_of_another_policy(fitted, log, liked, known, target):
    found = served(log, fitted)
    said = verdict(found, target_chances(log, fitted, target, found.slates), clip=20)
    truth = true_value(fitted, log, liked, target, known)
    ran, snips, clipped = said["estimates"]
    assert snips["low"] < truth < snips["high"]
    assert snips["high"] - snips["low"] < 0.6
    assert abs(snips["mean"] - 1) < 0.25
    assert ran["effective"] == N > snips["effective"] > 5
    assert clipped["value"] == pytest.approx(snips["value"], rel=0.3)


def test_a_target_that_shows_other_things_is_said_to_say_nothing(fitted, log):
    backwards = replace(fitted, model=replace(fitted.model, strengths=-fitted.model.strengths))
    found = served(log, fitted)
    said = verdict(found, target_chances(log, backwards, OFF, found.slates), clip=10)
    assert said["could"] == 0
    assert any("Nothing can be said of the target" in sentence for sentence in sentences(said))
    json.dumps(said, allow_nan=False)
    assert table(said).row_count == 3


def test_wrong_propensities_show_in_the_mean_of_the_importance(fitted, log):
    found = served(log, fitted)
    wrong = replace(found, logged=replace(found.logged, propensities=found.logged.propensities**2))
    said = verdict(wrong, target_chances(log, fitted, RAN, found.slates), clip=20)
    assert said["estimates"][1]["mean"] > 1.5


def test_a_request_is_made_again_from_its_receipt(fitted, log):
    slate = served(log, fitted).slates[100]
    receipt = Receipt.model_validate(slate.receipt)
    request = asked(receipt, fitted, fitted.pipeline, log, Worded(Grower())).request
    assert len(request.query.history) == len(log.history(receipt.user, 999, receipt.offset))
    given = receipt.model_copy(update={"user": None, "history": (PastEvent(item="tea-1"),), "exclude": ("tea-2", "gone"), "k": 7})
    again = asked(given, fitted, fitted.pipeline, log, Worded(Grower())).request
    assert again.query.history.items.tolist() == [fitted.catalogue.number("tea-1")]
    assert np.flatnonzero(~again.allowed).tolist() == [fitted.catalogue.number("tea-2")]
    assert (again.k, again.seed, again.query.time) == (7, receipt.seed, receipt.asked_at.timestamp())


def test_a_store_without_slates_is_refused_and_so_is_a_receipt_of_another_shape(fitted):
    with SqlStore("sqlite://") as store:
        with pytest.raises(DataError, match="must hold slates that were shown, got none"):
            served(store, fitted)
        store.log_slates([SlateRow("s", 0, START, None, "f00d", {"k": 3}, ("tea-1",), (0.0,), (1.0,))])
        with pytest.raises(ConfigError, match="slate s: receipt"):
            target_chances(store, fitted, RAN, served(store, fitted).slates)
