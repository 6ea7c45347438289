"""Losses against their definitions, and their gradients against finite differences."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bowerbird.training import losses
from bowerbird.training.negatives import Negatives, hide_hits

wanted = torch.tensor([0.3, -1.2, 2.0], dtype=torch.float64)
others = torch.tensor([[0.1, 0.5, -2.0, 1.0], [1.0, 0.0, 0.2, -0.3], [0.0, 3.0, 1.5, -1.0]], dtype=torch.float64)
weights = torch.tensor([1.0, 0.5, 0.25], dtype=torch.float64)

CASES = {
    "softmax": lambda s, o: losses.softmax(torch.cat((s[:, None], o), dim=1), torch.zeros(3, dtype=torch.long), weights),
    "sampled_softmax": lambda s, o: losses.sampled_softmax(s, o, torch.tensor([-1.0, -2.0, 0.0, -0.5], dtype=torch.float64), weights),
    "gbce": lambda s, o: losses.gbce(s, o, 0.2, 0.6, weights),
    "bpr": lambda s, o: losses.bpr(s, o, weights),
    "squared": lambda s, o: losses.squared(s, o[:, 0], weights),
    "logistic": lambda s, o: losses.logistic(s, torch.sigmoid(o[:, 0]), weights),
    "info_nce": lambda s, o: losses.info_nce(o * s[:, None], o.roll(1, 1), 0.5),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    assert torch.autograd.gradcheck(CASES[name], (wanted.clone().requires_grad_(), others.clone().requires_grad_()))


def test_softmax_is_the_negative_log_of_the_share() -> None:
    scores = torch.tensor([[1.0, 2.0, 0.5]])
    share = math.exp(2.0) / (math.exp(1.0) + math.exp(2.0) + math.exp(0.5))
    assert float(losses.softmax(scores, torch.tensor([1]))) == pytest.approx(-math.log(share), rel=1e-6)


def test_a_sample_of_everything_is_the_full_softmax() -> None:
    full = losses.softmax(torch.cat((wanted[:, None], others), dim=1), torch.zeros(3, dtype=torch.long), weights)
    sampled = losses.sampled_softmax(wanted, others, torch.zeros(4, dtype=torch.float64), weights)
    assert float(full) == pytest.approx(float(sampled), rel=1e-12)


def test_sampled_sums_of_exponentials_are_right_in_the_mean() -> None:
    """That is what the logQ correction is for: unequal chances, the same sum."""
    rng = np.random.default_rng(0)
    counts = np.array([50, 20, 10, 5, 5, 5, 3, 2])
    scores = torch.from_numpy(rng.normal(size=8)).float()
    drawer = Negatives("popularity", counts, 3)
    sums = []
    for _ in range(4000):
        drawn, log_expected = drawer.draw(torch.zeros(1, dtype=torch.long), rng)
        sums.append(float(torch.exp(scores[drawn] - log_expected).sum()))
    assert np.mean(sums) == pytest.approx(float(torch.exp(scores).sum()), rel=0.05)


def test_gbce_without_trust_is_binary_cross_entropy() -> None:
    plain = -(torch.nn.functional.logsigmoid(wanted) + torch.nn.functional.logsigmoid(-others).sum(dim=1))
    assert float(losses.gbce(wanted, others, rate=0.2, trust=0.0)) == pytest.approx(float(plain.mean()), rel=1e-12)


def test_gbce_with_full_trust_weighs_the_wanted_by_the_rate() -> None:
    plain = -(0.2 * torch.nn.functional.logsigmoid(wanted) + torch.nn.functional.logsigmoid(-others).sum(dim=1))
    assert float(losses.gbce(wanted, others, rate=0.2, trust=1.0)) == pytest.approx(float(plain.mean()), rel=1e-12)


@pytest.mark.parametrize("loss", ["softmax", "sampled_softmax", "gbce", "bpr"])
def test_raising_the_wanted_score_lowers_the_cost(loss: str) -> None:
    assert float(CASES[loss](wanted + 0.1, others)) < float(CASES[loss](wanted, others))


@given(st.lists(st.floats(0.1, 5), min_size=3, max_size=3))
def test_weights_are_shares_of_a_mean(values: list[float]) -> None:
    costs, each = torch.tensor([1.0, 2.0, 4.0]), torch.tensor(values)
    assert float(losses.mean(costs, each)) == pytest.approx(np.average([1, 2, 4], weights=values), rel=1e-4)


def test_pairs_that_are_alike_for_another_reason_do_not_count() -> None:
    left = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    same = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=torch.bool)
    assert float(losses.info_nce(left, left, 0.1, same)) < float(losses.info_nce(left, left, 0.1))


@pytest.mark.parametrize("sampling", ["uniform", "popularity", "batch"])
def test_expected_counts_are_what_is_drawn(sampling: str) -> None:
    rng = np.random.default_rng(1)
    counts = np.array([40, 30, 20, 5, 4, 1, 0])
    drawer = Negatives(sampling, counts, 3)  # type: ignore[arg-type]
    seen, told = np.zeros(7), np.full(7, np.nan)
    rounds = 6000
    for _ in range(rounds):
        targets = torch.from_numpy(rng.choice(7, 3, p=counts / counts.sum()))
        drawn, log_expected = drawer.draw(targets, rng)
        assert len(set(drawn.tolist())) == len(drawn)
        seen[drawn.numpy()] += 1
        told[drawn.numpy()] = log_expected.exp().numpy()
    assert seen[6] == 0
    np.testing.assert_allclose(seen[:6] / rounds, told[:6], atol=0.03)


def test_more_negatives_than_items_are_all_items() -> None:
    drawn, log_expected = Negatives("uniform", np.ones(4, int), 99).draw(torch.zeros(1), np.random.default_rng(0))
    assert sorted(drawn.tolist()) == [0, 1, 2, 3]
    assert log_expected.tolist() == [0.0] * 4


def test_a_row_does_not_compete_with_itself() -> None:
    scores: Tensor = hide_hits(torch.ones(2, 3), torch.tensor([4, 7, 9]), torch.tensor([7, 1]), -5.0)
    assert scores.tolist() == [[1, -5, 1], [1, 1, 1]]
