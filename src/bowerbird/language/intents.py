"""A map of the catalogue's interests, found in its language vectors and named from its own words."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from bowerbird.config import Settings
from bowerbird.errors import LanguageError
from bowerbird.intents import OTHER, Intents
from bowerbird.language.kmeans import Clusters, nearest, spherical_kmeans
from bowerbird.language.naming import Group, Namer, by_terms, group_terms, read_terms

SAMPLE = 10_000
"""Items that are grouped and whose words are read; a larger catalogue is drawn from, and all its items are placed."""
MOST = 48
"""Groups looked for unless set: more, and neighbours can hardly be told apart by name."""
FEW = 3
"""A group of fewer items is no interest: they go to the next nearest group."""
SHOWN = 5
"""Texts of a group that a namer is shown."""


class IntentSettings(Settings):
    """The interests that the catalogue is divided into.

    most  at most so many are found; groups that the same words would name are one. None = √(items / 2), at most 48; 0 = none are looked for
    """

    most: int | None = Field(default=None, ge=0)


def find_intents(
    vectors: NDArray[np.float32], texts: Sequence[str], n: int | None, rng: np.random.Generator, name: Namer = by_terms
) -> Intents | None:
    """The interests of a catalogue; None where no item has a text.

    Texts are grouped by the direction of their vectors (`spherical_kmeans`) and each group is named. Groups of one name are joined, and the
    joined are named again: an intent is what a person would tell apart by name, so a catalogue whose texts say little has few. What a
    name does not depend on is the order of the items.

    vectors  (n_items, d) float32, unit length; a row of zeros or NaN = not read
    texts    one an item; an item with an empty text belongs to no intent
    n        groups to look for, at least 1; None = √(items / 2), at most 48
    name     names groups, the largest first
    raises   LanguageError if there is not one text for each vector, or not one name for each group
    cost     3 to 8 seconds for 10 000 items; from there on O(n_items · n · d)

    >>> texts = ["green tea", "black tea", "a tea pot", "tea tin", "jute rope", "hemp rope", "rope", "a rope ladder"]
    >>> vectors = np.repeat(np.eye(2, dtype=np.float32), 4, axis=0)
    >>> intents = find_intents(vectors, texts, 2, np.random.default_rng(0))
    >>> intents.names, [intents.of(item) for item in (0, 7)]
    (('tea', 'rope'), [('tea',), ('rope',)])
    """
    if len(texts) != len(vectors):
        raise LanguageError(f"intents: there must be one text for each vector, got {len(texts)} texts and {len(vectors)} vectors")
    heard = told(vectors, texts)
    known = np.flatnonzero(np.nan_to_num(np.einsum("ij,ij->i", heard, heard)) > 0)
    if not len(known):
        return None
    sample = known[_in_order(heard[known])]
    if len(sample) > SAMPLE:
        sample = sample[np.sort(rng.choice(len(sample), SAMPLE, replace=False))]
    groups = min(round((len(known) / 2) ** 0.5), MOST) if n is None else n
    found = _without_the_few(spherical_kmeans(heard[sample], min(max(groups, 1), len(sample)), rng), heard[sample])
    names, owners = _named(found, heard[sample], [texts[item] for item in sample], name)
    order = np.argsort(owners, kind="stable")
    nobody = sparse.csr_array((0, len(names)), dtype=np.float32)
    intents = Intents(names, found.centres[order], owners[order].astype(np.int32), _spread(found, owners, heard[sample]), nobody)
    return intents.with_items(np.arange(len(heard)), heard, len(heard))


def told(vectors: NDArray[np.float32], texts: Sequence[str]) -> NDArray[np.float32]:
    """The vectors of the items that have a text; NaN for the others, of which an encoder says something all the same."""
    return np.where(np.array([bool(text.strip()) for text in texts], bool)[:, None], vectors, np.float32(np.nan))


def _without_the_few(found: Clusters, vectors: NDArray[np.float32]) -> Clusters:
    sizes = np.bincount(found.labels)
    kept = sizes >= min(FEW, sizes.max())
    labels, likeness = nearest(vectors, found.centres[kept])
    return Clusters(found.centres[kept], labels, float(likeness.mean(dtype=np.float64)))


def _named(found: Clusters, vectors: NDArray[np.float32], texts: Sequence[str], name: Namer) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The names of the intents, and the intent of each group: the largest first, `OTHER` last."""
    terms = read_terms(texts)
    central = np.argsort(-np.einsum("ij,ij->i", vectors, found.centres[found.labels]), kind="stable")
    owners = np.arange(len(found.centres))
    while True:
        owners = _largest_first(owners, found.labels)
        labels = owners[found.labels]
        said = group_terms(terms, labels, owners.max() + 1)
        shown = [tuple(texts[at] for at in central[labels[central] == group][:SHOWN]) for group in range(len(said))]
        names = list(name([Group(*one) for one in zip(said, shown, strict=True)]))
        if len(names) != len(said):
            raise LanguageError(f"intents: there must be one name for each of {len(said)} groups, got {len(names)}")
        number = {one: at for at, one in enumerate(sorted(dict.fromkeys(names), key=lambda one: one == OTHER))}
        owners = np.array([number[one] for one in names])[owners]
        if len(number) == len(names):
            return tuple(number), owners


def _largest_first(owners: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same owners, numbered by how many texts they have."""
    sizes = np.bincount(owners[labels], minlength=owners.max() + 1)
    rank = np.empty(len(sizes), np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return rank[owners]


def _spread(found: Clusters, owners: NDArray[np.int64], vectors: NDArray[np.float32]) -> float:
    """Half of the mean gap between the best and the second best intent: by it about every other item has a second one."""
    n = owners.max() + 1
    if n == 1:
        return 1.0
    cosines = vectors @ found.centres.T
    likeness = np.stack([cosines[:, owners == intent].max(axis=1) for intent in range(n)], axis=1)
    best = -np.partition(-likeness, 1, axis=1)[:, :2]
    return max(float((best[:, 0] - best[:, 1]).mean(dtype=np.float64)) / 2, 1e-3)


def _in_order(vectors: NDArray[np.float32]) -> NDArray[np.intp]:
    """An order of the rows that depends on what they are and not on where they stand."""
    rows = np.ascontiguousarray(vectors)
    return np.argsort(rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel(), kind="stable")
