"""Matrix factorisation: the net costs what the textbook says, and the fold-in finds the least of it."""

from typing import Any

import models_world as world
import numpy as np
import pytest
import torch

from bowerbird.config import parse
from bowerbird.data import DataSettings, ValueScale, hide, marks, stars, weigh
from bowerbird.errors import ConfigError, DataError
from bowerbird.models import Mf, MfModel
from bowerbird.models.mf_fit import rmse
from bowerbird.nets.mf import Mf as Net
from bowerbird.types import History, Log, Query

TRAIN = {"epochs": 40, "batch_events": 64, "learning_rate": 0.03, "runs": None, "tracker": None}
LOSSES = ["squared", "logistic"]
RATED = History.of([0, 3, 9, 3, 11, 40], [1.0, -0.5, 0.75, 0.6, 0.0, 1.0])
"""Item 3 twice, one event that says nothing, and an item nobody knows."""


def model(loss: str) -> MfModel:
    rng = np.random.default_rng(1)
    rated = np.arange(12) < 11
    factors, biases = rng.normal(size=(12, 4)) * rated[:, None], 0.3 * rng.normal(size=12) * rated
    return MfModel(factors.astype(np.float32), biases.astype(np.float32), 0.2, rated, np.arange(12) < 10, 0.7, 0.4, loss)


def objective(user: np.ndarray, history: History, fitted: MfModel) -> float:
    """What a user's vector and bias cost, written out rating by rating."""
    total = fitted.l2 * float(user[:-1] @ user[:-1]) + fitted.l2_bias * float(user[-1] ** 2)
    for item, weight in zip(history.items.tolist(), history.weights.tolist(), strict=True):
        if weight == 0 or item >= fitted.n_items:
            continue
        mark = max(2 * weight - 1, 0) if weight > 0 else max(2 * weight, -1)
        predicted = fitted.mean + float(fitted.biases[item]) + float(user[-1]) + float(user[:-1] @ fitted.factors[item])
        like = (1 + mark) / 2
        total += (predicted - mark) ** 2 if fitted.loss == "squared" else np.log1p(np.exp(predicted)) - like * predicted
    return float(total)


@pytest.mark.parametrize("loss", LOSSES)
def test_at_the_folded_in_user_the_gradient_of_the_objective_is_zero(loss: str) -> None:
    fitted = model(loss)
    user = fitted.solve(RATED)
    for step in 1e-5 * np.eye(5):
        slope = (objective(user + step, RATED, fitted) - objective(user - step, RATED, fitted)) / 2e-5
        assert slope == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_of_all_ratings_is_the_textbooks_objective(loss: str) -> None:
    net, batch = little_net(loss)
    total = 0.0
    users, items = (table.weight.detach().numpy() for table in net.vectors)
    of_users, of_items = (table.weight.detach().numpy()[:, 0] for table in net.biases)
    for user, item, target in zip(*(batch[name].tolist() for name in ("users", "items", "targets")), strict=True):
        predicted = 0.2 + of_users[user] + of_items[item] + users[user] @ items[item]
        total += (predicted - target) ** 2 if loss == "squared" else np.log1p(np.exp(predicted)) - target * predicted
    total += 0.7 * ((users**2).sum() + (items**2).sum()) + 0.4 * ((of_users**2).sum() + (of_items**2).sum())
    assert net.loss(batch).item() * len(batch["users"]) == pytest.approx(total)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_is_that_of_finite_differences(loss: str) -> None:
    net, batch = little_net(loss)
    parameters = tuple(net.parameters())

    def cost(*values: torch.Tensor) -> Any:
        return torch.func.functional_call(_Cost(net), {f"net.{name}": value for name, value in zip(names, values, strict=True)}, (batch,))

    names = [name for name, _ in net.named_parameters()]
    assert torch.autograd.gradcheck(cost, parameters)


class _Cost(torch.nn.Module):
    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return self.net.loss(batch)


def little_net(loss: str) -> tuple[Net, dict[str, torch.Tensor]]:
    """Three users, four items, five ratings, in double precision; every table drawn, none of them zero."""
    users, items = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 3, 2])
    net = Net(0.2, (np.bincount(users), np.bincount(items)), 2, (0.7, 0.4), loss).double()
    with torch.no_grad():
        for number, parameter in enumerate(net.parameters()):
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(number), dtype=torch.float64))
    targets = torch.tensor([1.0, 0.5, 0.0, 0.25, 1.0], dtype=torch.float64)
    return net, {"users": torch.from_numpy(users), "items": torch.from_numpy(items), "targets": targets}


@pytest.mark.parametrize("loss", LOSSES)
def test_where_training_has_ended_folding_in_finds_the_users_of_the_training(loss: str) -> None:
    net, batch = little_net(loss)
    search = torch.optim.LBFGS(net.parameters(), max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-16, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        search.zero_grad()
        cost = net.loss(batch)
        cost.backward()
        return cost

    search.step(closure)
    factors, biases = net.items()
    items, everything = batch["items"].numpy(), np.ones(4, bool)
    targets = batch["targets"].numpy() if loss == "squared" else 2 * batch["targets"].numpy() - 1
    weights = np.where(targets >= 0, (targets + 1) / 2, targets / 2)
    fitted = MfModel(factors, biases, 0.2, everything, everything, 0.7, 0.4, loss)
    for user in range(3):
        here = batch["users"].numpy() == user
        solved = fitted.solve(History.of(items[here].tolist(), weights[here].tolist()))
        np.testing.assert_allclose(solved[:-1], net.vectors[0].weight.detach()[user], atol=1e-5)
        np.testing.assert_allclose(solved[-1], net.biases[0].weight.detach()[user, 0], atol=1e-5)


def test_stars_of_a_pattern_are_predicted() -> None:
    """Half of the people love the even items, half the odd ones: hidden ratings come out on the right side."""
    rng = np.random.default_rng(0)
    users, items = (part.ravel() for part in np.meshgrid(np.arange(40), np.arange(20), indexing="ij"))
    values = np.where((users + items) % 2 == 0, 4.5, 1.5)
    weights = weigh(["rating"] * 800, values, users, DataSettings(), ValueScale())
    log = Log(users.astype(np.int32), items.astype(np.int32), weights, np.full(800, np.nan), 40, 20)
    told, hidden = hide(log, 0.3, rng)
    fitted = parse(Mf, {"factors": 2, "l2": 0.5, "train": TRAIN}).fit(told, world.catalogue(20), np.random.default_rng(0))
    found = stars(np.concatenate(fitted.predict(hidden.queries, hidden.items)), DataSettings(), ValueScale())
    wanted = stars(np.concatenate(hidden.marks), DataSettings(), ValueScale())
    assert np.sqrt(np.mean((found - wanted) ** 2)) < 0.5
    assert rmse(fitted, hidden) == pytest.approx(np.sqrt(np.mean((found - wanted) ** 2)) / 2, rel=1e-4)


def test_validation_hides_ratings_and_is_told_in_minus_rmse(tmp_path: Any) -> None:
    recipe = parse(Mf, {"factors": 3, "train": {**TRAIN, "holdout": 0.2, "epochs": 3, "runs": str(tmp_path)}})
    recipe.fit(world.log(), world.catalogue(), np.random.default_rng(0))
    [metrics] = tmp_path.glob("mf-*/metrics.json")
    assert '"-rmse": -' in metrics.read_text()


def test_hidden_ratings_are_not_in_the_histories_they_are_asked_of() -> None:
    log = world.log()
    told, hidden = hide(log, 0.3, np.random.default_rng(0))
    assert len(told) + sum(map(len, hidden.items)) == len(log)
    for query, items in zip(hidden.queries, hidden.items, strict=True):
        assert not np.isin(items, query.history.items).any()


def test_a_newcomer_is_predicted_the_mean_and_what_the_item_adds() -> None:
    fitted = model("squared")
    [predicted] = fitted.predict([Query(History.of([]))], [np.array([2, 11, 40], np.int32)])
    np.testing.assert_allclose(predicted, np.clip([0.2 + fitted.biases[2], 0.2, 0.2], -1, 1), rtol=1e-6)


def test_predictions_are_the_scores_within_the_scale() -> None:
    fitted = model("squared")
    items = np.arange(10, dtype=np.int32)
    [predicted] = fitted.predict([Query(RATED)], [items])
    np.testing.assert_allclose(predicted, np.clip(fitted.score([Query(RATED)])[0, :10], -1, 1), atol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_contributions_are_the_scores_less_mean_and_items_own(loss: str) -> None:
    fitted = model(loss)
    items = np.arange(10, dtype=np.int32)
    parts = fitted.contributions(Query(RATED), items)
    wanted = fitted.score([Query(RATED)])[0, :10] - fitted.mean - fitted.biases[:10]
    np.testing.assert_allclose(parts.sum(axis=0), wanted, atol=1e-4)
    assert not parts[[4, 5]].any()


@pytest.mark.parametrize("changes", [{"l2": 0}, {"factors": 0}, {"loss": "hinge"}, {"train": {"holdout": 1}}, {"train": {"momentum": 0.9}}])
def test_impossible_settings_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(changes))):
        parse(Mf, changes)


def test_settings_of_training_that_are_not_named_stay_the_recipes_own() -> None:
    assert parse(Mf, {"train": {"epochs": 3}}).train == Mf().train.model_copy(update={"epochs": 3})


def test_stars_cannot_be_told_from_marks_against_a_users_mean() -> None:
    with pytest.raises(DataError, match=r"data\.ratings"):
        stars([0.5], DataSettings(ratings="user"), ValueScale())


@pytest.mark.parametrize("neutral", [None, 2.0, 4.0])
def test_stars_come_back_from_weights(neutral: float | None) -> None:
    settings, scale = DataSettings(neutral=neutral), ValueScale(low=0.5, high=5.0)
    given = np.arange(0.5, 5.5, 0.5)
    weights = weigh(["rating"] * 10, given, np.zeros(10, int), settings, scale)
    np.testing.assert_allclose(stars(marks(weights), settings, scale), given, rtol=1e-6)
