"""What a group of texts is about, in its own words: class-based TF-IDF."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bowerbird.intents import OTHER
from bowerbird.language.words import HAN, phrases, stem

BETWEEN = " · "
CANDIDATES = 4
"""Terms that a group has to choose its name from."""
HELD, TELLS, FITS = 0.25, 1.5, 0.4
"""A term may name a group if this share of its texts has it, and this many times the share of all texts; and one of the
best two must stand in this share of its texts."""
AS_ONE = 0.6
"""A phrase stands for its word if it is in at least this share of the texts that have the word."""


@dataclass(frozen=True, eq=False, slots=True)
class Terms:
    """The words and phrases of some texts, a word and its plural taken as one.

    forms  term number → as it is shown, the way most texts write it
    parts  term number → the stems of its words
    texts  (n_texts, n_terms) float32, 1 where the text has the term
    """

    forms: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]
    texts: sparse.csr_array


@dataclass(frozen=True, slots=True)
class Group:
    """Texts that lie together, as a namer sees them.

    terms  the words and phrases that tell them from the others, the most telling first
    texts  a few of them, the most typical first
    """

    terms: tuple[str, ...]
    texts: tuple[str, ...]


Namer = Callable[[Sequence[Group]], Sequence[str]]
"""One name for each group; groups of one name are joined, and those that nothing can be said of are `OTHER`."""


def by_terms(groups: Sequence[Group]) -> list[str]:
    """Two terms of each group that no group before it has, or its only one; `OTHER` without any.

    >>> by_terms([Group(("pen", "gel", "ink"), ()), Group(("pen", "gel", "nib"), ()), Group(("lamp",), ()), Group((), ())])
    ['pen · gel', 'pen · nib', 'lamp', 'other']
    """
    names: dict[frozenset[str], str] = {}
    said = []
    for group in groups:
        pairs = sorted(combinations(range(len(group.terms)), 2), key=lambda pair: (sum(pair), pair))
        choices: list[tuple[str, ...]] = [(group.terms[one], group.terms[other]) for one, other in pairs]
        choices = choices or [group.terms]
        chosen = next((choice for choice in choices if frozenset(choice) not in names), choices[0])
        said.append(names.setdefault(frozenset(chosen), BETWEEN.join(chosen) or OTHER))
    return said


def read_terms(texts: Sequence[str]) -> Terms:
    """The terms that stand in at least two of the texts.

    cost  about 0.1 ms for a text of 100 letters

    >>> read_terms(["gel pens", "A gel pen.", "ink"]).forms
    ('gel', 'gel pens', 'pens')
    """
    shown: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    rows: list[set[tuple[str, ...]]] = []
    for text in texts:
        forms = {phrase: tuple(stem(word) for word in phrase.split()) for phrase in phrases(text)}
        rows.append(set(forms.values()))
        for form, key in forms.items():
            shown[key][form] += 1
    times = Counter(key for row in rows for key in row)
    keys = sorted(key for key, n in times.items() if n > 1)
    column = {key: number for number, key in enumerate(keys)}
    indices = [sorted(column[key] for key in row if key in column) for row in rows]
    starts = np.cumsum([0, *map(len, indices)])
    flat = np.fromiter((number for row in indices for number in row), np.int64)
    table = sparse.csr_array((np.ones(len(flat), np.float32), flat, starts), shape=(len(texts), len(keys)))
    return Terms(tuple(_shown(shown[key]) for key in keys), tuple(keys), table)


def group_terms(terms: Terms, labels: NDArray[np.int64], n_groups: int) -> list[tuple[str, ...]]:
    """Up to four terms for each group, the most telling first (`class_weights`); none for a group whose texts have little in common.

    labels  (n_texts,) the group of each text, 0 … n_groups − 1

    >>> texts = ["gel pens", "a gel pen", "blue pen", "ink, pen", "desk lamp", "lamps", "red lamps"]
    >>> group_terms(read_terms(texts), np.array([0, 0, 0, 0, 1, 1, 1]), 2)
    [('pen',), ('lamps',)]
    """
    n = len(labels)
    sizes = np.bincount(labels, minlength=n_groups)
    member = sparse.csr_array((np.ones(n, np.float32), labels, np.arange(n + 1)), shape=(n, n_groups))
    counts = (member.T @ terms.texts).toarray()  # (n_groups, n_terms)
    share = counts / np.maximum(sizes, 1)[:, None]
    weight = class_weights(counts, sizes)
    everywhere = counts.sum(axis=0) / max(n, 1) if n_groups > 1 else 0
    weight[(share < HELD) | (share < TELLS * everywhere) | (counts < 2)] = 0
    chosen = [_chosen(terms, row, seen) for row, seen in zip(weight, counts, strict=True)]
    fits = [row[best[:2]].max(initial=0) >= FITS for row, best in zip(share, chosen, strict=True)]
    return [tuple(terms.forms[term] for term in best) if fit else () for best, fit in zip(chosen, fits, strict=True)]


def class_weights(counts: NDArray[np.float32], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n_groups, n_terms): class-based TF-IDF,  tf(t, c) · ln(1 + A / f(t)),  how far term t tells group c from the others.

    tf is the share of the group's texts that have the term, f the number of texts of all groups that do, A the mean number of terms of a
    group. Each text counts a term once, so that a text which repeats itself does not name its group.

    counts  (n_groups, n_terms), in how many of its texts each term stands
    sizes   (n_groups,), the texts of each group
    source  Grootendorst 2022 (BERTopic, arXiv:2203.05794)

    >>> class_weights(np.array([[4, 2], [0, 2]], np.float32), np.array([4, 4])).round(2).tolist()
    [[0.69, 0.35], [0.0, 0.35]]
    """
    total = counts.sum(axis=0, dtype=np.float64)
    weights: NDArray[np.float64] = counts / np.maximum(sizes, 1)[:, None] * np.log1p(total.sum() / len(sizes) / total)
    return weights


def _chosen(terms: Terms, weight: NDArray[np.float64], counts: NDArray[np.float32]) -> list[int]:
    """The heaviest terms that do not repeat each other; a word that mostly stands in one phrase of telling words gives way to it."""
    ranked = [int(term) for term in np.argsort(-weight, kind="stable") if weight[term] > 0]
    words = {terms.parts[term][0] for term in ranked if len(terms.parts[term]) == 1}
    spoken = [term for term in ranked if len(terms.parts[term]) > 1 and words.issuperset(terms.parts[term])]
    chosen: list[int] = []
    for term in ranked:
        own = terms.parts[term]
        fuller = [other for other in spoken if len(own) == 1 and own[0] in terms.parts[other] and counts[other] >= AS_ONE * counts[term]]
        fuller += [other for other in ranked if _in_han(own[0], terms.parts[other][0]) and counts[other] >= AS_ONE * counts[term]]
        best = max(fuller, key=lambda other: (_han(terms.parts[other][0]), counts[other], -other), default=term)
        if not any(_alike(terms.parts[best], terms.parts[other]) for other in chosen):
            chosen.append(best)
        if len(chosen) == CANDIDATES:
            break
    return chosen


def _in_han(short: str, long: str) -> bool:
    """Whether a run of Han characters is part of a longer one."""
    return len(short) < _han(long) and short in long


def _han(word: str) -> int:
    """How many characters a run of Han has; 0 for any other word."""
    return len(word) if re.match(f"[{HAN}]", word) else 0


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two terms share a word, or have words of which one holds the other or that begin alike; of Han characters, whether they
    share an end."""
    if _han(one[0]) and _han(other[0]):
        return one[0] in other[0] or other[0] in one[0] or one[0][0] == other[0][-1] or one[0][-1] == other[0][0]
    return any(a == b or (len(min(a, b, key=len)) > 3 and (a in b or b in a or a[:5] == b[:5])) for a in one for b in other)


def _shown(forms: Counter[str]) -> str:
    """The commonest form, in small letters if texts write it so now and then: capitals at the head of a title tell nothing."""
    spelled: Counter[str] = Counter()
    for form, n in forms.items():
        spelled[form.lower()] += n
    small = max(spelled, key=lambda form: (spelled[form], form))
    written = {form: n for form, n in forms.items() if form.lower() == small}
    if written.get(small, 0) >= 0.1 * spelled[small]:
        return small
    return max(written, key=lambda form: (written[form], form))
