"""Attribution, features and wording, each by hand."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from bowerbird.config import parse
from bowerbird.data import Catalogue
from bowerbird.errors import ConfigError
from bowerbird.explain import ExplainSettings, Shared, carriers, liked_items, shared
from bowerbird.explain.wording import Phrases, unverified, verified
from bowerbird.intents import OTHER, Intents
from bowerbird.types import History, Query

NOTHING = Shared()


class Told:
    """Tells what it was told to tell."""

    def __init__(self, contributions):
        self.told = np.asarray(contributions, np.float32)

    def score(self, queries):
        raise AssertionError("attribution of a scorer that explains itself asks for no scores")

    def contributions(self, query, items):
        return self.told


def claim(history, told, **settings):
    [one] = carriers(Told(np.array(told)[:, None]), Query(history), np.array([9], np.int32), ExplainSettings(**settings))
    return one.items.tolist(), one.enough


def test_events_of_one_item_count_together_and_the_strongest_stand_first():
    assert claim(History.of([5, 6, 5]), [0.4, 0.5, 0.3]) == ([5, 6], 2 - 1 + (0.7 / 1.2 < 0.6))
    assert claim(History.of([5, 6, 5]), [0.4, 0.5, 0.3], cover=0.5) == ([5, 6], 1)


def test_weak_and_negative_contributions_are_not_cited():
    history = History.of([1, 2, 3, 4])
    assert claim(history, [1.0, 0.2, 0.3, -2.0]) == ([1, 3], 1)
    assert claim(history, [1.0, 0.2, 0.3, -2.0], min_share=0, max_cited=3) == ([1, 3, 2], 1)
    assert claim(history, [0.0, 0.0, -1.0, np.nan]) == ([], 0)


def test_only_what_was_liked_last_is_cited():
    history = History.of([1, 2, 3, 1, 4], [1, 1, 0, -1, 0.3])
    assert liked_items(history).tolist() == [2, 4]
    assert claim(history, [5, 1, 5, 5, 1]) == ([4, 2], 2)  # equally strong: the newer first
    assert liked_items(History.of([1, 2, 1, 1], [1, 1, 1, 0])).tolist() == [2, 1]  # seen again says nothing new


def test_occlusion_takes_away_the_newest_liked_items():
    class Sum:
        def score(self, queries):
            return np.array([[0, query.history.weights @ (query.history.items + 1)] + [0] * 8 for query in queries], np.float32)

    history = History.of([2, 3, 4, 5, 6], [1, 1, 1, -1, 0])
    [one] = carriers(Sum(), Query(history), np.array([1], np.int32), ExplainSettings(occluded=2, cover=1))
    assert one.items.tolist() == [4, 3]


def test_a_word_counts_only_if_it_is_rare_and_says_something():
    titles = ["The Lost Ark 2", "Ark of the Covenant 2", *(f"Covenant {name}" for name in "abcdef"), "The End"]
    films = Catalogue.of([str(number) for number in range(len(titles))], titles)
    assert shared(films, 0, [1]) == Shared((), ("Ark",))
    assert shared(films, 1, [2]) == Shared()
    assert shared(films, 0, [8]) == Shared()
    assert shared(films, 0, []) == Shared()


def test_features_are_common_to_all_the_cited_and_the_rarest_stand_first():
    films = Catalogue.of(list("abcd"), categories=[["Drama", "War"], ["War", "Drama", "Noir"], ["War"], ["Drama"]])
    assert shared(films, 0, [1]).categories == ("Drama", "War")  # three of each: by name
    assert shared(films, 0, [1, 2]).categories == ("War",)
    assert shared(films, 1, [3]).categories == ("Drama",)


def divided(main, names, categories=None):
    """A shop of which item i belongs to intent main[i] alone, to none where that is −1."""
    table = np.zeros((len(main), len(names)), np.float32)
    for item, intent in enumerate(main):
        table[item, intent] = intent >= 0
    found = Intents(names, np.eye(len(names), dtype=np.float32), np.arange(len(names), dtype=np.int32), 0.1, csr_array(table))
    ids = [f"i{item}" for item in range(len(main))]
    return Catalogue.of(ids, [f"Title{item}" for item in range(len(main))], categories).with_intents(found)


def test_an_intent_is_shared_only_where_all_belong_to_it_most():
    shop = divided([0, 0, 0, 1, -1, -1], ("gel pens", "lamps"))
    assert shared(shop, 0, [1, 2]).intent == "gel pens"
    assert shared(shop, 0, [1, 3]).intent is None
    assert shared(shop, 3, [0]).intent is None
    assert shared(shop, 4, [5]).intent is None
    assert shared(shop, 0, []).intent is None


def test_what_is_left_over_is_nothing_to_share():
    assert shared(divided([0, 0, 1, 1], ("gel pens", OTHER)), 2, [3]).intent is None


def test_an_intent_is_told_where_it_is_rarer_than_the_categories():
    wide, narrow = ["Office"], ["Office", "Pens"]
    shop = divided([0, 0, 0, 1, 1], ("gel pens", "lamps"), [narrow, narrow, wide, wide, wide])
    assert shared(shop, 0, [2]).names == ("gel pens", "Office")
    assert shared(shop, 0, [1]).names == ("Pens", "Office")


def test_the_wording_tells_of_an_intent_of_yours():
    common = Shared(("Office",), (), "gel pens")
    assert verified(["A", "B"], common, True, rank_with=1, rank_without=9) == (
        "Because you liked A and B — more of your “gel pens”. Without these two it drops from 1st to 9th."
    )
    said = unverified(["A"], common, newcomer=False, rank_with=1, rank_anyone=9, near=False)
    assert said.endswith("It shares “gel pens” with A.")


def test_other_alphabets_have_words_too():
    films = Catalogue.of(["a", "b"], ["Солярис", "Возвращение на Солярис"])
    assert shared(films, 0, [1]).words == ("Солярис",)


def test_the_wording_fits_the_number_of_cited_items():
    def say(names, common=NOTHING, liked=True, rank_without=22):
        return verified(names, common, liked, rank_with=1, rank_without=rank_without)

    assert say(["A"]) == "Because you liked A. Without that it drops from 1st to 22nd."
    assert say(["A", "B", "C"], Shared(("War",)), rank_without=103) == (
        "Because you liked A, B and C — all three War. Without these three it drops from 1st to 103rd."
    )
    assert say(["A", "B"], Shared((), ("Ark",)), liked=False, rank_without=None) == (
        "Because of A and B — both with “Ark” in the title. Without these two nothing would speak for it."
    )
    assert say(["{A}"]).startswith("Because you liked {A}.")


def test_what_is_said_where_nothing_passed():
    def say(names=(), common=NOTHING, newcomer=False, rank_anyone=None, near=False):
        return unverified(names, common, newcomer=newcomer, rank_with=4, rank_anyone=rank_anyone, near=near)

    assert say(newcomer=True) == "A common first choice: 4th for everyone we know nothing about yet."
    assert say(rank_anyone=5, near=True) == "A pick for everyone: with no history at all it would still rank 5th."
    assert say() == "Your history as a whole speaks for it: without it, nothing would."
    assert say(["A"], Shared(("War",)), rank_anyone=111) == (
        "Your history as a whole speaks for it: without all of it, it drops from 4th to 111th. It shares “War” with A."
    )


def test_another_language_is_another_value():
    german = Phrases(
        ordinal=lambda n: f"{n}.",
        liked="Weil dir {items} gefiel{common}.",
        last=" und ",
        drops=("Ohne das fällt es von {before} auf {after} Stelle.",) * 3,
    )
    said = verified(["A", "B"], Shared(), True, rank_with=3, rank_without=41, phrases=german)
    assert said == "Weil dir A und B gefiel. Ohne das fällt es von 3. auf 41. Stelle."


def test_settings_refuse_what_makes_no_sense():
    with pytest.raises(ConfigError, match=r"explain.max_cited: .*got 4"):
        parse(ExplainSettings, {"max_cited": 4}, "explain")
