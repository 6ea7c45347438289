"""The blend: what it rehearses, how it learns to weigh, and that new items get the room they are due."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import models_world as world
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad

from bowerbird.config import parse
from bowerbird.errors import BundleError, ConfigError
from bowerbird.models import Blend, BlendModel, Ease, FollowingBlendModel, Popular, Recipe, Sequential, Text, Trend, pack
from bowerbird.models.choices import FAR, HELD, PRETENDED, Choice, choices, offset, share_of_new
from bowerbird.models.heldout import ENOUGH, trusted
from bowerbird.models.mixing import Examples, candidates, learn, smooth_gain, standardise
from bowerbird.models.rehearsal import N_STAGES, PER_USER, STALE, Rehearsal, rehearse, stage
from bowerbird.models.steps import Lessons, example, moved
from bowerbird.models.weighing import known_items
from bowerbird.protocols import Follows
from bowerbird.types import Happened, History, Log, Query

MEMBERS = (Popular(), Ease(), Sequential(), Text())


def blended(recipe: Blend | None = None, log: Log | None = None) -> BlendModel:
    recipe = recipe or Blend(members=MEMBERS, cases=100)
    return recipe.fit(log or world.log(), world.catalogue(), np.random.default_rng(0))


# ── rehearsal ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def flat(rehearsal: Rehearsal) -> list[tuple[list[int], int]]:
    """Each item asked for, after the history that it is asked with."""
    return [(question.query.history.items.tolist(), item) for question in rehearsal.questions for item in question.asked.tolist()]


def long_log(n: int = 200) -> Log:
    """One user takes item after item, one a second."""
    return Log(np.zeros(n, np.int32), np.arange(n, dtype=np.int32), np.ones(n, np.float32), np.arange(n, dtype=float), 1, n)


def test_the_last_event_of_each_user_can_be_hidden_though_there_is_a_clock() -> None:
    timed, untimed = (rehearse(world.log(clock), 1000, np.random.default_rng(0), newest=False) for clock in (True, False))
    assert timed.log.items.tolist() == untimed.log.items.tolist()
    assert flat(timed) == flat(untimed)
    one, two = (pack(blended(Blend(members=MEMBERS, cases=100, hide=hide)))[1]["weights"] for hide in ("newest", "last"))
    assert (one != two).any()


def test_the_newest_is_hidden_unless_the_split_asks_for_the_last() -> None:
    plain, newest = (pack(blended(Blend(members=MEMBERS, cases=100, hide=hide)))[1]["weights"] for hide in (None, "newest"))
    np.testing.assert_array_equal(plain, newest)


@pytest.mark.parametrize("clock", [True, False])
def test_nothing_hidden_is_learned_from(clock: bool) -> None:
    log = world.log(clock)
    rehearsal = rehearse(log, 50, np.random.default_rng(0))
    assert 0 < len(rehearsal.log) < len(log)
    for question in rehearsal.questions:
        assert not np.isin(question.wanted, question.query.history.items).any()
        assert np.isin(question.asked, question.wanted).all()
    if clock:
        assert rehearsal.log.times.max() < np.quantile(log.times, 0.9)


def test_without_a_clock_the_last_liked_event_is_asked_for_with_all_before_it() -> None:
    log = world.log(clock=False)
    rehearsal = rehearse(log, 1000, np.random.default_rng(0))
    for user in range(world.USERS):
        whole, left, question = log.history(user), rehearsal.log.history(user), rehearsal.questions[user]
        assert left.items.tolist() == whole.items[:-1].tolist() == question.query.history.items.tolist()
        assert question.asked.tolist() == question.wanted.tolist() == [whole.items[-1]]


def test_what_comes_after_a_hidden_event_is_hidden_too() -> None:
    """Someone's last like is followed by a dislike: neither may be learned from."""
    items, weights = np.array([0, 1, 2, 3], np.int32), np.array([1, 1, 1, -1], np.float32)
    rehearsal = rehearse(Log(np.zeros(4, np.int32), items, weights, np.full(4, np.nan), 1, 4), 10, np.random.default_rng(0))
    assert rehearsal.log.items.tolist() == [0, 1]
    assert rehearsal.questions[0].asked.tolist() == [2]


def test_who_comes_back_asks_for_all_at_once_and_who_goes_on_for_the_next() -> None:
    rehearsal = rehearse(long_log(), 1000, np.random.default_rng(0))
    assert len(rehearsal.log) == 180
    back, *on = [question for question in rehearsal.questions if len(question.query.history) >= 180]
    assert back.query.history.items.tolist() == list(range(180))
    assert back.query.time == 180
    assert sorted(back.asked.tolist()) == sorted(back.wanted.tolist()) == list(range(180, 200))
    assert len(on) == PER_USER // 2
    for question in on:
        (item,) = question.asked.tolist()
        assert question.query.history.items.tolist() == list(range(item))
        assert question.query.time == item
        assert question.wanted.tolist() == list(range(item, 200))


def test_no_user_asks_for_too_much_and_no_rehearsal_for_more_than_it_may() -> None:
    long = [case for case in flat(rehearse(long_log(1000), 1000, np.random.default_rng(0))) if len(case[0]) >= 900]
    assert len(long) == PER_USER + PER_USER // 2
    few = [case for case in flat(rehearse(long_log(1000), 15, np.random.default_rng(0))) if len(case[0]) >= 900]
    assert len(few) == 15


def test_a_dislike_and_what_was_taken_before_are_not_wanted() -> None:
    """Of the hidden tenth (items 18 and 19 disliked, 3 again, 20 liked) only the new like is."""
    items = np.array([*range(36), 18, 3, 39, 40], np.int32)
    weights = np.ones(40, np.float32)
    weights[[36, 38]] = -1
    log = Log(np.zeros(40, np.int32), items, weights, np.arange(40.0), 1, 41)
    assert {tuple(question.wanted.tolist()) for question in rehearse(log, 100, np.random.default_rng(0)).questions} == {(40,)}


def test_newcomers_are_rehearsed_too() -> None:
    rehearsal = rehearse(world.log(), 50, np.random.default_rng(0))
    assert {0, 1, 2, 3} <= {len(question.query.history) for question in rehearsal.questions}


def test_a_question_is_one_of_coming_back_when_the_last_event_is_a_day_old() -> None:
    lengths = [0, 1, 2, 3, 5, 6, 10, 11, 99]
    histories = [History.of(range(n), times=range(n)) for n in lengths]
    asked = [[Query(history, max(len(history) - 1, 0) + gap) for history in histories] for gap in (STALE, STALE + 1)]
    assert stage(asked[0]).tolist() == [0, 1, 2, 3, 3, 4, 4, 5, 5]
    assert stage(asked[1]).tolist() == [0, 6, 7, 8, 8, 9, 9, 10, 10]
    assert stage([Query(History.of([1, 2]))]).tolist() == [2]
    assert N_STAGES == 11


# ── weighing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.floats(0.1, 50), st.floats(-20, 20))
def test_standard_scores_do_not_depend_on_the_scale(factor: float, shift: float) -> None:
    scores = np.array([[1, 4, np.nan, 2, 8], [0, 0, 0, 0, 9]], np.float32)
    known = np.array([True, True, True, True, False])
    one, two = standardise(scores, known)[0], standardise((scores * factor + shift).astype(np.float32), known)[0]
    np.testing.assert_allclose(two[0], one[0], rtol=1e-2, atol=1e-2)
    assert one[1].tolist() == [0, 0, 0, 0, 0]


def test_a_row_without_a_score_stays_without() -> None:
    z, _, deviation = standardise(np.full((1, 3), np.nan, np.float32), np.ones(3, bool))
    assert np.isnan(z).all()
    assert np.isinf(deviation).all()


def test_candidates_hold_the_target_the_best_and_a_sample_that_stands_for_the_rest() -> None:
    rng = np.random.default_rng(0)
    rows, banned = rng.normal(size=(2, 100)).astype(np.float32), np.arange(100) < 10
    rows[0, 50] = np.nan
    items, counts = candidates(list(rows), banned, 42, 5, 20, rng)
    assert not banned[items].any()
    assert len(set(items.tolist())) == len(items)
    assert counts[items.tolist().index(42)] == 0
    assert counts.sum() == pytest.approx(100 - 10 - 1)
    for row in rows:
        best = np.argsort(-np.where(banned | np.isnan(row), -np.inf, row))[:5]
        assert set(best.tolist()) <= set(items.tolist())


def examples(n: int = 40, seed: int = 0) -> Examples:
    """The first feature tells the item taken, the second is noise, the third misleads."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 30, 3)).astype(np.float32) + np.array([-2, 0, 2], np.float32)
    return Examples(features, np.ones((n, 30), np.float32), rng.integers(0, 2, n))


def test_the_slope_is_the_slope() -> None:
    made = examples()

    def gain(flat: np.ndarray) -> float:
        return smooth_gain(made, flat.reshape(2, 3))[0]

    def slope(flat: np.ndarray) -> np.ndarray:
        return smooth_gain(made, flat.reshape(2, 3))[1].ravel()

    assert check_grad(gain, slope, np.array([0.2, 0.1, 0.3, 0.5, 0.0, 0.1]), epsilon=1e-3) < 1e-2


def test_a_telling_member_is_trusted_and_a_misleading_one_is_not() -> None:
    weights = learn(examples(), np.full(3, 0.3), np.zeros(3), np.ones((2, 3), bool))
    assert (weights[:, 0] > 1).all()
    assert (weights[:, 2] == 0).all()


def test_without_examples_all_members_count_alike() -> None:
    nothing = Examples(np.zeros((0, 1, 3), np.float32), np.zeros((0, 1), np.float32), np.zeros(0, np.intp))
    np.testing.assert_allclose(learn(nothing, np.full(3, 0.3), np.zeros(3), np.ones((2, 3), bool)), 0.3)


def test_a_stage_without_examples_leans_on_the_others() -> None:
    weights = learn(examples(), np.full(3, 0.3), np.zeros(3), np.ones((3, 3), bool))
    assert weights[2, 0] > 1
    assert weights[2, 2] < 0.1


def test_a_weight_that_is_not_allowed_is_zero() -> None:
    allowed = np.array([[True, True, True], [False, True, True]])
    weights = learn(examples(), np.full(3, 0.3), np.zeros(3), allowed)
    assert weights[0, 0] > 1
    assert weights[1, 0] == 0


# ── does it pay? ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def halves_told(n: int = 60, stage: int = 1, half: int = 0) -> list[Choice]:
    """Each of two members puts as many before the item taken as leaves it out of the first ten; their sum puts it first."""
    first, second = np.arange(40) < 12, (np.arange(40) >= 12) & (np.arange(40) < 24)
    features = np.stack((first * 1.5 - second, second * 1.5 - first, np.zeros(40), np.zeros(40)), axis=1)
    features[39, :2] = 1, 1
    features[:39, 2:] = 0
    counts = (np.arange(40) < 39).astype(np.float32)
    return [Choice(features.astype(np.float32), counts, 39, stage, 2 * user + half) for user in range(n)]


def test_where_the_blend_beats_each_member_all_may_have_weight() -> None:
    assert trusted(halves_told(), 2, lambda _: np.ones((N_STAGES, 4), np.float32)).all()


def test_where_a_member_alone_does_as_well_it_stands_alone_for_those_who_ask_so() -> None:
    """The weights trust the second member alone, and so does no better than it; nobody else is judged."""
    row = np.tile(np.array([0, 2, 0, 0], np.float32), (N_STAGES, 1))
    swapped = [replace(choice, features=choice.features * np.array([1, 3, 1, 1], np.float32)) for choice in halves_told(stage=7)]
    better = [replace(choice, features=np.where(np.arange(40)[:, None] == 39, 5, choice.features)) for choice in swapped]
    allowed = trusted([replace(choice, features=choice.features * [1, 1, 0, 0]) for choice in better], 2, lambda _: row)
    assert allowed[:6].all()
    assert (allowed[6:].sum(axis=1) == 1).all()


def test_weights_are_judged_by_users_that_they_were_not_learned_from() -> None:
    good, bad = np.ones((N_STAGES, 4), np.float32), np.tile(np.array([1, 0, 0, 0], np.float32), (N_STAGES, 1))
    assert trusted(halves_told(half=1), 2, lambda without: good if without == 1 else bad).all()
    assert not trusted(halves_told(half=1), 2, lambda without: good if without == 0 else bad).all()


def test_few_users_judge_nobody() -> None:
    nothing = np.zeros((N_STAGES, 4), np.float32)
    assert trusted(halves_told(ENOUGH - 1), 2, lambda _: nothing).all()
    assert not trusted(halves_told(ENOUGH), 2, lambda _: nothing).all()
    assert trusted([replace(choice, user=0) for choice in halves_told(ENOUGH)], 2, lambda _: nothing).all()


# ── new items ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def made_choices(n: int = 200, n_new: int = 20) -> list[Choice]:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(n):
        new = np.arange(60) < n_new
        z = rng.normal(size=60)
        features = np.stack((z * ~new, z * new, new, new), axis=1).astype(np.float32)
        found.append(Choice(features, np.ones(60, np.float32), int(rng.integers(60)), 0))
    return found


@settings(max_examples=20, deadline=None)
@given(st.floats(0.02, 0.95))
def test_new_items_get_the_share_of_places_asked_for(share: float) -> None:
    found, row = made_choices(), np.array([2.0, 1.0, 0, 0], np.float32)
    raised = offset(found, 0, row, share)
    places = []
    for choice in found:
        scores = choice.features[:, :2] @ row[:2] + raised * choice.new
        places.append(choice.new[np.argsort(-scores)[:10]].mean())
    assert np.mean(places) == pytest.approx(share, abs=0.01)


def test_some_known_items_are_treated_as_new_and_only_readers_speak_of_them() -> None:
    rng = np.random.default_rng(0)
    rehearsal = rehearse(noisy_log(1), 100, rng)

    def standard(queries: Sequence[Query]) -> tuple[np.ndarray, np.ndarray]:
        z = rng.normal(size=(len(queries), world.N_ITEMS, 2)).astype(np.float32)
        return z, z + 100

    plain, pretended = choices(standard, np.ones(world.N_ITEMS, bool), np.array([False, True]), rehearsal, rng)
    assert not any(choice.new.any() for choice in plain)
    assert np.mean([choice.new.mean() for choice in pretended]) == pytest.approx(PRETENDED, abs=0.05)
    for choice in pretended:
        behaviour, text, new_behaviour, new_text, _, truly = choice.features.T
        assert not behaviour[choice.new].any()
        assert not text[choice.new].any()
        assert not new_behaviour.any()
        assert (new_text[choice.new] > 50).all()  # as if they were new
        assert not new_text[~choice.new].any()
        assert not truly.any()


def test_what_was_wanted_as_well_is_no_rival() -> None:
    rehearsal = rehearse(long_log(), 1000, np.random.default_rng(0))
    scores = np.random.default_rng(1).normal(size=(200, 1)).astype(np.float32)

    def standard(queries: Sequence[Query]) -> tuple[np.ndarray, np.ndarray]:
        return (np.tile(scores, (len(queries), 1, 1)),) * 2

    plain, _ = choices(standard, np.ones(200, bool), np.array([False]), rehearsal, np.random.default_rng(0))
    back = [choice for choice in plain if choice.stage == 5][:PER_USER]
    wanted = scores[180:, 0]
    for choice in back:
        assert (choice.counts[np.isin(choice.features[:, 0], wanted)] == 0).all()
        assert choice.counts.sum() == 0  # the history is taken, all the rest is wanted
    assert plain[-1].counts.sum() > 0


def test_to_someone_without_a_history_nothing_can_be_said_of_a_new_item() -> None:
    scores = blended().score([Query(History.of([]))])[0]
    assert np.flatnonzero(np.isnan(scores)).tolist() == [world.NEW]


def test_no_room_puts_new_items_behind_all_known_ones() -> None:
    assert offset(made_choices(), 0, np.array([1.0, 1.0, 0, 0], np.float32), 0.0) == -FAR


def test_the_share_of_new_items_is_counted() -> None:
    found = made_choices()
    seen = sum(choice.taken < 20 for choice in found)
    assert share_of_new(found, 0.5) == pytest.approx((seen + HELD / 2) / (200 + HELD))
    assert share_of_new([], 0.25) == 0.25


def launched_log() -> Log:
    """The last item but one of each taste was launched lately: nobody had it before the last tenth, many have since."""
    log = world.log()
    late = log.times >= np.quantile(log.times, 0.9)
    launched = log.items // world.EACH * world.EACH + world.EACH - 2
    to_new = late & (log.weights > 0) & (np.arange(len(log)) % 2 == 0)
    items = np.where(to_new, launched, log.items).astype(np.int32)
    moved = Log(log.users, items, log.weights, log.times, log.n_users, log.n_items)
    return moved.where(late | (items != launched))


def test_where_new_items_are_taken_a_new_item_is_not_buried() -> None:
    """To someone whose taste its text tells, it comes before the known items of the other tastes."""
    scores = blended(log=launched_log()).score([Query(History.of([16, 17, 18]))])[0]
    assert scores[world.NEW] > scores[:16].max()


def test_where_new_items_are_not_taken_they_come_later() -> None:
    query = Query(History.of([16, 17, 18]))
    taken, ignored = (blended(log=log).score([query])[0] for log in (launched_log(), world.log()))
    assert (ignored > ignored[world.NEW]).sum() > (taken > taken[world.NEW]).sum()


def test_newness_raises_new_items_and_leaves_the_rest_in_order() -> None:
    query = Query(History.of([16, 17, 18]))
    ranks, orders = [], []
    for newness in (0.0, 1.0, 4.0):
        scores = blended(Blend(members=MEMBERS, cases=100, newness=newness)).score([query])[0]
        ranks.append(int((scores > scores[world.NEW]).sum()))
        orders.append(np.argsort(-scores[: world.NEW]).tolist())
    assert ranks[0] == world.N_ITEMS - 1
    assert ranks[0] > ranks[1] >= ranks[2]
    assert orders[0] == orders[1] == orders[2]


# ── the whole ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def noisy_log(seed: int) -> Log:
    """Users of one taste who stray one time in four, and follow each item by its neighbour one time in two."""
    rng = np.random.default_rng(seed)
    users, items = [], []
    for user in range(300):
        taken: list[int] = []
        while len(taken) < 8:
            own = user % 3 if rng.random() > 0.25 else int(rng.integers(3))
            wish = (taken[-1] + 1) % world.N_ITEMS if taken and rng.random() < 0.5 else own * world.EACH + int(rng.integers(world.EACH))
            if wish not in taken:
                taken.append(wish)
        users += [user] * 8
        items += taken
    n = len(items)
    return Log(np.array(users, np.int32), np.array(items, np.int32), np.ones(n, np.float32), np.full(n, np.nan), 300, world.N_ITEMS)


def gain(model: object, queries: list[Query], targets: list[int]) -> float:
    """Mean of 1 / log2(1 + rank) of each target."""
    scores = model.score(queries)  # type: ignore[attr-defined]
    total = 0.0
    for row, query, target in zip(scores, queries, targets, strict=True):
        row[query.history.items] = np.nan
        total += 1 / np.log2(2 + (row > row[target]).sum())
    return total / len(targets)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_blend_is_not_worse_than_its_best_member(seed: int) -> None:
    log, later = noisy_log(seed), noisy_log(seed + 100)
    asked = [later.history(user).last(8) for user in range(300)]
    queries = [Query(History.of(history.items[:-1])) for history in asked]
    targets = [int(history.items[-1]) for history in asked]
    members = (Popular(), Ease(), Sequential(l2=5), Text())
    alone = [gain(recipe.fit(log, world.catalogue(), np.random.default_rng(0)), queries, targets) for recipe in members]
    assert gain(blended(Blend(members=members, cases=300), log), queries, targets) > max(alone) - 0.01


def test_contributions_are_the_members_own_weighted_by_their_deviation() -> None:
    """Adding an event's part: the difference of two items' scores is what the events bring, and what no event brings."""
    model, items = blended(), np.arange(world.N_ITEMS, dtype=np.int32)
    query = Query(History.of([16, 1, 18], weights=[1, -1, 1]))
    wanted = np.zeros((3, world.N_ITEMS))
    for place, member in enumerate(model.members):
        _, _, deviation = standardise(member.score([query]), model.known)
        weight = np.where(model.known, model.weights[stage([query])[0], place], model.fresh[stage([query])[0], place])
        wanted += member.contributions(query, items) * weight / deviation[0]
    np.testing.assert_allclose(model.contributions(query, items), wanted, rtol=1e-5, atol=1e-6)


def test_what_no_event_brings_does_not_depend_on_the_events() -> None:
    """Score less contributions is the popularity, and a constant for all known items."""
    model = blended(Blend(members=(Ease(), Text()), cases=100))
    known = np.flatnonzero(model.known & model.members[0].scorable).astype(np.int32)
    query = Query(History.of([16, 1, 18]))
    left = model.score([query])[0, known] - model.contributions(query, known).sum(axis=0)
    np.testing.assert_allclose(left, left[0], atol=1e-3)


@dataclass(frozen=True)
class Hybrid:
    """Scores three items by their texts, and knows the first from behaviour."""

    scorable = np.ones(3, bool)
    learned = np.array([True, False, False])

    def score(self, queries: Sequence[Query]) -> np.ndarray:
        return np.zeros((len(queries), 3), np.float32)

    score_as_new = score

    def with_vectors(self, vectors: np.ndarray) -> "Hybrid":
        return self


def test_of_a_reader_that_learns_only_what_it_learned_is_known() -> None:
    assert known_items((Hybrid(),), 3).tolist() == [True, False, False]  # type: ignore[arg-type]
    assert known_items((blended(Blend(members=(Text(),))).members[0],), world.N_ITEMS).all()


def test_members_show_their_own_progress() -> None:
    shown: list[str] = []
    recipe = Blend(members=(Ease(),), cases=50)
    recipe.fit(world.log(), world.catalogue(), np.random.default_rng(0), lambda what, done, total: shown.append(what))
    assert shown.count("blend: rehearse ease") == shown.count("blend: fit ease") == 1
    assert {what.split(":")[0] for what in shown} > {"blend"}


def test_a_blend_of_other_stages_is_refused() -> None:
    model = blended()
    with pytest.raises(BundleError, match="weights must have 11 rows, one a stage, got 6"):
        replace(model, weights=model.weights[:6])


def test_without_texts_the_blend_does_without() -> None:
    model = Blend(members=MEMBERS, cases=50).fit(world.log(), world.catalogue().with_vectors(None), np.random.default_rng(0))
    assert "text" not in [member.kind for member in model.members]
    assert not model.scorable[world.NEW]


def test_a_blend_of_texts_alone_needs_texts() -> None:
    with pytest.raises(ConfigError, match="the text model is the only member"):
        Blend(members=(Text(),)).fit(world.log(), world.catalogue().with_vectors(None), np.random.default_rng(0))


def test_a_member_without_weight_is_left_out() -> None:
    """Popularity says nothing on a checkerboard; readers stay, for the sake of new items."""
    model = blended()
    assert model.weights.shape == (N_STAGES, len(model.members))
    assert all(model.weights[:, place].max() > 1e-3 or member.kind == "text" for place, member in enumerate(model.members))


def test_a_blend_cannot_hold_a_blend() -> None:
    with pytest.raises(ConfigError, match=r"blend\.members\.0: .*'blend'"):
        parse(Recipe, {"kind": "blend", "members": [{"kind": "blend"}]})
    with pytest.raises(ConfigError, match=r"blend\.members: "):
        parse(Recipe, {"kind": "blend", "members": []})


# ── moving with the log ──────────────────────────────────────────────────────────────────────────────────────────────────────

MOVING = Blend(members=MEMBERS, cases=100, lessons=Lessons(step=0.2, pull=0.05, reach=0.5))


def moving(recipe: Blend = MOVING) -> FollowingBlendModel:
    model = blended(recipe)
    assert isinstance(model, FollowingBlendModel)
    return model


def taken(item: int, history: History | None = None, user: str = "ann", weight: float = 1.0) -> Happened:
    return Happened(user, Query(history or History.of([16, 17]), 1e9), item, weight)


def test_a_lesson_moves_the_weights_of_its_stage_alone() -> None:
    model = moving()
    later = model.after([taken(20)])
    number = int(stage([taken(20).query])[0])
    moved_rows = np.flatnonzero((later.weights != model.weights).any(axis=1))
    assert moved_rows.tolist() == [number]
    np.testing.assert_array_equal(later.anchor, model.weights)
    np.testing.assert_array_equal(later.fresh, model.fresh)


@pytest.mark.parametrize(
    "event",
    [taken(20, weight=-1.0), taken(20, weight=0.0), taken(17), taken(world.NEW), taken(world.N_ITEMS + 5)],
    ids=["dislike", "says nothing", "had before", "new", "came later"],
)
def test_what_is_no_lesson_moves_nothing(event: Happened) -> None:
    model = moving()
    assert model.after([event]) is model


def test_a_blend_follows_only_if_a_member_does_or_its_weights_move() -> None:
    trend = (Popular(), Ease(), Trend())
    follows = [
        isinstance(blended(Blend(members=m, cases=100, lessons=how)), Follows)
        for m, how in [
            (MEMBERS, Lessons()),
            (MEMBERS, Lessons(step=0.1)),
            (trend, Lessons()),
        ]
    ]
    assert follows == [False, True, True]


def test_a_member_that_tells_what_is_taken_gains_and_one_that_misleads_loses() -> None:
    anchor = row = np.full(3, 0.5, np.float32)
    told = examples(40)
    for place in range(40):
        one = Examples(told.features[place : place + 1], told.counts[place : place + 1], np.zeros(1, np.intp))
        row = moved(row, anchor, one, step=0.1, pull=0.0, reach=1.0)
    assert row[0] > 0.6
    assert row[2] < 0.4


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.floats(-8, 8), min_size=3, max_size=3), min_size=1, max_size=30),
    st.lists(st.floats(0, 4), min_size=3, max_size=3),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 2),
)
def test_whatever_is_taught_no_weight_leaves_its_box(rows: list, fit: list, step: float, pull: float, reach: float) -> None:
    """One user with any number of lessons moves a score by no more than the box is wide times the standard scores."""
    anchor = np.array(fit, np.float32)
    row, span = anchor, reach * anchor.max()
    for features in rows:
        lesson = Examples(np.array([[features]], np.float32), np.full((1, 1), 1000.0, np.float32), np.zeros(1, np.intp))
        before, row = row, moved(row, anchor, lesson, step, pull, reach)
        assert (row >= 0).all()
        assert (abs(row - anchor) <= span + 1e-5).all()
        assert np.linalg.norm(row - before) <= step * (1 + pull * np.linalg.norm(before - anchor)) + 1e-5


def test_without_lessons_that_tell_weights_go_back_to_the_fit() -> None:
    nothing = Examples(np.zeros((1, 1, 2), np.float32), np.ones((1, 1), np.float32), np.zeros(1, np.intp))
    anchor, row = np.array([1.0, 2.0], np.float32), np.array([1.5, 1.5], np.float32)
    np.testing.assert_allclose(moved(row, anchor, nothing, step=0.5, pull=0.2, reach=1.0), anchor + 0.9 * (row - anchor), rtol=1e-6)


def test_a_step_goes_up_the_smooth_gain() -> None:
    lesson, row = examples(1), np.array([0.4, 0.3, 0.5], np.float32)
    one = replace(lesson, stages=np.zeros(1, np.intp))
    there = moved(row, row, one, step=1e-2, pull=0.0, reach=1.0)
    uphill = smooth_gain(one, row[None].astype(float))[1][0]
    np.testing.assert_allclose(there - row, 1e-2 * uphill, rtol=1e-2, atol=1e-6)
    assert smooth_gain(one, there[None].astype(float))[0] > smooth_gain(one, row[None].astype(float))[0]


def test_an_example_is_what_was_taken_among_what_could_have_been_and_drawn_by_the_event() -> None:
    rng = np.random.default_rng(0)
    z, able = rng.normal(size=(500, 2)).astype(np.float32), rng.random(500) < 0.8
    able[7] = True
    one, again, other = (example(z, able, taken(7, user=user)) for user in ("ann", "ann", "bob"))
    assert one.counts.sum() == pytest.approx(able.sum() - 1, abs=0.01)
    np.testing.assert_array_equal(one.features, again.features)
    assert one.features.shape == other.features.shape
    assert (one.features != other.features).any()
    best = np.flatnonzero(able)[np.argmax(z[able, 0])]
    assert (np.isclose(one.features[0], z[best] - z[7]).all(axis=1)).any()


def test_members_that_follow_are_told_and_the_weights_stay() -> None:
    model = moving(Blend(members=(Popular(), Ease(), Trend()), cases=100))
    later = model.after([taken(20), taken(world.N_ITEMS + 1)])
    trend = [member.kind for member in model.members].index("trend")
    np.testing.assert_array_equal(later.weights, model.weights)
    assert later.members[trend].counts[20] > 0.99  # type: ignore[union-attr]
    assert later.n_items == world.N_ITEMS + 2
    assert not later.known[world.N_ITEMS :].any()
    assert np.isnan(later.score([taken(20).query])[0, world.N_ITEMS]).all()
