"""Names from the texts' own words."""

from math import log

import numpy as np
import pytest

from bowerbird.intents import OTHER
from bowerbird.language.naming import Group, by_terms, class_weights, group_terms, read_terms
from bowerbird.language.words import phrases, stem


def named(*groups):
    texts = [text for group in groups for text in group]
    labels = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    return group_terms(read_terms(texts), labels, len(groups))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The pack of 12 HP ink cartridges", ["HP", "ink", "HP ink", "cartridges", "ink cartridges"]),
        ("Sci-Fi, Children's", ["Sci-Fi", "Children's"]),
        ("a TV or an ox", ["TV"]),
        ("", []),
        ("1999 — 2000!", []),
        ("恐怖片", ["恐怖", "怖片", "恐怖片"]),
        ("ラーメン が 好き", ["ラーメン"]),
        ("Борис и Глеб", ["Борис", "Глеб"]),
    ],
)
def test_what_a_text_says(text, said):
    assert list(phrases(text)) == said


@pytest.mark.parametrize(
    ("one", "other"), [("zombie", "Zombies"), ("story", "stories"), ("brush", "brushes"), ("box", "boxes"), ("movie", "movies")]
)
def test_a_plural_is_its_word(one, other):
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("glass", "glas"), ("bus", "bu"), ("pen", "pencil"), ("ring", "rink")])
def test_other_words_are_not(one, other):
    assert stem(one) != stem(other)


def test_the_words_of_a_group_are_those_that_it_has_and_others_have_not():
    inks = ["red ink", "black ink", "ink pads", "old ink"]
    clocks = ["wall clock", "clocks", "red clock", "alarm clock"]
    assert named(inks, clocks) == [("ink",), ("clock",)]


def test_the_weight_is_that_of_the_paper():
    """Two groups of four texts; what stands in one only once is left out, so five terms: wood, oak (3 + 1), pine; a = 12 / 2."""
    texts = ["oak wood", "oak, wood", "oak. wood", "wood", "pine", "pine", "pine", "pine, oak"]
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    terms = read_terms(texts)
    assert [terms.forms[t] for t in range(len(terms.forms))] == ["oak", "pine", "wood"]
    mean = (4 + 4 + 4) / 2
    wood, oak = 4 / 4 * log(1 + mean / 4), 3 / 4 * log(1 + mean / 4)
    assert wood > oak
    assert group_terms(terms, labels, 2) == [("wood", "oak"), ("pine",)]


def test_the_weights_by_hand():
    counts, sizes = np.array([[8, 3, 0], [1, 3, 5]], np.float32), np.array([10, 5])
    mean = 20 / 2
    by_hand = [[8 / 10 * log(1 + mean / 9), 3 / 10 * log(1 + mean / 6), 0], [1 / 5 * log(1 + mean / 9), 3 / 5 * log(1 + mean / 6), log(3)]]
    assert class_weights(counts, sizes) == pytest.approx(np.array(by_hand))


def test_a_rare_word_names_before_a_common_one():
    inks = ["red, ink", "red, ink", "red, ink", "ink"]
    assert named(inks, ["lamp"] * 4, ["ink pot", "pot", "pot", "pot"])[0][0] == "red"


def test_a_word_of_few_of_the_texts_is_not_said():
    assert named([f"tea, {name}" for name in ("pot", "pot", "one", "two", "three", "four", "five", "six", "seven")], ["rope"] * 9)[0] == (
        "tea",
    )


def test_a_word_that_is_everywhere_tells_nothing():
    assert named(["drama, war", "drama, war", "war"], ["drama, love", "drama, love", "love"]) == [("war",), ("love",)]


def test_where_no_word_is_in_most_texts_there_is_no_name():
    few = ["tea x", "tea y", "tea z", "mug", "mug", "mug", "hat", "hat", "hat"]
    assert named(few, ["rope"] * 9) == [(), ("rope",)]


def test_a_phrase_whose_other_word_is_everywhere_is_not_said():
    assert named(["tea number"] * 4, ["rope number"] * 4, ["paint number"] * 4) == [("tea",), ("rope",), ("paint",)]


def test_a_text_that_repeats_itself_names_nothing():
    once = named(["tea tin", "tea pot", "tea bag", "tea ad ad ad ad"], ["rope", "rope", "rope", "rope"])
    assert once[0][0] == "tea"


def test_a_phrase_stands_for_its_word_and_plurals_are_not_said_twice():
    pens = ["fountain pen", "fountain pens", "a fountain pen", "fountain pens, ink"]
    lamps = ["desk lamp", "lamp", "lamps", "red lamp"]
    assert named(pens, lamps)[0][0] in ("fountain pen", "fountain pens")
    assert not any("pen" in word and "pen" in other for word, *rest in [named(pens, lamps)[0]] for other in rest)


def test_words_stand_as_the_texts_write_them():
    assert read_terms(["HP ink", "hp, HP ink"]).forms == ("HP", "HP ink", "ink")
    assert read_terms(["Gel", "gel", "Gel"]).forms == ("gel",)
    assert read_terms(["Sharpie", "Sharpie"]).forms == ("Sharpie",)


def test_a_group_without_common_words_is_left_without():
    assert named(["tea"] * 4, ["one peter", "two mary", "three john", "four ann"]) == [("tea",), ()]


def test_chinese_is_named_by_pairs_of_characters():
    films, inks = ["恐怖电影", "恐怖故事", "恐怖之夜"], ["墨水红", "墨水", "黑墨水"]
    assert [names[0] for names in named(films, inks)] == ["恐怖", "墨水"]


def test_a_chinese_word_is_named_whole_and_not_twice():
    films, inks = ["科幻片：太空", "太空科幻片", "科幻片"], ["红墨水", "墨水瓶", "墨水"]
    assert [names[0] for names in named(films, inks)] == ["科幻片", "墨水"]
    assert not any("幻" in name for name in named(films, inks)[0][1:])


def test_names_are_made_distinct_while_there_are_words():
    groups = [Group(("pen", "gel", "nib"), ()), Group(("gel", "pen", "ink"), ()), Group(("pen", "gel"), ()), Group((), ()), Group((), ())]
    assert by_terms(groups) == ["pen · gel", "gel · ink", "pen · gel", OTHER, OTHER]
