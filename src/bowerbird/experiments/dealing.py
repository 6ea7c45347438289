"""Which arm a user is in: a pure function of the salt and their id, the same in every process, for ever."""

from hashlib import blake2b

from bowerbird.experiments.settings import Arm, Experiment
from bowerbird.types import UserId


def place(salt: str, user: UserId) -> float:
    """A number in [0, 1) that is a user's own under a salt; over users it is uniform.

    >>> place("2024", "alice") == place("2024", "alice") != place("2025", "alice")
    True
    """
    digest = blake2b(user.encode(), key=blake2b(salt.encode(), digest_size=32).digest(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def dealt(experiment: Experiment, user: UserId) -> Arm:
    """The arm of a user. Which one has nothing to do with the arms of the same user under another salt."""
    at, edge = place(experiment.salt, user), 0.0
    for arm in experiment.arms:
        edge += arm.share
        if at < edge:
            return arm
    return experiment.arms[-1]
