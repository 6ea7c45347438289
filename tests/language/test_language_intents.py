"""Interests found in a world whose interests are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.config import parse
from bowerbird.errors import ConfigError, LanguageError
from bowerbird.intents import OTHER
from bowerbird.language import IntentSettings, find_intents, told

THINGS = ("tea", "rope", "paint", "clocks", "boots")
KINDS = ("green", "old", "cheap", "heavy", "Dutch", "small", "round", "rare", "plain", "late")


def world(seed=0, spread=0.15, d=12):
    """Ten texts about each of five things, and a vector near the thing's axis for each."""
    rng = np.random.default_rng(seed)
    texts = [f"{kind} {thing}" for thing in THINGS for kind in KINDS]
    vectors = np.eye(d)[np.repeat(np.arange(len(THINGS)), len(KINDS))] + spread * rng.standard_normal((len(texts), d))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), texts


def found(vectors, texts, n=5, seed=0, **more):
    return find_intents(vectors, texts, n, np.random.default_rng(seed), **more)


@pytest.mark.parametrize("seed", range(5))
def test_the_interests_are_found_with_their_names(seed):
    vectors, texts = world(seed)
    intents = found(vectors, texts, seed=seed)
    assert set(intents.names) == set(THINGS)
    for item, text in enumerate(texts):
        assert intents.names[intents.main[item]] == text.split()[1]
        assert intents.of(item)[0] == text.split()[1]


@given(seed=st.integers(0, 10**6), n=st.integers(1, 12), spread=st.floats(0.05, 1))
@settings(max_examples=40)
def test_every_item_with_a_text_belongs_and_the_parts_sum_to_one(seed, n, spread):
    vectors, texts = world(seed, spread)
    texts[3], vectors[7], vectors[9] = " ", np.nan, 0
    intents = found(vectors, texts, n, seed)
    parts = np.diff(intents.membership.indptr)
    total = intents.membership.sum(axis=1)
    for without in (3, 7, 9):
        assert (parts[without], intents.main[without], intents.of(without)) == (0, -1, ())
    with_text = np.setdiff1d(np.arange(len(texts)), [3, 7, 9])
    assert total[with_text] == pytest.approx(1, abs=1e-5)
    assert ((parts[with_text] >= 1) & (parts[with_text] <= 3)).all()
    assert (intents.membership.data > 0).all()
    assert len(set(intents.names)) == len(intents.names) <= n
    assert OTHER not in intents.names[:-1]


def test_the_same_seed_gives_the_same_map():
    vectors, texts = world(spread=0.6)
    one, other = found(vectors, texts), found(vectors, texts)
    assert one.names == other.names
    assert one.membership.toarray().tobytes() == other.membership.toarray().tobytes()
    assert one.centres.tobytes() == other.centres.tobytes()


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30)
def test_renumbering_the_items_renumbers_the_map(seed):
    vectors, texts = world(spread=0.6)
    order = np.random.default_rng(seed).permutation(len(texts))
    one, other = found(vectors, texts), found(vectors[order], [texts[item] for item in order])
    assert one.names == other.names
    assert other.membership.toarray() == pytest.approx(one.membership.toarray()[order], abs=1e-4)


def test_groups_that_the_same_words_would_name_are_one():
    vectors, texts = world()
    intents = found(vectors, texts, n=12)
    assert set(intents.names) == set(THINGS)
    assert len(intents.centres) > len(intents.names)
    assert all(intents.names[intents.main[item]] == text.split()[1] for item, text in enumerate(texts))


def test_texts_without_a_common_word_are_left_over():
    vectors, texts = world()
    texts[40:] = [f"{kind}x" for kind in KINDS]
    intents = found(vectors, texts)
    assert intents.names[-1] == OTHER
    assert (intents.main[40:] == 4).all()
    assert intents.of(45) == ()


def test_where_nothing_was_read_there_are_none():
    vectors, texts = world()
    assert found(np.full_like(vectors, np.nan), texts) is None
    assert found(vectors, [""] * len(texts)) is None
    assert found(vectors[:0], []) is None


def test_few_items_make_one_intent():
    vectors, texts = world()
    intents = find_intents(vectors[:3], texts[:3], None, np.random.default_rng(0))
    assert (intents.names, intents.main.tolist()) == (("tea",), [0, 0, 0])


def test_a_namer_sees_the_words_and_typical_texts_and_what_it_names_alike_is_one():
    vectors, texts = world()
    seen = []

    def namer(groups):
        seen.extend(groups)
        return ["things to wear" if "boots" in group.terms or "clocks" in group.terms else group.terms[0] for group in groups]

    intents = found(vectors, texts, name=namer)
    assert set(intents.names) == {"tea", "rope", "paint", "things to wear"}
    assert intents.names[0] == "things to wear"
    assert all(group.terms[0] in text for group in seen[:5] for text in group.texts)
    assert all(len(group.texts) == 5 for group in seen[:5])


def test_a_namer_sees_the_most_typical_texts_first():
    vectors, texts = world()
    seen = []
    found(vectors, texts, name=lambda groups: [seen.append(group) or group.terms[0] for group in groups])
    for group in seen:
        own = [item for item, text in enumerate(texts) if text.split()[1] == group.terms[0]]
        centre = vectors[own].sum(axis=0)
        assert texts[own[int(np.argmax(vectors[own] @ centre))]] == group.texts[0]


def test_a_namer_must_name_every_group():
    vectors, texts = world()
    with pytest.raises(LanguageError, match="one name for each of 5 groups, got 1"):
        found(vectors, texts, name=lambda groups: ["all"])


def test_vectors_and_texts_must_fit():
    vectors, texts = world()
    with pytest.raises(LanguageError, match="got 1 texts and 50 vectors"):
        found(vectors, texts[:1])


def test_told_forgets_what_an_encoder_says_of_nothing():
    assert np.isnan(told(np.ones((3, 2), np.float32), ["a", "", " "])).all(axis=1).tolist() == [False, True, True]


def test_a_large_catalogue_is_drawn_from(monkeypatch):
    vectors, texts = world()
    monkeypatch.setattr("bowerbird.language.intents.SAMPLE", 30)
    intents = found(vectors, texts)
    assert set(intents.names) == set(THINGS)
    assert (np.diff(intents.membership.indptr) > 0).all()


@pytest.mark.parametrize("most", [-1, 2.5, "many"])
def test_a_wrong_number_is_refused(most):
    with pytest.raises(ConfigError, match=r"intents\.most"):
        parse(IntentSettings, {"most": most}, "intents")
