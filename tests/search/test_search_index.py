"""Search finds what is meant: by words, mistyped words, Chinese, and who asks."""

import numpy as np
import pytest

from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.search import Index

SHOP = Catalogue.of(
    ["a", "b", "c", "d", "e", "f"],
    titles=["Green tea", "Black tea", "Hemp rope", "霸王别姬", "大话西游", "西游记之大圣归来"],
    categories=[["tea"], ["tea"], ["rope"], ["剧情"], ["喜剧"], ["动画"]],
)
INDEX = Index.of(SHOP)


@pytest.mark.parametrize(
    ("text", "first"),
    [("green", 0), ("black teas", 1), ("hemp", 2), ("balck", 1), ("霸王", 3), ("姬", 3), ("大圣", 5), ("大话西游", 4), ("喜剧", 4)],
)
def test_words_find(text: str, first: int) -> None:
    assert INDEX.search(text, 3).items[0] == first


def test_what_is_in_no_text_finds_nothing() -> None:
    assert len(INDEX.search("zebra", 3)) == 0
    assert len(INDEX.search("", 3)) == 0
    assert len(Index.of(Catalogue.of([])).search("tea", 3)) == 0
    with pytest.raises(DataError, match="k"):
        INDEX.search("tea", 0)


def test_the_users_own_scores_order_what_was_found_and_find_nothing() -> None:
    own = np.array([0, 1, 9, 9, 9, 9], np.float32)  # both teas are found by one word alike
    assert INDEX.search("tea", 5, own=own).items.tolist() == [1, 0]
    assert INDEX.search("tea", 5, own=own, allowed=np.array([1, 0, 1, 1, 1, 1], bool)).items.tolist() == [0]


def test_vectors_find_what_words_do_not() -> None:
    vectors = np.eye(6, dtype=np.float32)
    index = Index.of(Catalogue.of(list(SHOP.ids), titles=list(SHOP.titles), vectors=vectors))
    assert index.search("nothing alike", 2, vector=vectors[2]).items.tolist() == [2]


def test_an_index_made_over_is_the_index_made_anew() -> None:
    grown = SHOP.upsert([{"item": "g", "title": "Oolong tea"}, {"item": "a", "title": "Jute rope"}])
    over, anew = Index.of(grown, INDEX), Index.of(grown)
    assert over.tokens == anew.tokens
    for text in ("tea", "rope", "oolong"):
        assert over.search(text, 5).items.tolist() == anew.search(text, 5).items.tolist()
    assert Index.of(SHOP, INDEX).ranker is INDEX.ranker


def test_stuffing_a_title_is_bounded() -> None:
    """BM25 saturates: a word said a hundred times weighs less than (k1 + 1) times one said once, k1 = 1.5."""
    shop = Catalogue.of([str(n) for n in range(50)], titles=[*["green tea"] * 10, *["hemp rope"] * 39, "tea " * 40])
    index = Index.of(shop)
    assert index.ranker is not None
    scores = index.ranker.get_scores(index.words("tea"))
    assert scores[49] <= 2.5 * scores[0]
