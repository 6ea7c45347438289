"""Losses as plain functions of scores. Each is a mean over the rows of what one row costs, weighted where weights are given.

Shapes: `wanted` (n,) scores of the items that were taken, `others` (n, m) scores of items that were not; the more a wanted score
stands above the others, the less it costs.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

NEVER = -1e9
"""The score of what cannot be."""


def mean(costs: Tensor, weights: Tensor | None = None) -> Tensor:
    """The weighted mean of (n,) costs; all weights are 1 unless given."""
    return costs.mean() if weights is None else (costs * weights).sum() / weights.sum().clamp_min(1e-12)


def softmax(scores: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """Full cross-entropy: −ln of the share that the softmax over all items gives the target.

    scores   (n, n_items)
    targets  (n,) int64

    >>> round(float(softmax(torch.zeros(1, 4), torch.tensor([2]))), 4)                # ln 4
    1.3863
    """
    return mean(F.cross_entropy(scores, targets, reduction="none"), weights)


def sampled_softmax(wanted: Tensor, others: Tensor, log_expected: Tensor, weights: Tensor | None = None) -> Tensor:
    """Cross-entropy over the wanted item and a sample that stands for all others.

    Each sampled score is raised by −ln of how often its item was expected in the sample (the logQ correction), so that in the mean
    the sample's sum of exponentials is that of all items.

    log_expected  (m,) or (n, m): ln of the expected count of each sampled item in its sample
    source        Bengio & Senécal, 2008; Yi et al., RecSys 2019

    >>> everyone = torch.zeros(1, 3), torch.zeros(3)               # three others, each surely in the sample: the full softmax
    >>> round(float(sampled_softmax(torch.zeros(1), *everyone)), 4)
    1.3863
    """
    rest = torch.logsumexp(others - log_expected, dim=1)
    return mean(F.softplus(rest - wanted), weights)


def gbce(wanted: Tensor, others: Tensor, rate: float, trust: float, weights: Tensor | None = None) -> Tensor:
    """Generalised binary cross-entropy: −ln σ(wanted)^β − Σ ln(1 − σ(others)), with β against the overconfidence that sampling brings.

    rate   share of the not wanted items that are in the sample, in (0, 1]
    trust  0 = plain binary cross-entropy, 1 = fully calibrated
    source Petrov & Macdonald, RecSys 2023 (gSASRec)

    >>> round(float(gbce(torch.zeros(1), torch.zeros(1, 1), rate=0.1, trust=0.0)), 4)   # 2 ln 2
    1.3863
    """
    beta = rate * (trust * (1 - 1 / rate) + 1 / rate)
    return mean(beta * F.softplus(-wanted) + F.softplus(others).sum(dim=1), weights)


def bpr(wanted: Tensor, others: Tensor, weights: Tensor | None = None) -> Tensor:
    """Bayesian personalised ranking: −ln σ(wanted − other), the mean over the others.

    source  Rendle et al., UAI 2009

    >>> round(float(bpr(torch.zeros(1), torch.zeros(1, 5))), 4)                         # ln 2
    0.6931
    """
    return mean(F.softplus(others - wanted[:, None]).mean(dim=1), weights)


def squared(predicted: Tensor, values: Tensor, weights: Tensor | None = None) -> Tensor:
    """Squared error, for ratings: (predicted − value)².

    >>> float(squared(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0])))
    2.0
    """
    return mean((predicted - values) ** 2, weights)


def logistic(predicted: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Binary cross-entropy of log-odds against labels in 0..1.

    >>> round(float(logistic(torch.zeros(1), torch.ones(1))), 4)
    0.6931
    """
    return mean(F.binary_cross_entropy_with_logits(predicted, labels, reduction="none"), weights)


def info_nce(left: Tensor, right: Tensor, temperature: float, same: Tensor | None = None) -> Tensor:
    """Contrast of two views: row i of `left` should be nearest to row i of `right`, by cosine, and the other way round.

    left, right  (n, d)
    same         (n, n) bool: pairs of rows that are alike for another reason and take no part
    source       van den Oord et al., 2018; Chen et al., ICML 2020

    >>> apart = torch.eye(2)
    >>> bool(info_nce(apart, apart, 0.1) < info_nce(apart, apart.flip(0), 0.1))
    True
    """
    scores = F.normalize(left, dim=1) @ F.normalize(right, dim=1).T / temperature
    if same is not None:
        scores = scores.masked_fill(same & ~torch.eye(len(scores), dtype=torch.bool, device=scores.device), NEVER)
    truth = torch.arange(len(scores), device=scores.device)
    return (softmax(scores, truth) + softmax(scores.T, truth)) / 2
