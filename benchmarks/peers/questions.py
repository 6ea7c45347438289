"""An exchange folder read, for all peers alike. Needs numpy, scipy and polars alone."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from scipy import sparse


@dataclass(frozen=True, eq=False)
class Events:
    """Training events, sorted by user and then by time.

    weights  in [-1, 1]; above 0 is a sign of interest
    times    seconds; NaN where there is no clock
    """

    users: np.ndarray
    items: np.ndarray
    weights: np.ndarray
    times: np.ndarray
    n_users: int
    n_items: int

    @property
    def liked(self) -> "Events":
        """The events that are a sign of interest."""
        keep = self.weights > 0
        return Events(self.users[keep], self.items[keep], self.weights[keep], self.times[keep], self.n_users, self.n_items)

    @property
    def matrix(self) -> sparse.csr_matrix:
        """(n_users, n_items) float32, the weights of what is liked, summed where an item was liked again."""
        liked = self.liked
        return sparse.csr_matrix((liked.weights, (liked.users, liked.items)), shape=(self.n_users, self.n_items))


@dataclass(frozen=True, eq=False)
class Questions:
    """Histories, oldest event first; query q has the rows starts[q] … starts[q + 1].

    users           (n,) the user's number in training; −1 = a stranger, or nothing is known
    items … times   (n_events,) as in `Events`
    """

    users: np.ndarray
    items: np.ndarray
    weights: np.ndarray
    times: np.ndarray
    starts: np.ndarray
    n_items: int
    repeats: bool

    def __len__(self) -> int:
        return len(self.users)

    def take(self, start: int, end: int) -> "Questions":
        """Some neighbours of them."""
        here = slice(self.starts[start], self.starts[end])
        starts = self.starts[start : end + 1] - self.starts[start]
        events = (self.items[here], self.weights[here], self.times[here])
        return Questions(self.users[start:end], *events, starts, self.n_items, self.repeats)

    @property
    def owners(self) -> np.ndarray:
        """(n_events,) the query of each event."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @property
    def matrix(self) -> sparse.csr_matrix:
        """(n, n_items) float32, the weights of what each history likes."""
        keep = self.weights > 0
        return sparse.csr_matrix((self.weights[keep], (self.owners[keep], self.items[keep])), shape=(len(self), self.n_items))

    @property
    def says(self) -> np.ndarray:
        """(n,) bool, the histories that like something."""
        return np.bincount(self.owners, weights=self.weights > 0, minlength=len(self)) > 0

    @property
    def longest(self) -> int:
        """Events of the longest history: ask a library for so many more where it does not leave out what was taken."""
        return int(np.diff(self.starts).max(initial=0))

    def liked(self, query: int) -> np.ndarray:
        """The items that one history likes, oldest first."""
        here = slice(self.starts[query], self.starts[query + 1])
        return self.items[here][self.weights[here] > 0]


@dataclass(frozen=True)
class Task:
    """What is asked for; `docs/peers.md` says what the files of the folder hold."""

    folder: Path
    k: int
    trials: int
    seed: int
    threads: int
    has_clock: bool
    n_users: int
    n_items: int
    queries: int
    validation_queries: int
    repeats: bool
    epochs: int

    @staticmethod
    def read(folder: Path) -> "Task":
        """What `task.json` says."""
        said = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        if (metric := said.pop("metric")) != "ndcg@10":
            raise SystemExit(f"task.json: metric must be ndcg@10, got {metric}")
        return Task(folder, **said)

    def events(self, name: str) -> Events:
        """ "train" or "tune"."""
        return Events(*self._columns(name, "user", "item", "weight", "time"), self.n_users, self.n_items)

    def questions(self) -> Questions:
        """What is asked in the end."""
        return self._questions("queries", self.queries)

    def validation(self) -> "Validation":
        """What trials are judged by."""
        queries, items = self._columns("validation", "query", "item")
        return Validation(self._questions("validation_queries", self.validation_queries), queries.astype(np.int64), items)

    def _questions(self, name: str, n: int) -> Questions:
        query, user, *events = self._columns(name, "query", "user", "item", "weight", "time")
        users = np.full(n, -1, np.int32)
        users[query] = user
        return Questions(users, *events, np.searchsorted(query, np.arange(n + 1)), self.n_items, self.repeats)

    def _columns(self, name: str, *columns: str) -> list[np.ndarray]:
        table = pl.read_parquet(self.folder / f"{name}.parquet")
        return [table[column].to_numpy() for column in columns]


@dataclass(frozen=True, eq=False)
class Validation:
    """Questions, and what was wanted: for each of `items` the query that wants it."""

    questions: Questions
    queries: np.ndarray
    items: np.ndarray
