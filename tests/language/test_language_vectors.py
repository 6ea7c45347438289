import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bowerbird.language.tokens import batches, padded
from bowerbird.language.vectors import pool, unit

STATES = np.float32([[[1, 8], [3, 2], [99, 99]], [[4, 0], [2, 6], [0, 3]]])
MASK = np.array([[1, 1, 0], [1, 1, 1]])


def test_pooling_by_hand_leaves_padding_out():
    assert pool(STATES, MASK, "mean").tolist() == [[2, 5], [2, 3]]
    assert pool(STATES, MASK, "cls").tolist() == [[1, 8], [4, 0]]
    assert pool(STATES, MASK, "max").tolist() == [[3, 8], [4, 6]]
    assert pool(STATES, MASK, "last").tolist() == [[3, 2], [0, 3]]


def test_states_of_padding_may_be_nan():
    states = STATES.copy()
    states[0, 2] = np.nan
    assert all(np.isfinite(pool(states, MASK, how)).all() for how in ("mean", "cls", "max", "last"))


@given(hnp.arrays(np.float32, (5, 3), elements=st.floats(-1e6, 1e6, width=32)))
def test_unit_vectors_have_length_one_or_were_zero(vectors):
    lengths = np.linalg.norm(unit(vectors).astype(np.float64), axis=1)
    zero = ~vectors.any(1)
    np.testing.assert_allclose(lengths[~zero], 1, atol=1e-5)
    assert (lengths[zero] == 0).all()


@given(st.lists(st.integers(0, 300), max_size=80), st.integers(1, 600))
def test_every_text_is_in_one_batch_and_no_batch_is_over_its_budget(lengths, budget):
    lengths = np.array(lengths, np.int64)
    plan = list(batches(lengths, budget))
    assert sorted(int(row) for rows in plan for row in rows) == list(range(len(lengths)))
    for rows in plan:
        assert len(rows) == 1 or len(rows) * max(1, lengths[rows].max()) <= budget


def test_padding_stands_at_the_end_and_is_masked():
    numbers, mask = padded([[5, 6, 7], [8]], np.array([1, 0]), pad=1)
    assert numbers.tolist() == [[8, 1, 1], [5, 6, 7]]
    assert mask.tolist() == [[1, 0, 0], [1, 1, 1]]
