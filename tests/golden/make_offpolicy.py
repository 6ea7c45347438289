"""Make offpolicy.json: a small seeded log of decisions and of slates, and what Open Bandit Pipeline's estimators say of it.

Run in an environment of its own, with a Python that the reference supports (3.8 to 3.10), from the root of the repository:

    python3.10 -m venv reference-venv && reference-venv/bin/pip install obp==0.5.7
    reference-venv/bin/python tests/golden/make_offpolicy.py

obp 0.5.7 asks for torch, which none of the estimators called here uses. The stored figures were made with an empty stand-in for it.
"""

import json
from importlib.metadata import version
from itertools import permutations
from pathlib import Path

import numpy as np
from obp import ope

SEED, N, ACTIONS, SLATES, ITEMS, LENGTH = 13, 120, 5, 60, 5, 3


def main() -> None:
    rng = np.random.default_rng(SEED)
    golden = {
        "reference": f"obp {version('obp')} (Open Bandit Pipeline), numpy {np.__version__}",
        "seed": SEED,
        "definitions": {
            "snips": "obp's self-normalised estimator ignores lambda_, so it is compared unclipped",
            "slate": "all = SlateStandardIPS, above = SlateRewardInteractionIPS, none = SlateIndependentIPS; normalised = SelfNormalized…",
        },
        "decisions": decisions(rng),
        "slates": slates(rng),
    }
    Path(__file__).with_name("offpolicy.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")


def decisions(rng: np.random.Generator) -> dict:
    """Logged by one softmax policy, asked of another, with a reward model that is wrong on purpose."""
    logging, target = softmax(rng.normal(size=(N, ACTIONS))), softmax(1.5 * rng.normal(size=(N, ACTIONS)))
    actions = np.array([rng.choice(ACTIONS, p=row) for row in logging])
    truth = rng.random((N, ACTIONS))
    rewards = rng.normal(truth[np.arange(N), actions], 0.3)
    expected = truth + rng.normal(0.1, 0.3, size=truth.shape)
    propensities = logging[np.arange(N), actions]
    log = {"reward": rewards, "action": actions, "pscore": propensities, "position": np.zeros(N, int), "action_dist": target[:, :, None]}
    modelled = {**log, "estimated_rewards_by_reg_model": expected[:, :, None]}
    asked = {
        "ips": (ope.InverseProbabilityWeighting(), log),
        "ips clip 2": (ope.InverseProbabilityWeighting(lambda_=2.0), log),
        "snips": (ope.SelfNormalizedInverseProbabilityWeighting(), log),
        "direct": (ope.DirectMethod(), modelled),
        "dr": (ope.DoublyRobust(), modelled),
        "dr clip 2": (ope.DoublyRobust(lambda_=2.0), modelled),
        "dr normalised": (ope.SelfNormalizedDoublyRobust(), modelled),
        "dr shrink 5": (ope.DoublyRobustWithShrinkage(lambda_=5.0), modelled),
        "dr switch 2": (ope.SwitchDoublyRobust(lambda_=2.0), modelled),
    }
    return {
        "n_actions": ACTIONS,
        "actions": actions.tolist(),
        "rewards": rewards.tolist(),
        "propensities": propensities.tolist(),
        "target": target.tolist(),
        "expected": expected.tolist(),
        "values": {name: float(estimator.estimate_policy_value(**given)) for name, (estimator, given) in asked.items()},
    }


def slates(rng: np.random.Generator) -> dict:
    """Slates drawn item by item without replacement, by softmax scores that are the same for all."""
    logging, target = rng.normal(size=ITEMS), rng.normal(size=ITEMS)
    orders = np.array(list(permutations(range(ITEMS), LENGTH)))
    chance = given_above(orders, logging).prod(axis=1)
    shown = orders[rng.choice(len(orders), SLATES, p=chance / chance.sum())]
    rewards = rng.random((SLATES, LENGTH)).round(3)
    above = {"logging": given_above(shown, logging), "target": given_above(shown, target)}
    alone = {"logging": whatever_else(shown, orders, logging), "target": whatever_else(shown, orders, target)}
    rows = {
        "slate_id": np.repeat(np.arange(SLATES), LENGTH),
        "position": np.tile(np.arange(LENGTH), SLATES),
        "reward": rewards.ravel(),
    }
    whole = {who: np.repeat(chances.prod(axis=1), LENGTH) for who, chances in above.items()}
    down = {who: np.cumprod(chances, axis=1).ravel() for who, chances in above.items()}
    single = {who: chances.ravel() for who, chances in alone.items()}
    asked = {
        "all": ("SlateStandardIPS", named("", whole)),
        "above": ("SlateRewardInteractionIPS", named("_cascade", down)),
        "none": ("SlateIndependentIPS", named("_item_position", single)),
    }
    values = {}
    for interaction, (name, chances) in asked.items():
        values[interaction] = float(getattr(ope, name)(len_list=LENGTH).estimate_policy_value(**rows, **chances))
        normalised = getattr(ope, f"SelfNormalized{name}")(len_list=LENGTH)
        values[f"{interaction} normalised"] = float(normalised.estimate_policy_value(**rows, **chances))
    return {
        "rewards": rewards.tolist(),
        "given above": {who: chances.tolist() for who, chances in above.items()},
        "whatever else": {who: chances.tolist() for who, chances in alone.items()},
        "values": values,
    }


def softmax(scores: np.ndarray) -> np.ndarray:
    odds = np.exp(scores)
    return odds / odds.sum(axis=1, keepdims=True)


def given_above(shown: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(n, k): the chance of each item, drawn from those that do not stand above it."""
    odds = np.exp(scores)[shown]
    return odds / (np.exp(scores).sum() - np.cumsum(odds, axis=1) + odds)


def whatever_else(shown: np.ndarray, orders: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(n, k): the chance that the item stands at its position, over all slates."""
    chance = given_above(orders, scores).prod(axis=1)
    at = np.stack([np.bincount(orders[:, place], weights=chance, minlength=ITEMS) for place in range(LENGTH)], axis=1)
    return at[shown, np.arange(LENGTH)]


def named(suffix: str, chances: dict) -> dict:
    return {f"pscore{suffix}": chances["logging"], f"evaluation_policy_pscore{suffix}": chances["target"]}


if __name__ == "__main__":
    main()
