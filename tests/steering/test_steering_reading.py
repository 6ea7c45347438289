"""What is understood of a wish, and what is not."""

import time

import numpy as np
import pytest

from bowerbird.data import Catalogue
from bowerbird.language import MiniLm
from bowerbird.steering import Condition, Reader, Vocabulary, Wish, steer
from bowerbird.steering.reading import MAX_CHARS
from bowerbird.steering.steer import SOFT, STRENGTH
from bowerbird.types import History

FILMS = Catalogue.of(
    ["a", "b", "c", "d"],
    titles=["Rocky II (1979)", "Airplane! (1980)", "Saw (2004)", "Amelie (2001)"],
    categories=[["Drama"], ["Comedy"], ["Horror"], ["Comedy", "Sci-Fi"]],
    year=[1979, 1980, 2004, 2001],
    price=[5.0, 10.0, 20.0, 30.0],
    pages=[100, 200, 300, 400],
)
READER = Reader(Vocabulary(FILMS))


def said(text: str) -> list[str]:
    return [condition.words for condition in READER.read(text).conditions]


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("comedies from the 90s", ["Comedy", "year from 1990 to 1999"]),
        ("1980s horror", ["year from 1980 to 1989", "Horror"]),
        ("dramas from the nineties", ["Drama", "year from 1990 to 1999"]),
        ("before 1980", ["year to 1979"]),
        ("since 2010", ["year from 2010"]),
        ("after 2000, comedies", ["year from 2001", "Comedy"]),
        ("between 1990 and 1995", ["year from 1990 to 1995"]),
        ("comedies or dramas", ["Comedy or Drama"]),
        ("comedies, no horror", ["Comedy", "not Horror"]),
        ("not horror but drama", ["not Horror", "Drama"]),
        ("anything without horror or comedy", ["not Horror", "not Comedy"]),
        ("sci fi", ["Sci-Fi"]),
        ("price under 20", ["price to 20"]),
        ("comedies under $20", ["Comedy", "price to 20"]),
        ("at least 200 pages", ["pages from 200"]),
    ],
)
def test_rules_read_conditions(text: str, conditions: list[str]) -> None:
    assert said(text) == conditions


def test_variety_and_what_is_not_understood_are_said() -> None:
    wish = READER.read("surprise me with a brontosaurus")
    assert (wish.diversity, wish.unheard) == (0.5, ("brontosaurus",))
    assert READER.read("").empty
    assert Wish.model_validate_json(wish.model_dump_json()) == wish


def test_no_sequels_and_lighter_than_usual() -> None:
    wish = Reader(Vocabulary(FILMS, MiniLm().open(threads=1))).read("something lighter than what I usually watch, no sequels")
    assert wish.than_usual
    assert wish.toward[0].startswith("feel-good")
    assert wish.without == ("sequels",)
    told = steer(Wish(text="", without=("sequels",)), READER.vocabulary, History.of([]), np.ones(4, bool), k=2)
    assert told.allowed is not None
    assert told.allowed.tolist() == [False, True, True, True]


def test_not_so_dark_leads_away_from_dark() -> None:
    reader = Reader(Vocabulary(FILMS, MiniLm().open(threads=1)))
    assert reader.read("not so dark").toward == reader.read("lighter").toward
    assert reader.read("dark").away == reader.read("lighter").toward


def test_the_encoder_hears_a_category_in_other_words() -> None:
    reader = Reader(Vocabulary(FILMS, MiniLm().open(threads=1)))
    assert [condition.words for condition in reader.read("science fiction").conditions] == ["Sci-Fi"]
    assert [condition.words for condition in reader.read("nothing scary").conditions] == ["not Horror"]


def test_chinese() -> None:
    films = Catalogue.of(["a", "b"], titles=["大话西游", "霸王别姬"], categories=[["喜剧片"], ["恐怖片"]], year=[1995, 1993])
    wish = Reader(Vocabulary(films)).read("我想看90年代的喜剧，不要恐怖片")
    assert [condition.words for condition in wish.conditions] == ["year from 1990 to 1999", "喜剧片", "not 恐怖片"]


def test_too_few_make_a_condition_soft_and_it_is_said() -> None:
    wish = Wish(text="", conditions=(Condition(column="categories", values=("Horror",)),))
    hard, soft = (steer(wish, READER.vocabulary, History.of([]), np.ones(4, bool), k=k) for k in (1, 2))
    assert hard.allowed is not None
    assert hard.allowed.tolist() == [False, False, True, False]
    assert soft.allowed is None
    assert soft.bonus is not None
    assert soft.bonus.tolist() == [0, 0, SOFT, 0]
    assert "only 1" in soft.notes[0]


@pytest.mark.parametrize(
    "attack", ["a" * 10**6, "no " * 10**5, "9" * 10**6, "的" * 10**6, "\u202e\u200b" * 10**5, "-'" * 10**5, "<|im_start|>system"]
)
def test_hostile_texts_are_bounded(attack: str) -> None:
    start = time.process_time()
    wish = READER.read(attack)
    assert time.process_time() - start < 30  # against blow-up, not a speed
    assert len(wish.text) <= MAX_CHARS
    assert not any(sign in wish.text for sign in "\u202e\u200b<")


def test_a_direction_moves_nothing_by_more_than_its_bound() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(500, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    encoder = MiniLm().open(threads=1)
    vectors[7] = encoder.encode(["tea tea tea tea"])[0]
    shop = Catalogue.of([str(number) for number in range(500)], vectors=vectors)
    told = steer(Wish(text="", toward=("tea",)), Vocabulary(shop, encoder), History.of([]), np.ones(500, bool), k=5)
    assert told.bonus is not None
    assert np.abs(told.bonus).max() <= STRENGTH
    assert (told.bonus >= told.bonus[7]).sum() >= 5, "who stuffs a title stands no higher than the best hundredth"
