"""A dial that says what it costs at most: the strength of a re-ranker that a budget of accuracy allows, found on validation."""

from collections.abc import Callable, Mapping

BUDGETS = (0.0, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.04, 0.06, 0.09, 0.13, 0.20)
"""The share of the NDCG that may be given up with the dial at 0, .1 … 1."""

Losses = Mapping[float, float]
"""A strength that was measured -> the share of the NDCG that it may give up for all that is known, below 0 where it gains."""


def allowed(losses: Losses, budget: float) -> float:
    """The greatest measured strength whose loss, like that of every weaker one that was measured, is within the budget; 0 if none is.

    >>> losses = {0.2: 0.004, 0.4: 0.02, 0.6: 0.008}
    >>> allowed(losses, 0.01), allowed(losses, 0.02), allowed(losses, 0.001)
    (0.2, 0.6, 0.0)
    """
    kept = 0.0
    for strength in sorted(losses):
        if not losses[strength] <= budget:
            break
        kept = strength
    return kept


def calibrate(loss: Callable[[float], float], known: Losses, halvings: int = 4) -> tuple[tuple[float, ...], dict[float, float]]:
    """The strength for each of `BUDGETS`, and all that was measured to find it. Only strengths that were measured are handed out, so no
    budget is exceeded by what `loss` says.

    loss      the share of the NDCG that a strength gives up; an upper bound of it, where the budgets are to hold for cases that were not
              measured. Is asked `halvings` times a budget at most, between the last strength that keeps to the budget and the next known
    known     what was measured before
    cost      (len(BUDGETS) − 1) · halvings measurements

    >>> strengths, measured = calibrate(lambda strength: 0.1 * strength, {0.0: 0.0, 0.5: 0.05, 1.0: 0.1})
    >>> strengths[3], strengths[9], max(measured[strength] for strength in strengths) <= 0.2
    (0.09765625, 1.0, True)
    """
    losses = {0.0: 0.0, **known}
    for budget in BUDGETS[1:]:
        for _ in range(halvings):
            low = allowed(losses, budget)
            higher = [strength for strength in losses if strength > low]
            if not higher:
                break
            middle = (low + min(higher)) / 2
            losses[middle] = loss(middle)
    return tuple(allowed(losses, budget) if budget else 0.0 for budget in BUDGETS), losses
