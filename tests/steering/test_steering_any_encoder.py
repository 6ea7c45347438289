"""Wishes are read alike whatever the scale of the encoder's cosines, and by one call of it."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from bowerbird.data import Catalogue
from bowerbird.language import MiniLm, item_texts
from bowerbird.search import Index
from bowerbird.steering import Reader, Vocabulary, steer
from bowerbird.steering.reading import MOST_PHRASES
from bowerbird.types import History

TITLES = [
    "Green tea",
    "Black tea",
    "Jute rope",
    "Climbing rope",
    "Oil paint",
    "Space ships",
    "A cellar ghost",
    "Red roses",
    "Tax forms",
]
GENRES = ["Drinks", "Drinks", "Tools", "Sports", "Art", "Sci-Fi", "Horror", "Gardens", "Office"]
WISHES = [
    "science fiction",
    "something scary",
    "no horror, but roses",
    "water colours",
    "kubernetes cluster",
    "police",
    "hot drinks or art",
]


@dataclass
class Squeezed:
    """An encoder whose cosines all lie between `low` and 1, as those of E5 do: cosine′ = low + (1 − low) · cosine."""

    low: float
    inner: object = field(default_factory=lambda: MiniLm().open(threads=1))
    asked: list[int] = field(default_factory=list)
    name: str = "squeezed"
    dimension: int = 385

    def encode(self, texts):
        self.asked.append(len(texts))
        vectors = self.inner.encode(texts) * np.sqrt(1 - self.low)
        return np.hstack([vectors, np.full((len(texts), 1), np.sqrt(self.low))]).astype(np.float32)


def shop(encoder):
    plain = Catalogue.of([str(n) for n in range(len(TITLES))], TITLES, [[genre] for genre in GENRES])
    return plain.with_vectors(encoder.encode(item_texts(plain.frame)))


@pytest.fixture(scope="module")
def encoders():
    return Squeezed(0.0), Squeezed(0.8)


@pytest.mark.parametrize("text", WISHES)
def test_wishes_are_read_alike_and_lead_alike(encoders, text):
    vocabularies = [Vocabulary(shop(encoder), encoder) for encoder in encoders]
    wishes = [Reader(one).read(text) for one in vocabularies]
    assert wishes[0] == wishes[1]
    told = [steer(wish, one, History.of([0]), np.ones(len(TITLES), bool), k=2) for wish, one in zip(wishes, vocabularies, strict=True)]
    if told[0].bonus is None:
        assert told[1].bonus is None
    else:
        np.testing.assert_allclose(told[0].bonus, told[1].bonus, atol=1e-3)


def test_search_finds_alike(encoders):
    found = [Index.of(shop(one)).search("a haunted house", 9, vector=one.encode(["a haunted house"])[0]).items.tolist() for one in encoders]
    assert found[0] == found[1]
    assert 0 < len(found[0]) < len(TITLES)


def test_all_phrases_of_a_wish_are_read_in_one_call_and_kept():
    encoder = Squeezed(0.0)
    reader = Reader(Vocabulary(shop(encoder), encoder))
    reader.read("roses")
    encoder.asked.clear()
    for _ in range(2):
        wish = reader.read("water colours, a spectre, but no knots")
        steer(wish, reader.vocabulary, History.of([]), np.ones(len(TITLES), bool), k=2)
    assert encoder.asked == [3]


def test_no_wish_asks_for_more_than_is_read():
    encoder = Squeezed(0.0)
    wish = Reader(Vocabulary(shop(encoder), encoder)).read(",".join(f"xx{letter}{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"))
    assert max(encoder.asked[1:]) <= max(MOST_PHRASES, len(GENRES))
    assert "xxzz" in wish.unheard


def test_what_is_left_out_is_found_by_its_stem():
    films = Catalogue.of(["a", "b"], ["The Brown Bunny", "Heat"])
    reader = Reader(Vocabulary(films))
    told = steer(reader.read("no bunnies"), reader.vocabulary, History.of([]), np.ones(2, bool), k=1)
    assert told.allowed is not None
    assert told.allowed.tolist() == [False, True]
