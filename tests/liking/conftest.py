"""People who like or dislike by what the texts say; some like most things, some few."""

import numpy as np
import pytest

from bowerbird.types import Log

N_ITEMS, USERS, EACH = 60, 80, 12


@pytest.fixture(scope="session")
def vectors():
    """60 items of unit length: the first number says how much everyone likes it, the second which of two tastes it is for."""
    rng = np.random.default_rng(1)
    raw = np.column_stack([rng.normal(size=N_ITEMS), np.where(np.arange(N_ITEMS) % 2, 1.0, -1.0), 0.3 * rng.normal(size=(N_ITEMS, 4))])
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="session")
def log(vectors):
    """80 users of 12 events: the log-odds of a like are the user's own, 3 times the item's worth, and 2 times the user's taste."""
    rng = np.random.default_rng(2)
    items = np.concatenate([rng.choice(N_ITEMS, EACH, replace=False) for _ in range(USERS)])
    users = np.repeat(np.arange(USERS), EACH)
    own, taste = rng.normal(size=USERS), rng.choice([-1.0, 1.0], USERS)
    logits = own[users] + 3 * vectors[items, 0] + 2 * taste[users] * vectors[items, 1]
    likes = rng.random(len(items)) < 1 / (1 + np.exp(-logits))
    weights = np.where(likes, 1, -1).astype(np.float32)
    return Log(users.astype(np.int32), items.astype(np.int32), weights, np.full(len(items), np.nan), USERS, N_ITEMS)
