"""Neural collaborative filtering against its definitions: the product, the net over a pair, their sum, and the gradients of its losses."""

import models_world as world
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bowerbird.config import parse
from bowerbird.errors import ConfigError
from bowerbird.models import Ncf, Recipe
from bowerbird.models.ncf_fit import as_model, make_net
from bowerbird.nets.export import AsSession
from bowerbird.nets.ncf import Ncf as Net
from bowerbird.nets.ncf import Scorer
from bowerbird.types import History, Query

TRAIN = {"epochs": 25, "batch_events": 64, "learning_rate": 0.02, "patience": None, "runs": None, "tracker": None}
ARCHITECTURES = ["gmf", "mlp", "neumf"]
LOSSES = ["bce", "bpr", "sampled_softmax"]


def recipe(**changes: object) -> Ncf:
    small = {"factors": 8, "layers": (8, 4), "dropout": 0.1, "length": 6, "negatives": 12, "train": TRAIN}
    made: Ncf = parse(Recipe, {"kind": "ncf", **small, **changes})
    return made


def net(architecture: str, loss: str = "bce", layers: tuple[int, ...] = (6, 5)) -> Net:
    torch.manual_seed(0)
    made = Net(Scorer(architecture, 4, layers, dropout=0.0), 7, 4, loss, per_event=3.0).double().eval()
    for part in made.parameters():
        nn.init.normal_(part, std=0.7)
    return made


def batch() -> dict[str, Tensor]:
    items = torch.tensor([[0, 1, 2, 3], [4, 2, 0, 0]])
    weights = torch.tensor([[1.0, -1.0, 0.5, 1.0], [1.0, 1.0, 0.0, 0.0]], dtype=torch.float64)
    sampled, log_expected = torch.tensor([3, 5, 6]), torch.tensor([-0.5, -1.0, 0.0], dtype=torch.float64)
    return {"items": items, "weights": weights, "there": weights != 0, "sampled": sampled, "log_expected": log_expected}


def test_gmf_is_a_dot_product_and_a_bias() -> None:
    made, users = net("gmf"), torch.randn(3, 4, dtype=torch.float64)
    expected = users @ made.own.weight.T + made.bias.weight[:, 0]
    torch.testing.assert_close(made.scorer.cross(users, made.items(torch.arange(7))), expected)


def test_mlp_is_a_net_over_user_and_item_side_by_side() -> None:
    """The first layer as one matrix over both, which is not how it is computed."""
    made, users = net("mlp"), torch.randn(3, 4, dtype=torch.float64)
    first = torch.cat((made.scorer.user.weight, made.first.weight), dim=1)
    for user in range(3):
        for item in range(7):
            hidden = torch.relu(first @ torch.cat((users[user], made.own.weight[item])) + made.first.bias)
            for layer in made.scorer.layers:
                hidden = torch.relu(layer(hidden))
            expected = made.scorer.out(hidden)[0] + made.bias.weight[item, 0]
            torch.testing.assert_close(made.scorer.cross(users, made.items(torch.tensor([item])))[user, 0], expected)


def test_neumf_is_the_sum_of_both_each_with_vectors_of_its_own() -> None:
    made, users = net("neumf"), torch.randn(3, 8, dtype=torch.float64)
    rows = made.items(torch.arange(7))
    product = users[:, :4] @ made.own.weight[:, :4].T
    deaf = users.clone()
    deaf[:, :4] = 0
    torch.testing.assert_close(made.scorer.cross(users, rows), product + made.scorer.cross(deaf, rows))
    assert not torch.allclose(made.scorer.cross(users, rows), product + made.bias.weight[:, 0])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_pair_scores_what_it_scores_among_all(architecture: str) -> None:
    made = net(architecture)
    users, rows = torch.randn(7, made.scorer.read, dtype=torch.float64), made.items(torch.arange(7))
    torch.testing.assert_close(made.scorer.pairs(users, rows), made.scorer.cross(users, rows).diagonal())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_user_after_each_event_is_the_user_of_that_history(architecture: str) -> None:
    made = net(architecture)
    vectors, weights = torch.randn(2, 4, made.scorer.read, dtype=torch.float64), torch.rand(2, 4, dtype=torch.float64) * 2 - 1
    users, rows = made.scorer.users(vectors, weights), made.items(torch.arange(7))
    for end in range(4):
        alone = made.scorer(vectors[:, : end + 1], weights[:, : end + 1], torch.tensor([end, end]), rows)
        torch.testing.assert_close(alone, made.scorer.cross(users[:, end], rows))


def test_bce_is_that_of_one_event_and_the_mean_of_those_not_taken() -> None:
    """By its definition, from the scores: a sampled item that is the target itself does not count against it."""
    made, told = net("neumf"), batch()
    rows = made.items(torch.arange(7))
    users = made.scorer.users(made.context(told["items"][:, :-1]), told["weights"][:, :-1])
    costs, worths = [], []
    for user, step, target in ((0, 1, 2), (0, 2, 3), (1, 0, 2)):
        shares = torch.sigmoid(made.scorer.cross(users[user, step][None], rows)[0])
        others = [-torch.log(1 - shares[item]) for item in (3, 5, 6) if item != target]
        costs.append(-torch.log(shares[target]) + 3.0 * sum(others) / 3)
        worths.append(told["weights"][user, step + 1])
    worth = torch.stack(worths)
    torch.testing.assert_close(made.loss(told), (torch.stack(costs) * worth).sum() / worth.sum())


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_gradients_are_those_of_finite_differences(architecture: str, loss: str) -> None:
    """Of every parameter, half-lives included; in double precision."""
    made, told = net(architecture, loss), batch()
    names, parts = zip(*made.named_parameters(), strict=True)

    class Loss(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = made

        def forward(self) -> Tensor:
            return self.net.loss(told)

    def cost(*values: Tensor) -> Tensor:
        return torch.func.functional_call(Loss(), {f"net.{name}": value for name, value in zip(names, values, strict=True)}, ())

    assert torch.autograd.gradcheck(cost, tuple(part.detach().clone().requires_grad_() for part in parts))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_graph_says_what_torch_says(architecture: str) -> None:
    """Within 1e-4, for batches and lengths that were not in the example it was exported with."""
    made = recipe(architecture=architecture)
    counts = np.ones(world.N_ITEMS, np.int64)
    trained = make_net(made, counts, seed=0).eval()
    for part in trained.parameters():
        nn.init.normal_(part, std=0.5)
    served, live = as_model(made, trained, counts), as_model(made, trained, counts, AsSession(trained.scorer))
    rng = np.random.default_rng(0)
    queries = [Query(History.of(rng.integers(0, world.N_ITEMS, n), rng.uniform(-1, 1, n))) for n in (1, 2, 4, 6, 9, 1)]
    np.testing.assert_allclose(served.score(queries), live.score(queries), atol=1e-4)
    np.testing.assert_allclose(served.score(queries[:1]), live.score(queries[:1]), atol=1e-4)


@pytest.mark.parametrize(("architecture", "loss"), [("gmf", "bce"), ("mlp", "bpr"), ("mlp", "sampled_softmax"), ("neumf", "bce")])
def test_a_taste_is_recognised_whatever_the_architecture_and_the_loss(architecture: str, loss: str) -> None:
    all_told = {**TRAIN, "holdout": 0}  # six users in validation would choose the epoch by chance
    model = recipe(architecture=architecture, loss=loss, train=all_told).fit(world.log(), world.catalogue(), np.random.default_rng(0))
    for item in (0, 9, 18):
        row = np.nan_to_num(model.score([Query(History.of([item, item + 1]))])[0], nan=-np.inf)
        row[[item, item + 1]] = -np.inf
        assert (world.taste(np.argsort(-row)[:5]) == world.taste(np.array(item))).sum() >= 4  # of 5 or 6 that are left, among 22


@pytest.mark.parametrize(
    ("name", "value"), [("layers", ()), ("layers", (8, 0)), ("per_event", 0), ("loss", "softmax"), ("architecture", "dnn"), ("factors", 0)]
)
def test_settings_that_cannot_be_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=name):
        recipe(**{name: value})
