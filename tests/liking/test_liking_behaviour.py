from dataclasses import replace

import numpy as np
import pytest

from bowerbird.data import Catalogue
from bowerbird.liking import Crossed, Examples, LikingSettings, auc, behaviour_of, fit
from bowerbird.models import Liking
from bowerbird.types import History, Log, Query

SETTINGS = LikingSettings(factors=8)


@pytest.fixture(scope="module")
def hidden():
    """100 users of 15 events on 60 items: each item has a worth that no text tells, and users of one parity like items of theirs."""
    rng = np.random.default_rng(5)
    items = np.concatenate([rng.choice(60, 15, replace=False) for _ in range(100)])
    users = np.repeat(np.arange(100), 15)
    worth = rng.normal(size=60)
    logits = 1.5 * worth[items] + 1.5 * np.where(users % 2 == items % 2, 1, -1)
    likes = rng.random(len(items)) < 1 / (1 + np.exp(-logits))
    weights = np.where(likes, 1, -1).astype(np.float32)
    return worth, Log(users.astype(np.int32), items.astype(np.int32), weights, np.full(len(items), np.nan), 100, 60)


@pytest.fixture(scope="module")
def mute():
    """Texts that tell nothing."""
    raw = np.random.default_rng(6).normal(size=(60, 4))
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)


def test_lifts_are_the_worth_of_items(hidden, mute):
    worth, log = hidden
    assert np.corrcoef(behaviour_of(log, mute, SETTINGS).lifts, worth)[0, 1] > 0.85


def test_what_is_liked_by_the_same_people_lies_together(hidden, mute):
    vectors = behaviour_of(hidden[1], mute, SETTINGS).vectors
    near = vectors @ vectors.T
    same = (np.arange(60)[:, None] + np.arange(60)) % 2 == 0
    apart = ~np.eye(60, dtype=bool)
    assert near[same & apart].mean() > 0 > near[~same].mean()


def test_who_marks_all_the_same_lifts_nothing(mute):
    """Users' own means are taken out before items are compared."""
    users, items = np.repeat(np.arange(40), 30), np.tile(np.arange(60), 20)
    weights = np.where(users % 3, 1, -1).astype(np.float32)
    log = Log(users.astype(np.int32), items.astype(np.int32), weights, np.full(1200, np.nan), 40, 60)
    assert np.abs(behaviour_of(log, mute, SETTINGS).lifts).max() < 0.1


def test_of_an_item_that_nobody_marked_the_text_tells(log, vectors):
    """In this world the first number of a text says how much all like it."""
    known = behaviour_of(log.where(log.items >= 10), vectors, SETTINGS)
    assert np.corrcoef(known.lifts[:10], vectors[:10, 0])[0, 1] > 0.9
    assert np.abs(known.vectors[:10]).max() < 1e-9


def test_nobody_hears_of_what_they_did_themselves(hidden, mute):
    _, log = hidden
    mine = log.users == 7
    turned = replace(log, weights=np.where(mine, -log.weights, log.weights))
    asked = Examples.of_log(log, 10)
    asked = asked.take(np.flatnonzero(asked.users == 7))
    signs = np.where(asked.there, asked.likes - 0.5, 0)
    one, other = (Crossed.of(some, mute, SETTINGS, np.random.default_rng(0)).parts(asked, signs, 2.0) for some in (log, turned))
    np.testing.assert_allclose(one, other)
    assert np.abs(one - behaviour_of(log, mute, SETTINGS).parts(asked, signs, 2.0)).max() > 0.05


def test_nobody_hears_of_those_who_are_held(hidden, mute):
    _, log = hidden
    held = np.arange(20, dtype=np.int32)
    turned = replace(log, weights=np.where(log.users < 20, -log.weights, log.weights))
    asked = Examples.of_log(log, 10)
    signs = np.where(asked.there, 0.5, 0)
    one, other = (Crossed.of(some, mute, SETTINGS, np.random.default_rng(0), held).parts(asked, signs, 2.0) for some in (log, turned))
    np.testing.assert_allclose(one, other)


def test_what_others_like_adds_to_texts_that_tell_nothing(hidden, mute):
    _, log = hidden
    held = np.arange(70, 100, dtype=np.int32)
    every = Examples.of_log(log, 10)
    told, asked = (every.take(np.flatnonzero(np.isin(every.users, held) == out)) for out in (False, True))
    others = Crossed.of(log, mute, SETTINGS, np.random.default_rng(0), held)
    rng = np.random.default_rng(0)
    with_others = fit(told, mute, SETTINGS, rng, others=others).judge.logits(asked, mute, others)
    alone = fit(told, mute, SETTINGS, rng).judge.logits(asked, mute)
    assert auc(with_others, asked.labels) > auc(alone, asked.labels) + 0.15


@pytest.fixture(scope="module")
def model(log, vectors):
    catalogue = Catalogue.of([str(item) for item in range(60)]).with_vectors(vectors)
    return Liking(liking=SETTINGS).fit(log, catalogue, np.random.default_rng(0))


class TestModel:
    def test_an_item_put_in_later_is_scored_as_its_text_foretells(self, model, vectors):
        twin = np.concatenate((vectors, vectors[:1]))
        longer = model.with_vectors(twin)
        history = Query(History.of([5, 8], weights=[1, -1]))
        np.testing.assert_allclose(longer.score([history])[:, :60], model.score([history]), rtol=1e-5)
        foretold = (vectors[0] - model.middle) @ model.foretold
        assert longer.student.others.lifts[60] == pytest.approx(foretold, abs=1e-5)

    def test_taking_an_event_for_another_changes_the_score_as_contributions_say(self, model):
        """Between items: what is the same for all items does not count."""
        items = np.array([1, 2, 3], np.int32)
        query = Query(History.of([5, 8, 9], weights=[1, -1, 1]))
        own = model.contributions(query, items).sum(0)
        plain = model.student
        liked_by_all = model.item_vectors[items, 1:7] @ plain.judge.texts + model.item_vectors[items, 7] * plain.judge.heard[0]
        gap = model.score([query])[0, items] - own - liked_by_all
        np.testing.assert_allclose(gap, gap[0], atol=1e-5)
