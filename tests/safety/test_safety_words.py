"""What users write steers by what it names and by nothing else; no sentence that is shown is turned around by a title."""

from collections.abc import Iterator

import numpy as np
import pytest

from bowerbird.bundle import Bundle
from bowerbird.engine import Engine
from bowerbird.errors import DataError
from bowerbird.explain import Shared
from bowerbird.explain.tongues import TONGUES
from bowerbird.explain.wording import unverified, verified
from bowerbird.language.lexical import search_tokens
from bowerbird.language.plain import plain
from bowerbird.language.words import stem
from bowerbird.profiles import Edit, Topic, read_edits
from bowerbird.profiles.claims import Claim, worded
from bowerbird.steering.reading import MAX_CHARS, MOST_PHRASES
from bowerbird.store import SqlStore
from bowerbird.types import Event
from little_world import START, Spotter, bundle
from safety.hostile import HOSTILE, LEAKS, ORDERS, TURNS, UNSEEN, short

TASTES = ("tea", "rope", "paint")


@pytest.fixture(scope="module")
def fitted() -> Bundle:
    return bundle()


@pytest.fixture(scope="module")
def engine(fitted: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with SqlStore(f"sqlite:///{tmp_path_factory.mktemp('safe') / 'a.db'}") as store:
        yield Engine(fitted, store, Spotter())


@pytest.mark.parametrize("text", HOSTILE, ids=short)
def test_a_wish_is_bounded_and_holds_no_condition_that_its_words_do_not(engine: Engine, text: str) -> None:
    answer = engine.recommend(user="u1", k=5, text=text)
    wish = answer.wish
    assert wish is not None
    assert len(answer.items) == 5
    assert len(wish.text) <= MAX_CHARS
    assert wish.text.isprintable()
    words = set(search_tokens(wish.text))
    named = {value for condition in wish.conditions for value in condition.values}
    assert named <= {taste for taste in TASTES if stem(taste) in words}
    assert len((*wish.toward, *wish.away, *wish.without)) <= 2 * MOST_PHRASES
    for phrase in (*wish.without, *wish.toward, *wish.away):
        assert set(search_tokens(phrase)) <= words


@pytest.mark.parametrize("text", [*ORDERS, *TURNS, *LEAKS], ids=short)
def test_an_order_beside_a_wish_leaves_the_wish_as_it_was(engine: Engine, text: str) -> None:
    alone, beside = engine.recommend(user="stranger", k=5, text="rope"), engine.recommend(user="stranger", k=5, text=f"rope. {text}")
    assert alone.wish is not None
    assert beside.wish is not None
    assert alone.wish.conditions == beside.wish.conditions
    assert all(one.item.startswith("rope") for one in beside.items)


@pytest.mark.parametrize("text", HOSTILE, ids=short)
def test_a_correction_does_what_it_names_or_is_refused(engine: Engine, text: str) -> None:
    edits, _ = read_edits(text, engine._words.reader(engine._live.bundle).vocabulary, START)
    if not edits:
        with pytest.raises(DataError, match="a correction must say what") as refused:
            engine.edit_profile("somebody", text)
        assert len(str(refused.value)) < 300
        assert str(refused.value).isprintable()
        return
    said = engine.edit_profile("somebody", text)
    words = set(search_tokens(text[:2000]))
    for edit in said.edits:
        assert edit.topic is None or set(search_tokens(edit.topic.name)) <= words
    engine.edit_profile("somebody", [Edit(does="withdraw", id=edit.id) for edit in said.edits])


@pytest.mark.parametrize("text", HOSTILE, ids=short)
def test_search_takes_it_for_words(engine: Engine, text: str) -> None:
    found = engine.search(text, user="u1", k=5)
    assert len(found) <= 5
    assert len({one.item for one in found}) == len(found)


@pytest.mark.parametrize("text", HOSTILE, ids=short)
def test_no_title_turns_a_sentence_around(text: str) -> None:
    common = Shared((text,), (text,), text)
    for tongue in TONGUES.values():
        sentences = [
            verified([text, "Up"], common, True, rank_with=3, rank_without=41, phrases=tongue.phrases),
            unverified([text], common, newcomer=False, rank_with=3, rank_anyone=9, near=False, phrases=tongue.phrases),
        ]
        honest = verified(["Alien", "Up"], common, True, rank_with=3, rank_without=41, phrases=tongue.phrases)
        for sentence in sentences:
            assert sentence.isprintable()
            assert len(sentence) < 600
        assert sentences[0].split(plain("Up"))[-1] == honest.split("Up")[-1]
    claim = worded(Claim("likes", Topic(sort="category", name=text), 12, text, ()))
    assert claim.isprintable()
    assert claim.startswith("You like ")
    assert len(claim) < 400


def test_reasons_of_an_engine_quote_titles_and_show_no_unseen_sign(engine: Engine) -> None:
    engine.put_items([{"item": f"odd-{at}", "title": text, "categories": ["tea"]} for at, text in enumerate(UNSEEN[1:4])])
    engine.observe([Event("odd", f"odd-{at}", kind="like") for at in range(3)])
    answer = engine.recommend(user="odd", k=5, explain=True)
    reasons = [one.reason for one in answer.items if one.reason is not None]
    assert reasons
    assert all(reason.isprintable() for reason in reasons)
    assert all(claim.text.isprintable() for claim in engine.profile("odd").sentences)
    assert np.isfinite([one.score for one in answer.items]).all()
