"""A world of four tastes of forty items each, whose breaks are known: a history is made of stretches of tastes."""

import numpy as np

from bowerbird.types import History, Log

TASTES, EACH, USERS, LENGTH = 4, 40, 160, 60
N_ITEMS = TASTES * EACH
STRAY = 0.15
"""How often someone takes an item of any taste."""


def stretch(taste: int, n: int, rng: np.random.Generator) -> list[int]:
    """What someone of one taste takes."""
    own = rng.integers(taste * EACH, taste * EACH + EACH, n)
    return np.where(rng.random(n) < STRAY, rng.integers(N_ITEMS, size=n), own).tolist()


def history(*stretches: tuple[int, int], seed: int = 0) -> History:
    """Stretches of (taste, how many events), one after the other."""
    rng = np.random.default_rng(seed)
    return History.of([item for taste, n in stretches for item in stretch(taste, n, rng)])


def log(seed: int = 0) -> Log:
    """Users who never change."""
    rng = np.random.default_rng(seed)
    items = np.array([stretch(user % TASTES, LENGTH, rng) for user in range(USERS)], np.int32).ravel()
    users = np.repeat(np.arange(USERS, dtype=np.int32), LENGTH)
    times = np.tile(np.arange(LENGTH) * 3600.0, USERS)
    return Log(users, items, np.ones(len(items), np.float32), times, USERS, N_ITEMS)
