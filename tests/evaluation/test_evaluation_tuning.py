from dataclasses import replace

import evaluation_world as toy
import numpy as np
import pytest

from bowerbird.errors import ConfigError
from bowerbird.evaluation.tuning import Bench, sample, tune, walk
from bowerbird.models import Blend


@pytest.fixture(scope="module")
def bench():
    return Bench(*toy.world(), budget=4)


def test_finds_what_validation_likes(bench):
    tuned = tune(toy.CampRecipe(), bench)
    assert tuned.recipe.skill == 1
    assert tuned.users == len(bench.split.validation)


def test_the_first_trial_is_the_recipe_as_it_is_and_refusals_are_noted(bench):
    trials = tune(toy.CampRecipe(), bench).trials
    assert [trial.recipe.skill for trial in trials] == [0, 0.5, 1, 1]
    assert trials[1].note == "camp: half-skilled is not allowed"
    assert trials[1].to_json()["ndcg"] is None
    assert trials[2].score > trials[0].score > 0


def test_validation_is_not_learned_from(bench):
    toy.CampRecipe.FITS.clear()
    tune(toy.CampRecipe(), bench)
    assert all(log is bench.split.train for log, _ in toy.CampRecipe.FITS)


def test_nothing_to_tune_costs_nothing(bench):
    assert tune(toy.CampRecipe(), bench, {}).trials == ()


@pytest.mark.parametrize(("split", "hide", "hidden"), [("last", None, "last"), ("time", None, None), ("last", "newest", "newest")])
def test_a_blend_rehearses_what_the_split_asks_unless_it_is_told_otherwise(bench, split, hide, hidden):
    asked = replace(bench, split=replace(bench.split, name=split))
    assert tune(Blend(hide=hide), asked).recipe.hide == hidden


def test_all_refused_is_said(bench):
    with pytest.raises(ConfigError, match="tuning camp: no settings could be fitted; the first: camp: half-skilled"):
        tune(toy.CampRecipe(skill=0.5), bench, {"luck": (1, 2)})


def test_setting_by_setting_then_the_grid():
    tried = []

    def score(recipe):
        tried.append((recipe.skill, recipe.luck))
        return recipe.skill - abs(recipe.luck - 2)

    space = {"skill": (0.0, 2.0), "luck": (0, 1, 2, 3)}
    best = walk(toy.CampRecipe(skill=1), space, score, budget=100)
    assert tried[:5] == [(1, 0), (0, 0), (2, 0), (2, 1), (2, 2)]
    assert len(tried) == len(set(tried)) == 2 * 4 + 1
    assert (best.skill, best.luck) == (2, 2)


@pytest.mark.parametrize("budget", [1, 2, 5])
def test_the_budget_is_kept(budget):
    tried = []
    walk(toy.CampRecipe(), {"skill": (0.0, 1.0, 2.0), "luck": (0, 1, 2)}, lambda recipe: tried.append(recipe) or 0.0, budget)
    assert len(tried) == budget


def test_of_equals_the_first():
    assert walk(toy.CampRecipe(), {"luck": (5, 6)}, lambda recipe: 0.0, 9).luck == 0


def test_values_that_a_recipe_refuses_are_no_trial():
    tried = []
    walk(toy.CampRecipe(), {"skill": ("high", 1.0)}, lambda recipe: tried.append(recipe.skill) or 0.0, 9)
    assert tried == [0, 1]


def test_few_users_judge_and_always_the_same(bench):
    cases = bench.split.validation
    some = sample(cases, 5, np.random.default_rng(3))
    again = sample(cases, 5, np.random.default_rng(3))
    assert len(some) == 5
    assert some.users.tolist() == again.users.tolist() == sorted(some.users.tolist())
    assert sample(cases, 10_000, np.random.default_rng(3)) is cases
