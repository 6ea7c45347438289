"""A checkerboard: even users like even items, odd users odd ones. Whoever has seen one event of a user knows what is wanted."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from bowerbird.config import Settings
from bowerbird.data import Catalogue, Split, split_time
from bowerbird.errors import DataError
from bowerbird.protocols import silent
from bowerbird.types import Log

USERS, ITEMS, NEW, NEWCOMERS = 46, 24, 4, 4
DAY = 86_400.0


def catalogue() -> Catalogue:
    """Categories say the camp; vectors too. The last NEW items come into the world shortly before the end."""
    categories = [["even" if item % 2 == 0 else "odd"] for item in range(ITEMS)]
    vectors = np.zeros((ITEMS, 3), np.float32)
    vectors[np.arange(ITEMS), np.arange(ITEMS) % 2] = 1
    return Catalogue.of([f"i{item}" for item in range(ITEMS)], categories=categories, vectors=vectors)


def log(seed: int = 0) -> Log:
    """Seven old items of the camp each, then in the last days two more and a new one; newcomers do it all at the very end."""
    rng = np.random.default_rng(seed)
    users, items, times = [], [], []
    for user in range(USERS):
        camp = np.arange(user % 2, ITEMS, 2)
        old, new = camp[camp < ITEMS - NEW], camp[camp >= ITEMS - NEW]
        early, late = rng.permutation(old)[:9], rng.permutation(new)[:1]
        moments = np.sort(rng.uniform(0, 80, 7)), np.sort(rng.uniform(80, 100, 3))
        if user >= USERS - NEWCOMERS:
            moments = np.sort(rng.uniform(97, 99, 7)), np.sort(rng.uniform(99, 100, 3))
        users += [user] * 10
        items += [*early[:7], *early[7:], *late]
        times += [*(moments[0] * DAY), *(moments[1] * DAY)]
    return Log(np.array(users, np.int32), np.array(items, np.int32), np.ones(len(users), np.float32), np.array(times), USERS, ITEMS)


def world() -> tuple[Split, Catalogue]:
    return split_time(log(), 0.1, 0.15), catalogue()


@dataclass(frozen=True)
class Constant:
    """Says the same of every item: whoever breaks ties kindly takes it for a genius."""

    n_items: int

    def score(self, queries):
        return np.zeros((len(queries), self.n_items), np.float32)


@dataclass(frozen=True)
class Camp:
    """Knows the rule, the more the higher `skill`: the camp of the history scores `skill`, noise of up to 1 on top."""

    skill: float
    n_items: int

    def score(self, queries):
        noise = np.random.default_rng(0).random((len(queries), self.n_items), np.float32) if self.skill < 1 else 0
        camps = [query.history.items[-1] % 2 if len(query.history) else 0 for query in queries]
        same = np.arange(self.n_items)[None, :] % 2 == np.array(camps)[:, None]
        tiebreak = np.arange(self.n_items, dtype=np.float32) * 1e-3
        return (self.skill * same + noise + tiebreak).astype(np.float32)


class CampRecipe(Settings):
    """`skill` is what tuning should find; `luck` does nothing; `skill` 0.5 refuses to be fitted."""

    kind: Literal["camp"] = "camp"
    skill: float = 0.0
    luck: int = 0

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"skill": (0.0, 0.5, 1.0), "luck": (0, 1)}

    FITS: ClassVar[list[tuple[Log, Catalogue]]] = []
    """What it was given to read, fit by fit."""

    def fit(self, log, catalogue, rng, progress=silent):
        self.FITS.append((log, catalogue))
        if self.skill == 0.5:
            raise DataError("camp: half-skilled is not allowed")
        return Camp(self.skill, len(catalogue))
