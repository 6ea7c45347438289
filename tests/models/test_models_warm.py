"""Fitting again from the model before: the same objective, sooner; and a start that does not fit is passed over."""

import models_world as world
import numpy as np
import pytest

from bowerbird.models import Ease, Faded, FadedModel, Ials, IalsModel, Popular, pack
from bowerbird.models.warm import Start, Warms, fit_again

FEW = Ials(factors=6, iterations=4, l2=1.0)
RECIPES = [FEW, Faded(member=FEW)]


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def bytes_of(model: object) -> list[bytes]:
    return [array.tobytes() for _, array in sorted(pack(model)[1].items())]


def vectors(model: object) -> np.ndarray:
    found = model.member.item_vectors if isinstance(model, FadedModel) else model.item_vectors
    return np.nan_to_num(found.astype(np.float64))


def loss(items: np.ndarray, recipe: Ials) -> float:
    """What alternating least squares minimises, each user's vector being the best there is."""
    log = world.log()
    confidence = np.zeros((log.n_users, log.n_items))
    liked = log.weights > 0
    np.add.at(confidence, (log.users[liked], log.items[liked]), recipe.alpha * log.weights[liked])
    total = recipe.l2 * float((items**2).sum())
    for row in confidence:
        sure, wanted = np.where(row > 0, row, 1.0), (row > 0).astype(float)
        user = np.linalg.solve((items.T * sure) @ items + recipe.l2 * np.eye(items.shape[1]), (items.T * sure) @ wanted)
        total += float((sure * (wanted - items @ user) ** 2).sum() + recipe.l2 * user @ user)
    return total


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.kind)
def test_the_same_start_and_seed_give_the_same_bytes_and_another_start_others(recipe: Warms) -> None:
    log, catalogue = world.log(), world.catalogue()
    cold = recipe.fit(log, catalogue, rng())
    start = Start.between(cold, catalogue, catalogue)
    again = recipe.fit_from(start, log, catalogue, rng())
    assert bytes_of(again) == bytes_of(recipe.fit_from(start, log, catalogue, rng()))
    assert bytes_of(again) != bytes_of(cold)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.kind)
def test_half_of_the_iterations_more_are_no_worse_than_all_that_were_before(recipe: Warms) -> None:
    log, catalogue = world.log(), world.catalogue()
    cold = recipe.fit(log, catalogue, rng())
    told: list[tuple[int, int]] = []
    again = recipe.fit_from(
        Start.between(cold, catalogue, catalogue), log, catalogue, rng(), lambda what, *at: told.append(at) if what == "iALS" else None
    )
    assert told == [(1, 2), (2, 2)]
    half = FEW.model_copy(update={"iterations": 2}).fit(log, catalogue, rng())
    assert loss(vectors(again), FEW) <= loss(vectors(cold), FEW) < loss(vectors(half), FEW)


def test_items_are_found_by_id_and_new_ones_begin_from_nothing() -> None:
    log, catalogue = world.log(), world.catalogue()
    fewer = world.catalogue(world.N_ITEMS - 4)
    known = IalsModel(np.full((len(fewer), 6), 7, np.float32), np.eye(6), 1.0, 1.0, None)
    start = Start.between(known, fewer, catalogue)
    begun = FEW._begun(start, rng())
    assert (begun[:-4] == 7).all()
    assert (np.abs(begun[-4:]) <= 0.01).all()
    assert (begun[-4:] != 0).all()
    assert np.isfinite(vectors(FEW.fit_from(start, log, catalogue, rng()))).all()


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.kind)
def test_a_start_of_another_kind_or_size_is_passed_over(recipe: Warms) -> None:
    log, catalogue = world.log(), world.catalogue()
    cold = bytes_of(recipe.fit(log, catalogue, rng()))
    for other in (Popular(), Ease(l2=5), Ials(factors=5, iterations=1)):
        start = Start.between(other.fit(log, catalogue, rng()), catalogue, catalogue)
        assert bytes_of(recipe.fit_from(start, log, catalogue, rng())) == cold


def test_who_cannot_begin_elsewhere_is_fitted_as_ever() -> None:
    log, catalogue = world.log(), world.catalogue()
    start = Start.between(Ease(l2=5).fit(log, catalogue, rng()), catalogue, catalogue)
    assert not isinstance(Ease(), Warms)
    assert bytes_of(fit_again(Ease(l2=5), start, log, catalogue, rng())) == bytes_of(Ease(l2=5).fit(log, catalogue, rng()))
