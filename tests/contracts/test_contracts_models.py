"""What every recipe and model must keep, whoever wrote it: a recipe that joins the union is tested here at once."""

from functools import cache
from typing import Any

import models_world as world
import numpy as np
import pytest

from bowerbird.config import changed, parse, value_at
from bowerbird.models import MODELS, RECIPES, Recipe, pack, unpack
from bowerbird.models.mixing import standardise
from bowerbird.models.spread import spread
from bowerbird.protocols import Explains, Follows, Nominates, ReadsVectors, Scorer, ScoresSome, VectorScorer
from bowerbird.ranges import Range
from bowerbird.types import History, Log, Query

KINDS = sorted(RECIPES)

TRAIN = {"epochs": 15, "batch_events": 64, "learning_rate": 0.01, "patience": None, "runs": None, "tracker": None}
"""How a deep model is trained on the world: briefly, and without leaving a folder."""

NETS = {"sasrec", "ncf", "two_tower"}
"""Kinds that are no sum over the events of the history."""


COUNTS = {"popular", "trend", "context"}
"""Kinds that do not look at the history."""


def recipe(kind: str) -> Any:
    """The default, small enough for the world."""
    small = {
        "sasrec": {"factors": 16, "heads": 1, "dropout": 0.1, "length": 10, "negatives": 16, "train": TRAIN},
        "bpr": {"factors": 8, "negatives": 8, "train": {**TRAIN, "learning_rate": 0.03}},
        "mf": {"factors": 6, "l2": 0.3, "l2_bias": 1, "train": TRAIN},
        "ncf": {"factors": 16, "layers": (16, 8), "dropout": 0.1, "length": 10, "negatives": 16, "train": TRAIN},
        "two_tower": {"factors": 16, "length": 10, "train": TRAIN},
        "ials": {"factors": 6, "l2": 0.1},
        "faded": {"member": {"kind": "ease"}, "fading": {"alarm": 0.3, "fade": 0.1}},
        "blend": {
            "members": [{"kind": k} for k in ("popular", "trend", "ease", "sequential", "text")],
            "cases": 100,
            "lessons": {"step": 0.2},
        },
    }
    return parse(Recipe, {"kind": kind, **small.get(kind, {})})


@cache
def fitted(kind: str, clock: bool = True) -> Any:
    return recipe(kind).fit(world.log(clock), world.catalogue(), np.random.default_rng(0))


def contents(model: Any) -> Any:
    """All that a bundle would hold of it."""
    shape, arrays = pack(model)
    return shape, {name: (array.shape, array.tobytes()) for name, array in arrays.items()}


@pytest.mark.parametrize("kind", KINDS)
class TestEveryModel:
    def test_is_known_by_its_kind(self, kind: str) -> None:
        assert MODELS[fitted(kind).kind] is type(fitted(kind))
        assert isinstance(fitted(kind), Scorer)

    def test_scores_are_one_row_a_query_and_one_column_an_item(self, kind: str) -> None:
        scores = fitted(kind).score(world.queries())
        assert scores.shape == (len(world.queries()), world.N_ITEMS)
        assert scores.dtype == np.float32
        assert fitted(kind).n_items == world.N_ITEMS
        assert not np.isinf(scores).any()

    def test_no_queries_give_no_rows(self, kind: str) -> None:
        assert fitted(kind).score([]).shape == (0, world.N_ITEMS)

    def test_a_batch_is_a_loop_of_singles(self, kind: str) -> None:
        model = fitted(kind)
        singles = np.concatenate([model.score([query]) for query in world.queries()])
        np.testing.assert_allclose(model.score(world.queries()), singles, rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("clock", [True, False])
    def test_the_same_seed_gives_the_same_bytes(self, kind: str, clock: bool) -> None:
        _, one = pack(fitted(kind, clock))
        _, two = pack(recipe(kind).fit(world.log(clock), world.catalogue(), np.random.default_rng(0)))
        assert {name: array.tobytes() for name, array in one.items()} == {name: array.tobytes() for name, array in two.items()}

    def test_taken_apart_and_put_together_it_scores_the_same(self, kind: str) -> None:
        again = unpack(*pack(fitted(kind)))
        assert type(again) is type(fitted(kind))
        np.testing.assert_array_equal(again.score(world.queries()), fitted(kind).score(world.queries()))

    def test_a_user_is_the_history(self, kind: str) -> None:
        """Someone of the log and a stranger who did the same get the same."""
        known = world.log().history(7)
        copied = History(known.items.copy(), known.weights.copy(), known.times.copy())
        model = fitted(kind)
        np.testing.assert_array_equal(model.score([Query(known, 1e8)]), model.score([Query(copied, 1e8)]))

    def test_an_empty_history_is_no_error(self, kind: str) -> None:
        """Nothing can be said, or the same as to everyone; never a preference of one taste's text."""
        scores = fitted(kind).score([Query(History.of([]))])[0]
        if kind in COUNTS | {"blend"}:
            assert not np.isnan(scores[: world.NEW]).any()
        else:
            assert np.isnan(scores).all()

    def test_scoring_changes_nothing(self, kind: str) -> None:
        model = fitted(kind)
        _, arrays = pack(model)
        before = {name: array.tobytes() for name, array in arrays.items()}
        queries = world.queries()
        first = model.score(queries)
        kept = first.copy()
        first[:] = 0
        for query in queries:
            model.contributions(query, np.arange(5, dtype=np.int32))
        np.testing.assert_array_equal(model.score(queries), kept)
        assert before == {name: array.tobytes() for name, array in pack(model)[1].items()}

    def test_what_it_cannot_score_is_nan(self, kind: str) -> None:
        model = fitted(kind)
        scores = model.score(world.queries())
        assert model.scorable.shape == (world.N_ITEMS,)
        assert model.scorable.dtype == bool
        assert np.isnan(scores[:, ~model.scorable]).all()
        assert not np.isnan(scores[4, model.scorable]).any()

    def test_only_readers_know_the_new_item(self, kind: str) -> None:
        assert fitted(kind).scorable[world.NEW] == isinstance(fitted(kind), ReadsVectors)

    def test_a_taste_is_recognised(self, kind: str) -> None:
        """From one like of each taste, all other items of that taste come before all others."""
        if kind in COUNTS | {"mf"}:  # mf learns from marks, which tell little here, not from what was taken
            return
        for item in (0, 9, 18):
            row = fitted(kind).score([Query(History.of([item, item + 1]))])[0]
            row[[item, item + 1]] = np.nan
            able = np.flatnonzero(~np.isnan(row))
            best = able[np.argsort(-row[able])][:5]
            assert (best // world.EACH == item // world.EACH).all()

    def test_contributions_sum_to_the_score_but_for_a_constant(self, kind: str) -> None:
        """Taking the constant as what is left, it does not depend on which events are there: their sum over the events is all."""
        model = fitted(kind)
        assert isinstance(model, Explains)
        items = np.array([1, 5, 10, 20, world.NEW], np.int32)
        for query in world.queries():
            parts = model.contributions(query, items)
            assert parts.shape == (len(query.history), len(items))
            assert parts.dtype == np.float32
            assert not np.isnan(parts).any()
            scores = model.score([query])[0, items]
            if kind in COUNTS | {"blend", "mf", "liking"} | NETS or np.isnan(scores).all():
                continue
            np.testing.assert_allclose(parts.sum(axis=0), np.nan_to_num(scores), rtol=1e-3, atol=1e-4)

    def test_a_dislike_lowers_what_is_like_it(self, kind: str) -> None:
        if kind in COUNTS:
            return
        model = fitted(kind)
        liked = model.score([Query(History.of([0, 9], weights=[1, 1]))])[0]
        disliked = model.score([Query(History.of([0, 9], weights=[1, -1]))])[0]
        others = np.array([10, 11, 12])
        same = np.array([1, 2, 3])
        assert (disliked[others].mean() - disliked[same].mean()) < (liked[others].mean() - liked[same].mean())

    def test_a_dislike_is_no_interest_in_training(self, kind: str) -> None:
        """What everyone dislikes is known to nobody but readers of texts."""
        log = world.log()
        hated = Log(log.users, log.items, np.where(log.items == 3, -1, log.weights).astype(np.float32), log.times, log.n_users, log.n_items)
        model = recipe(kind).fit(hated, world.catalogue(), np.random.default_rng(0))
        assert model.scorable[3] == isinstance(model, ReadsVectors)

    def test_items_beyond_the_table_say_nothing(self, kind: str) -> None:
        """An item put into the catalogue after the fit may stand in a history."""
        model = fitted(kind)
        with_stranger = model.score([Query(History.of([world.N_ITEMS + 3]))])
        assert with_stranger.shape == (1, world.N_ITEMS)
        parts = model.contributions(Query(History.of([2, world.N_ITEMS + 3])), np.array([1, 4], np.int32))
        assert (parts[1] == 0).all()

    def test_one_event_is_enough_to_fit(self, kind: str) -> None:
        log = Log(np.zeros(1, np.int32), np.zeros(1, np.int32), np.ones(1, np.float32), np.full(1, np.nan), 1, world.N_ITEMS)
        scores = recipe(kind).fit(log, world.catalogue(), np.random.default_rng(0)).score(world.queries())
        assert scores.shape == (len(world.queries()), world.N_ITEMS)

    def test_no_event_at_all_is_enough_to_fit(self, kind: str) -> None:
        log = Log(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0), 0, world.N_ITEMS)
        scores = recipe(kind).fit(log, world.catalogue(), np.random.default_rng(0)).score(world.queries())
        assert scores.shape == (len(world.queries()), world.N_ITEMS)

    def test_renumbering_the_items_renumbers_the_answer(self, kind: str) -> None:
        if kind in {"ials", "mf", "bpr", "blend"} | NETS:  # they draw numbers of chance item by item
            return
        order = np.random.default_rng(5).permutation(world.N_ITEMS)
        number = np.empty(world.N_ITEMS, np.int32)
        number[order] = np.arange(world.N_ITEMS)
        log, shop = world.log(), world.catalogue()
        moved = Log(log.users, number[log.items], log.weights, log.times, log.n_users, log.n_items)
        model = recipe(kind).fit(moved, shop.with_vectors(world.vectors()[order]), np.random.default_rng(0))
        asked = [Query(History(number[q.history.items], q.history.weights, q.history.times), q.time) for q in world.queries()]
        np.testing.assert_allclose(model.score(asked)[:, number], fitted(kind).score(world.queries()), rtol=1e-2, atol=1e-3)

    def test_the_space_to_search_holds_values_that_are_allowed(self, kind: str) -> None:
        kept = recipe(kind)
        for name, choice in [*kept.SPACE.items(), *getattr(kept, "RANGES", {}).items()]:
            for value in choice.bounds if isinstance(choice, Range) else choice:
                assert value_at(changed(kept, {name: value}), name) == value

    def test_vectors_and_queries_give_the_scores(self, kind: str) -> None:
        model = fitted(kind)
        if not isinstance(model, VectorScorer):
            return
        np.testing.assert_allclose(model.query_vectors(world.queries()) @ model.item_vectors.T, model.score(world.queries()), atol=1e-5)

    def test_some_items_are_scored_as_all_are(self, kind: str) -> None:
        model = fitted(kind)
        if not isinstance(model, ScoresSome):
            return
        items = np.array([5, 0, world.N_ITEMS - 1, 5], np.int32)
        queries = world.queries()
        np.testing.assert_allclose(model.score_some(queries, items), model.score(queries)[:, items], rtol=1e-4, atol=1e-4)

    def test_mean_and_deviation_are_those_of_all_scores(self, kind: str) -> None:
        model, queries = fitted(kind), world.queries()
        known = np.arange(world.N_ITEMS) % 3 > 0
        _, means, deviations = standardise(model.score(queries), known)
        found = spread(model, queries, known)
        np.testing.assert_allclose(found[0], means, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found[1], deviations, rtol=1e-3)

    def test_the_best_are_nominated(self, kind: str) -> None:
        model, queries = fitted(kind), world.queries()
        if not isinstance(model, Nominates):
            return
        assert len(model.nominate(queries, 4)) == len(queries)
        for named, scores in zip(model.nominate(queries, 4), model.score(queries), strict=True):
            assert len(set(named.tolist())) == len(named) <= 4
            rest = np.delete(scores, named)
            assert not len(named) or np.nanmin(scores[named]) >= np.nanmax(rest)

    def test_items_that_are_added_are_scored_by_readers(self, kind: str) -> None:
        model = fitted(kind)
        if not isinstance(model, ReadsVectors):
            return
        wider = model.with_vectors(np.concatenate((world.vectors(), world.vectors()[:1])))
        assert wider.n_items == world.N_ITEMS + 1
        before, after = model.score(world.queries()), wider.score(world.queries())
        np.testing.assert_allclose(after[:, : world.N_ITEMS], before, rtol=1e-4, atol=1e-4)
        assert not np.isnan(after[4, world.N_ITEMS])
        assert wider.scorable[world.N_ITEMS]
        assert model.n_items == world.N_ITEMS

    def test_who_follows_is_the_same_told_at_once_or_one_by_one(self, kind: str) -> None:
        model = fitted(kind)
        if not isinstance(model, Follows):
            return
        events = world.happened()
        begun = contents(model)
        whole, parted = model.after(events), model
        for event in events:
            parted = parted.after([event])
        assert contents(whole) == contents(parted)
        assert contents(whole) != begun
        assert contents(model) == begun, "the one that was has changed"
        assert contents(model.after([])) == begun

    def test_who_followed_is_a_model_like_any_other(self, kind: str) -> None:
        """It scores the items that came later, and is taken apart and put together."""
        if not isinstance(fitted(kind), Follows):
            return
        model = fitted(kind).after(world.happened())
        scores = model.score(world.queries())
        assert scores.shape == (len(world.queries()), model.n_items)
        assert model.scorable.shape == (model.n_items,)
        assert model.n_items == world.N_ITEMS + 2
        np.testing.assert_array_equal(unpack(*pack(model)).score(world.queries()), scores)
