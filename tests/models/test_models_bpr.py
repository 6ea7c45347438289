"""Pairwise ranking: gradients, the adversary's move, and that training asks as serving does."""

from types import SimpleNamespace
from typing import Any

import models_world as world
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from bowerbird.config import parse
from bowerbird.errors import ConfigError
from bowerbird.models import Bpr, BprModel
from bowerbird.models.bpr_fit import Users
from bowerbird.nets.bpr import Bpr as Net
from bowerbird.nets.bpr import Rows, disturbed
from bowerbird.training.negatives import Negatives
from bowerbird.types import History, Log, Query

TRAIN = {"epochs": 3, "batch_events": 64, "holdout": 0.0, "runs": None, "tracker": None}
ATTACK = SimpleNamespace(epsilon=0.3, weight=0.7, from_epoch=2)
LOG = Log(
    np.array([0, 0, 0, 1, 1, 2, 2, 2], np.int32),
    np.array([0, 1, 2, 1, 3, 4, 5, 0], np.int32),
    np.array([1, 0.5, -1, 1, 1, 1, 0, 1], np.float32),
    np.full(8, np.nan),
    3,
    7,
)


def little(attack: Any = None, epoch: int = 1) -> tuple[Net, dict[str, Tensor]]:
    """Seven items of three numbers each in double precision, and all users in one batch with four drawn items."""
    torch.manual_seed(0)
    net = Net(7, 3, 0.05, attack).double()
    net.epoch = epoch
    for table in (net.context, net.items):
        torch.nn.init.normal_(table.weight)
    counts = np.bincount(LOG.items[LOG.weights > 0], minlength=7)
    users = Users.of(LOG, Negatives("uniform", counts, 4))
    batch = users.batch(np.arange(3), np.random.default_rng(1))
    return net, {**batch, "weights": batch["weights"].double()}


def slopes(cost: Any, net: Net) -> list[np.ndarray]:
    """By finite differences, number by number."""
    found = []
    for table in (net.context.weight, net.items.weight):
        slope = np.zeros(table.shape)
        for place in np.ndindex(*table.shape):
            ends = []
            for step in (1e-6, -1e-6):
                with torch.no_grad():
                    table[place] += step
                    ends.append(cost().item())
                    table[place] -= step
            slope[place] = (ends[0] - ends[1]) / 2e-6
        found.append(slope)
    return found


def test_the_gradient_is_that_of_finite_differences() -> None:
    net, batch = little()
    net.loss(batch).backward()
    for table, slope in zip((net.context, net.items), slopes(lambda: net.loss(batch), net), strict=True):
        np.testing.assert_allclose(table.weight.grad, slope, atol=1e-7)


def test_with_an_adversary_the_gradient_is_that_of_both_losses_the_move_taken_as_given() -> None:
    net, batch = little(ATTACK, epoch=2)
    rows = net.rows(batch)
    moved = disturbed(rows, net.cost(rows, batch), ATTACK.epsilon)
    by_users, by_items = (moved.asked - rows.asked).detach(), (moved.items - rows.items).detach()

    def both() -> Tensor:
        net.attack = None
        plain, here = net.loss(batch), net.rows(batch)
        net.attack = ATTACK
        return plain + ATTACK.weight * net.cost(Rows(here.asked + by_users, here.items + by_items), batch)

    assert net.loss(batch).item() == pytest.approx(both().item())
    net.zero_grad()
    net.loss(batch).backward()
    for table, slope in zip((net.context, net.items), slopes(both, net), strict=True):
        np.testing.assert_allclose(table.weight.grad, slope, atol=1e-7)


def test_the_adversary_waits_for_its_epoch() -> None:
    plain, batch = little()
    before, _ = little(ATTACK, epoch=1)
    after, _ = little(ATTACK, epoch=2)
    assert before.loss(batch).item() == plain.loss(batch).item()
    assert after.loss(batch).item() > plain.loss(batch).item()


def test_a_disturbed_row_is_epsilon_away_and_costs_more_than_rows_moved_by_chance() -> None:
    net, batch = little()
    rows = net.rows(batch)
    cost = net.cost(rows, batch)
    moved = disturbed(rows, cost, 0.01)
    for before, after in zip((rows.asked, rows.items), (moved.asked, moved.items), strict=True):
        np.testing.assert_allclose((after - before).norm(dim=1).detach(), 0.01)
    worst = net.cost(moved, batch).item()
    assert worst > cost.item()
    for seed in range(20):
        torch.manual_seed(seed)
        by_chance = Rows(*(row + 0.01 * normalize(torch.randn_like(row), dim=1) for row in (rows.asked, rows.items)))
        assert net.cost(by_chance, batch).item() < worst


def test_the_move_is_along_the_gradient() -> None:
    net, batch = little()
    rows = Rows(*(row.detach().requires_grad_() for row in (net.rows(batch).asked, net.rows(batch).items)))
    moved = disturbed(rows, net.cost(rows, batch), 0.5)
    net.cost(rows, batch).backward()
    for before, after in zip((rows.asked, rows.items), (moved.asked, moved.items), strict=True):
        np.testing.assert_allclose(cosine_similarity((after - before).detach(), before.grad, dim=1), 1)


def test_training_asks_with_the_rest_of_the_history_as_serving_would() -> None:
    net, batch = little()
    served = BprModel(net.context.weight.detach().numpy(), net.items.weight.detach().numpy(), None)
    asked = net.rows(batch).asked.detach().numpy()
    row = 0
    for user in range(3):
        history = LOG.history(user)
        history = history.take(np.flatnonzero(history.weights != 0))
        for place in np.flatnonzero(history.weights > 0).tolist():
            rest = history.take(np.delete(np.arange(len(history)), place))
            np.testing.assert_allclose(asked[row], served.query_vectors([Query(rest)])[0], rtol=1e-5)
            row += 1
    assert row == len(asked)


def test_what_a_user_took_is_no_negative_of_theirs() -> None:
    net, batch = little()
    drawn = batch["rows"][batch["drawn"]].numpy()
    for user in range(3):
        assert batch["taken"][user].tolist() == np.isin(drawn, LOG.history(user).items).tolist()
    before = net.cost(net.rows(batch), batch).item()
    everything = {**batch, "taken": torch.ones_like(batch["taken"])}
    assert net.cost(net.rows(everything), everything).item() == 0 < before


def test_every_user_with_two_events_is_in_one_batch_of_an_epoch() -> None:
    users = Users.of(world.log(), Negatives("uniform", np.bincount(world.log().items), 4))
    batches = list(users.batches(50, np.random.default_rng(0)))
    assert sum(len(batch["events"]) for batch in batches) == len(world.log())
    assert max(len(batch["events"]) for batch in batches) <= 56


def test_an_adversary_changes_what_is_learned_and_the_seed_fixes_it() -> None:
    plain = parse(Bpr, {"factors": 4, "negatives": 8, "train": TRAIN})
    against = parse(Bpr, {"factors": 4, "negatives": 8, "adversarial": {"from_epoch": 2}, "train": TRAIN})
    one, two, other = (
        recipe.fit(world.log(), world.catalogue(), np.random.default_rng(0)).item_vectors for recipe in (against, against, plain)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.allclose(one, other, equal_nan=True)


def test_a_recent_event_counts_more() -> None:
    rng = np.random.default_rng(0)
    model = BprModel(rng.normal(size=(6, 3)).astype(np.float32), rng.normal(size=(6, 3)).astype(np.float32), 1.0)
    parts = model.contributions(Query(History.of([2, 2])), np.arange(6, dtype=np.int32))
    np.testing.assert_allclose(parts[1], 2 * parts[0], rtol=1e-5)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"negatives": 0}, "negatives"),
        ({"sampling": "hard"}, "sampling"),
        ({"adversarial": {"epsilon": 0}}, "adversarial.epsilon"),
        ({"adversarial": {"from_epoch": 0}}, "adversarial.from_epoch"),
        ({"train": {"batch_events": 0}}, "train.batch_events"),
    ],
)
def test_impossible_settings_are_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError, match=field.replace(".", r"\.")):
        parse(Bpr, changes)
