"""Texts of scripts with and without spaces are found by their words, named by them, and steered by them."""

import numpy as np
import pytest

from bowerbird.data import Catalogue, clean
from bowerbird.explain import ExplainSettings, explain
from bowerbird.intents import OTHER
from bowerbird.language import MiniLm, find_intents, item_texts
from bowerbird.language.lexical import search_tokens
from bowerbird.models import Ease
from bowerbird.pipeline import Pipeline
from bowerbird.search import Index
from bowerbird.steering import Reader, Vocabulary, steer
from bowerbird.types import History, Query, Request
from little_world import raw

TITLES = {
    "霸王别姬": ["霸王", "别姬", "姬", "霸王别姬", "霸 王"],
    "大话西游之大圣娶亲": ["大圣娶亲", "西游", "大话西游"],
    "流浪地球２": ["流浪地球", "地球2"],
    "七人の侍": ["侍", "七人", "七人の侍"],
    "となりのトトロ": ["トトロ", "となり"],
    "ﾊｳﾙの動く城": ["ハウル", "動く城"],
    "기생충을 만나다": ["기생충", "기생충을"],
    "살인의 추억": ["추억", "살인"],
    "فيلم وَجْدَة": ["فيلم", "وَجْدَة"],
    "Солярис и звёзды": ["солярис", "ЗВЁЗДЫ", "Солярс"],
    "Ирония судьбы": ["ирония", "судьбы"],
    "हिन्दी फ़िल्म": ["हिन्दी", "फ़िल्म"],
    "ต้มยำกุ้ง": ["ต้มยำกุ้ง"],
    "Η Αιωνιότητα": ["αιωνιότητα"],
    "Amélie": ["amélie", "amelie"],
}
INDEX = Index.of(Catalogue.of([str(at) for at in range(len(TITLES))], list(TITLES)))
FILMS = Catalogue.of(
    ["a", "b", "c", "d"],
    ["大话西游", "霸王别姬", "山村老尸", "流浪地球"],
    [["喜剧片"], ["剧情片"], ["恐怖片"], ["科幻片", "动作片"]],
    year=[1995, 1993, 1999, 2019],
)


@pytest.mark.parametrize(("at", "query"), [(at, query) for at, queries in enumerate(TITLES.values()) for query in queries])
def test_a_title_is_found_first_by_its_words(at: int, query: str) -> None:
    assert INDEX.search(query, 3).items[0] == at


def test_words_keep_their_marks_and_characters_do_not_run_into_other_scripts() -> None:
    assert search_tokens("हिन्दी फ़िल्म 2") == ["हिन्दी", "फ़िल्म", "2"]
    assert search_tokens("iPhone手机壳") == ["iphon", "手", "机", "壳", "手机", "机壳"]
    assert search_tokens("か") == ["か"]


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("我想看90年代的喜剧，不要恐怖片", ["year from 1990 to 1999", "喜剧片", "not 恐怖片"]),
        ("科幻片或喜剧片", ["科幻片 or 喜剧片"]),
        ("2000年以前的剧情片", ["year to 1999", "剧情片"]),
        ("来点恐怖", ["恐怖片"]),
    ],
)
def test_wishes_in_chinese(text: str, conditions: list[str]) -> None:
    assert sorted(condition.words for condition in Reader(Vocabulary(FILMS)).read(text).conditions) == sorted(conditions)


def test_chinese_words_to_leave_out_are_left_out() -> None:
    reader = Reader(Vocabulary(FILMS))
    told = steer(reader.read("不要西游"), reader.vocabulary, History.of([]), np.ones(4, bool), k=2)
    assert told.allowed is not None
    assert told.allowed.tolist() == [False, True, True, True]


def test_intents_of_chinese_texts_are_named_by_their_words() -> None:
    texts = [f"{kind}：{more}" for kind in ("科幻小说", "言情小说") for more in ("星际", "往事", "归来", "远方")]
    intents = find_intents(np.repeat(np.eye(2, dtype=np.float32), 4, axis=0), texts, 2, np.random.default_rng(0))
    assert intents is not None
    assert OTHER not in intents.names
    assert sorted(name.split(" · ")[0] for name in intents.names) == ["科幻小说", "言情小说"]


def test_reasons_in_chinese_with_chinese_titles() -> None:
    data = clean(raw())
    titles = [f"《绿茶{number}》" for number in range(len(data.catalogue))]
    catalogue = Catalogue.of(list(data.catalogue.ids), titles, [["茶"]] * len(titles))
    log = data.log
    pipeline = Pipeline(Ease().fit(log, catalogue, np.random.default_rng(0)), catalogue)
    request = Request(Query(History.of([0])), 3)
    slate = pipeline.recommend([request])[0]
    reasons = explain(
        pipeline.scorer, request.query, slate, pipeline.allowed(request), catalogue, ExplainSettings(language="zh", min_fall=0)
    )
    assert all("绿茶" in reason.text or "历史" in reason.text for reason in reasons)
    assert all(reason.text.endswith("。") for reason in reasons)


@pytest.mark.parametrize("text", ["最近有什么好看的科幻片", "静かな映画", "조용한 영화", "فيلم هادئ", "спокойный фильм", "หนังเงียบ"])
def test_an_encoder_that_does_not_know_a_language_breaks_nothing(text: str) -> None:
    encoder = MiniLm().open(threads=1)
    films = FILMS.with_vectors(encoder.encode(item_texts(FILMS.frame)))
    reader = Reader(Vocabulary(films, encoder))
    told = steer(reader.read(text), reader.vocabulary, History.of([0]), np.ones(4, bool), k=2)
    assert told.bonus is None or np.isfinite(told.bonus).all()
    assert len(Index.of(films).search(text, 4, vector=reader.vocabulary.vector(text))) <= 4
