"""A shop whose users stay with one maker, whose name says nothing to an encoder that was never told."""

from importlib.util import find_spec

import numpy as np
import pytest

from bowerbird.types import Log

collect_ignore_glob = [] if find_spec("torch") and find_spec("peft") else ["test_*.py"]  # they come with the extra `train`

MAKERS = ("zorvex", "quillam", "brenta", "okapel")
THINGS = ("pen", "desk", "lamp", "paper", "stapler", "chair", "ink", "folder", "tape", "clock", "shelf", "ruler")


@pytest.fixture(scope="session")
def texts():
    """48 items: each maker makes each thing."""
    return [f"{thing} by {maker}" for maker in MAKERS for thing in THINGS]


@pytest.fixture(scope="session")
def log():
    """120 users of five events each, all on one maker's items."""
    rng = np.random.default_rng(0)
    n = len(THINGS)
    items = np.concatenate([user % len(MAKERS) * n + rng.choice(n, 5, replace=False) for user in range(120)])
    users = np.repeat(np.arange(120), 5)
    return Log(users.astype(np.int32), items.astype(np.int32), np.ones(600, np.float32), np.full(600, np.nan), 120, n * len(MAKERS))
