"""What an exchange may do: never lose worth, stop only where no exchange pays, and spare those of whom the scorer is sure."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from bowerbird.errors import DataError
from bowerbird.ranking import Chances, Exchange, ItemSpace
from bowerbird.types import History, Query, Slate

NOBODY = Query(History.of([]))

STRAIGHT = Chances(level=-2.0, middle=0.0, width=1.0, power=1.0, fall=0.3)


def world(seed: int) -> tuple[NDArray[np.float32], Slate, int, float]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 13))
    rows = rng.normal(size=(n, 4)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    scores = np.sort(rng.normal(size=n).astype(np.float32))[::-1].copy()
    return rows, Slate(np.arange(n, dtype=np.int32), scores), int(rng.integers(1, 6)), float(rng.choice([0.003, 0.05, 0.3, 2.0]))


def worth(rows: NDArray[np.float32], p: NDArray[np.float64], places: list[int], price: float) -> float:
    """As the docstring of `Exchange` has it, pair by pair."""
    gain = sum(p[place] / np.log2(rank + 2) for rank, place in enumerate(places))
    pairs = [1 - float(rows[i] @ rows[j]) for i in places for j in places if i != j]
    return gain + (price * float(np.mean(pairs)) if pairs else 0.0)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_no_single_exchange_would_pay(seed: int) -> None:
    rows, slate, k, price = world(seed)
    kept = Exchange(rows, price, STRAIGHT)(slate, NOBODY, k).items.tolist()
    p = STRAIGHT.of(slate.scores)
    reached = worth(rows, p, kept, price)
    assert kept == sorted(kept)  # by falling score
    assert reached >= worth(rows, p, list(range(len(kept))), price) - 1e-6
    for leaves in kept:
        for enters in set(range(len(rows))) - set(kept):
            assert worth(rows, p, sorted({*kept, enters} - {leaves}), price) <= reached + 1e-5


def test_a_sure_user_keeps_what_an_unsure_one_gives_up() -> None:
    rows = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    slates = [Slate(np.arange(3, dtype=np.int32), np.array(scores, np.float32)) for scores in ([9, 8, 2], [3, 2.1, 2])]
    sure, unsure = (Exchange(rows, 0.1, STRAIGHT)(slate, NOBODY, 2).items.tolist() for slate in slates)
    assert (sure, unsure) == ([0, 1], [0, 2])


def test_where_nothing_was_learned_the_scale_of_the_scores_does_not_matter() -> None:
    rows, slate, _, _ = world(7)
    wide = Slate(slate.items, slate.scores * 50 - 3)
    assert len(slate) > 4
    answers = [Exchange(rows, 0.05)(one, NOBODY, 4).items.tolist() for one in (slate, wide)]
    assert answers[0] == answers[1] != [0, 1, 2, 3]


def test_likeness_by_texts_and_categories_together() -> None:
    """Two of one text and two of one category; what has only a category is told by it."""
    texts = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float32)
    categories = csr_array(np.array([[1, 0], [0, 1], [0, 1], [1, 0]], np.float32))
    rows = ItemSpace(texts, categories, share=0.25).of(np.arange(4, dtype=np.int32))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)
    alike = rows @ rows.T
    assert alike[0, 1] == pytest.approx(0.75)
    assert alike[1, 2] == pytest.approx(0.25)
    assert alike[0, 3] == pytest.approx(0.5)
    assert alike[2, 3] == pytest.approx(0)


@pytest.mark.parametrize("price", [-1, np.inf])
def test_a_price_that_cannot_be_is_refused(price: float) -> None:
    with pytest.raises(DataError, match="exchange: price"):
        Exchange(np.eye(2, dtype=np.float32), price)
