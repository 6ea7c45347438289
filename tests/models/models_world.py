"""A checkerboard whose right answers are known: users and items have one of three tastes, texts tell the taste, one item is new."""

import numpy as np
from numpy.typing import NDArray

from bowerbird.data import Catalogue
from bowerbird.types import Happened, History, Log, Query

TASTES, EACH, USERS = 3, 8, 60
N_ITEMS = TASTES * EACH
NEW = N_ITEMS - 1
"""Nobody has touched it; its text says taste 2."""

DAY = 86_400.0


def taste(items: NDArray[np.int32]) -> NDArray[np.int32]:
    """Items 0–7, 8–15 and 16–23 are of taste 0, 1 and 2."""
    return items // EACH


def catalogue(n_items: int = N_ITEMS) -> Catalogue:
    return Catalogue.of([f"i{number}" for number in range(n_items)], vectors=vectors()[:n_items])


def vectors(seed: int = 1) -> NDArray[np.float32]:
    """Two numbers that tell nothing beside three that tell the taste."""
    rng = np.random.default_rng(seed)
    raw = np.concatenate((np.eye(TASTES)[np.arange(N_ITEMS) // EACH], 0.2 * rng.normal(size=(N_ITEMS, 2))), axis=1)
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)


def log(clock: bool = True, seed: int = 0) -> Log:
    """Each user takes six items of one taste, in an order of chance, and dislikes one of another."""
    rng = np.random.default_rng(seed)
    users, items, weights, times = [], [], [], []
    for user in range(USERS):
        own = user % TASTES
        liked = [item for item in rng.permutation(np.arange(own * EACH, own * EACH + EACH)).tolist() if item != NEW][:6]
        disliked = (own + 1) % TASTES * EACH + int(rng.integers(EACH - 1))
        users += [user] * 7
        items += [*liked[:3], disliked, *liked[3:]]
        weights += [1.0, 1.0, 0.5, -1.0, 1.0, 1.0, 1.0]
        times += [(user + step) * DAY for step in range(7)]
    clocks = np.array(times) if clock else np.full(len(items), np.nan)
    return Log(np.array(users, np.int32), np.array(items, np.int32), np.array(weights, np.float32), clocks, USERS, N_ITEMS)


def queries() -> list[Query]:
    """Nobody, someone new to the log, someone with a dislike, someone who did one thing twice, and someone of the log."""
    return [
        Query(History.of([])),
        Query(History.of([2])),
        Query(History.of([9, 17, 11, 12], weights=[1, -1, 0.5, 1])),
        Query(History.of([16, 18, 16])),
        Query(log().history(4), time=200 * DAY),
        Query(History.of([1, 3, 4, 5, 6, 0, 2, 7, 1, 3, 5, 7], weights=[1] * 11 + [0])),
    ]


def happened(n: int = 30) -> list[Happened]:
    """After the log, all of chance: two users of it and a newcomer take and dislike what there is, and an item that came later."""
    rng = np.random.default_rng(8)
    told, past = [], {"0": log().history(0), "1": log().history(1), "newcomer": History.of([])}
    for step in range(n):
        user, item, weight = str(rng.choice(list(past))), int(rng.integers(N_ITEMS)), float(rng.choice([1.0, 0.5, -1.0]))
        item, weight = (N_ITEMS + 1, 1.0) if step == n // 2 else (item, weight)
        time, before = (300 + step) * DAY, past[user]
        told.append(Happened(user, Query(before, time), item, weight))
        past[user] = History.of([*before.items, item], [*before.weights, weight], [*before.times, time])
    return told
