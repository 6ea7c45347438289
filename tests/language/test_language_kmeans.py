"""Grouping by direction, on clouds whose groups are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.language.kmeans import moved, nearest, spherical_kmeans


def clouds(n_groups, each, d=16, spread=0.1, seed=0):
    """Unit vectors around the first axes, and the cloud of each."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(n_groups), each)
    vectors = np.eye(d)[truth] + spread * rng.standard_normal((len(truth), d))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), truth


def test_clear_clouds_are_found_whatever_the_seed():
    vectors, truth = clouds(8, 15)
    for seed in range(10):
        found = spherical_kmeans(vectors, 8, np.random.default_rng(seed))
        pairs = set(zip(truth.tolist(), found.labels.tolist(), strict=True))
        assert len(pairs) == 8 == len(found.centres)


@given(seed=st.integers(0, 10**6), k=st.integers(1, 12))
@settings(max_examples=40)
def test_at_rest_every_vector_is_at_its_nearest_centre_and_every_centre_points_where_its_vectors_do(seed, k):
    vectors, _ = clouds(3, 10, spread=0.5, seed=seed)
    found = spherical_kmeans(vectors, k, np.random.default_rng(seed))
    cosines = vectors @ found.centres.T
    assert (cosines[np.arange(len(vectors)), found.labels] >= cosines.max(axis=1) - 1e-6).all()
    for group, centre in enumerate(found.centres):
        total = vectors[found.labels == group].sum(axis=0)
        assert centre == pytest.approx(total / np.linalg.norm(total), abs=1e-5)
    assert found.fit == pytest.approx(cosines.max(axis=1).mean(), abs=1e-5)


def test_the_same_seed_gives_the_same_bytes():
    vectors, _ = clouds(4, 20, spread=0.6)
    one, other = (spherical_kmeans(vectors, 6, np.random.default_rng(5)) for _ in range(2))
    assert (one.centres.tobytes(), one.labels.tolist()) == (other.centres.tobytes(), other.labels.tolist())


@given(st.integers(0, 10**6))
@settings(max_examples=30)
def test_more_starts_never_fit_worse(seed):
    vectors, _ = clouds(6, 10, spread=0.6)
    one, five = (spherical_kmeans(vectors, 6, np.random.default_rng(seed), starts=starts) for starts in (1, 5))
    assert five.fit >= one.fit


def test_more_groups_than_different_vectors():
    vectors = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    found = spherical_kmeans(vectors, 7, np.random.default_rng(0))
    assert len(found.centres) == 3
    assert found.fit == 1


def test_one_group_and_one_vector():
    assert spherical_kmeans(np.eye(1, 4, dtype=np.float32), 1, np.random.default_rng(0)).labels.tolist() == [0]


def test_a_greater_number_of_groups_never_fits_worse_by_much():
    vectors, _ = clouds(6, 20, spread=0.6)
    fits = [spherical_kmeans(vectors, k, np.random.default_rng(0)).fit for k in (1, 3, 6, 12, 30)]
    assert fits == sorted(fits)


def test_ties_go_to_the_lower_centre():
    labels, likeness = nearest(np.ones((1, 2), np.float32), np.eye(2, dtype=np.float32))
    assert (labels.tolist(), likeness.tolist()) == ([0], [1])


def test_a_centre_that_is_left_alone_goes_to_the_farthest_vector():
    vectors = np.eye(3, dtype=np.float32)
    centres = moved(vectors, np.zeros(3, np.int64), np.array([0.9, 0.2, 0.8], np.float32), 2)
    assert centres[1].tolist() == vectors[1].tolist()
    assert centres[0] == pytest.approx(np.full(3, 3**-0.5))
