"""The live engine: what was just seen counts, nothing acknowledged is lost, every slate can be made again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bowerbird.bundle import Bundle, Config, now
from bowerbird.engine import Engine
from bowerbird.errors import BundleError, DataError
from bowerbird.language import MiniLm, item_texts
from bowerbird.pipeline import RankingSettings
from bowerbird.store import SqlStore
from bowerbird.types import Event, History, Query, Request
from little_world import Spotter, bundle


@pytest.fixture(scope="module")
def fitted() -> Bundle:
    return bundle()


@pytest.fixture
def engine(fitted: Bundle, tmp_path: Path) -> Iterator[Engine]:
    with SqlStore(f"sqlite:///{tmp_path / 'events.db'}") as store:
        yield Engine(fitted, store, Spotter())


def tastes(answer: object) -> list[str]:
    return [one.item.split("-")[0] for one in answer.items]  # type: ignore[attr-defined]


def test_an_empty_store_is_seeded_with_the_bundles_events_once(engine: Engine, fitted: Bundle) -> None:
    assert engine.store.count() == len(fitted.events)
    assert Engine(fitted, engine.store).store.count() == len(fitted.events)
    assert len(engine.history("u0")) == 5


def test_the_next_slate_sees_the_event(engine: Engine) -> None:
    before = engine.recommend(user="newcomer", k=5)
    engine.observe([Event("newcomer", "rope-3", kind="like")])
    after = engine.recommend(user="newcomer", k=5)
    assert tastes(after) == ["rope"] * 5
    assert [one.item for one in after.items] != [one.item for one in before.items]
    assert "rope-3" not in [one.item for one in after.items]


def test_a_change_of_heart_counts(engine: Engine) -> None:
    engine.observe([Event("fickle", "rope-3", kind="like"), Event("fickle", "rope-4", kind="like")])
    assert tastes(engine.recommend(user="fickle", k=3)) == ["rope"] * 3
    engine.observe([Event("fickle", f"paint-{number}", kind="like") for number in range(4)])
    assert tastes(engine.recommend(user="fickle", k=3)).count("paint") >= 2


def test_a_newcomer_gets_a_slate(engine: Engine) -> None:
    assert len(engine.recommend(user="stranger", k=7).items) == 7


def test_online_is_offline(engine: Engine, fitted: Bundle) -> None:
    """The served answer is the evaluated one: the same pipeline on the same history."""
    served = engine.recommend(user="u4", k=6, diversity=0.4)
    numbers = [fitted.catalogue.number(event.item) for event in engine.history("u4")]
    weights = [1.0] * len(numbers)
    times = [event.time.timestamp() for event in engine.history("u4") if event.time]
    query = Query(History.of(numbers, weights, times), time=served.receipt.asked_at.timestamp())  # type: ignore[arg-type]
    slate = fitted.pipeline.recommend([Request(query, k=6, diversity=0.4)])[0]
    assert [one.item for one in served.items] == [fitted.catalogue.ids[number] for number in slate.items]


def test_a_slate_is_made_again_from_its_receipt(engine: Engine) -> None:
    first = engine.recommend(user="u1", k=6, diversity=0.5, explain=True, exclude=["rope-1"])
    engine.observe([Event("u1", "paint-1", kind="like"), Event("u1", "paint-2", kind="like")])
    engine.put_items([{"item": "rope-new", "title": "rope number new"}])
    assert engine.replay(first.receipt).items == first.items
    assert engine.recommend(user="u1", k=6, diversity=0.5).items != first.items
    copied = type(first.receipt).model_validate_json(first.receipt.model_dump_json())
    assert engine.replay(copied).items == first.items


def test_a_history_that_comes_along_is_in_the_receipt(engine: Engine) -> None:
    first = engine.recommend(history=[Event("", "tea-1", kind="like"), Event("", "unheard", kind="like")], k=4)
    assert tastes(first) == ["tea"] * 4
    assert first.notes == ("1 events of the history are about items that are not in the catalogue",)
    assert engine.replay(first.receipt).items == first.items


def test_context_that_counts_for_nothing_is_said(engine: Engine) -> None:
    plain, asked = engine.recommend(user="u1", k=4), engine.recommend(user="u1", k=4, context={"device": "watch"})
    assert asked.items == plain.items
    assert plain.notes == plain.unread == ()
    assert asked.notes == ("context: 'device' is read by no model, and counts for nothing",)
    assert asked.unread == ("device",)
    assert engine.replay(asked.receipt).notes == asked.notes


def test_a_new_item_is_recommendable_at_once(engine: Engine) -> None:
    engine.put_items([{"item": "paint-new", "title": "paint number 9", "categories": ["paint"]}])
    slate = engine.recommend(history=[Event("", f"paint-{number}", kind="like") for number in (1, 2, 3)], k=20)
    assert "paint-new" in [one.item for one in slate.items]
    assert [one.item for one in slate.items].index("paint-new") < 8, "a new item of the user's taste is not buried"


def test_a_new_item_is_seen_by_another_engine_on_the_store(engine: Engine, fitted: Bundle) -> None:
    other = Engine(fitted, engine.store, Spotter())
    engine.put_items([{"item": "tea-new", "title": "tea number 9", "categories": ["tea"]}])
    assert "tea-new" in [one.item for one in other.recommend(history=[Event("", "tea-1", kind="like")], k=20).items]


def test_a_new_item_is_placed_among_the_intents_and_the_others_stay(engine: Engine, fitted: Bundle) -> None:
    before = fitted.catalogue.intents
    engine.put_items([{"item": "paint-new", "title": "paint number 9"}, {"item": "nameless"}, {"item": "tea-0", "title": "rope number 0"}])
    after = engine.catalogue.intents
    assert before is not None
    assert after is not None
    assert [after.of(item) for item in engine.catalogue.numbers(["paint-new", "nameless", "tea-0"])] == [("paint",), (), ("rope",)]
    changed = fitted.catalogue.number("tea-0")
    others = [item for item in range(len(fitted.catalogue)) if item != changed]
    assert (after.membership[others].toarray() == before.membership[others].toarray()).all()
    assert (after.names, after.centres.tolist()) == (before.names, before.centres.tolist())
    assert {one.intents for one in engine.recommend(user="u0", k=4).items} <= {("tea",), ("rope",), ("paint",), ()}


def test_an_item_put_out_of_stock_is_shown_no_more(engine: Engine) -> None:
    history = [Event("", "tea-1", kind="like")]
    first = engine.recommend(history=history, k=1).items[0].item
    engine.put_items([{"item": first, "available": False}])
    assert first not in [one.item for one in engine.recommend(history=history, k=24).items]


def test_a_bad_item_keeps_nothing(engine: Engine) -> None:
    with pytest.raises(DataError):
        engine.put_items([{"item": "ok", "title": "fine"}, {"title": "no id"}])
    assert engine.item("ok") is None
    assert engine.store.items_since(0) == []


def test_filters_and_exclusions(engine: Engine) -> None:
    answer = engine.recommend(user="u0", k=30, filters={"categories": ["rope", "paint"]}, exclude=["rope-0", "unheard"])
    assert set(tastes(answer)) == {"rope", "paint"}
    assert "rope-0" not in [one.item for one in answer.items]
    with pytest.raises(DataError, match="colour"):
        engine.recommend(user="u0", filters={"colour": "red"})


def test_reasons_cite_the_users_own_events(engine: Engine) -> None:
    engine.observe([Event("reader", "paint-2", kind="like"), Event("reader", "paint-5", kind="like")])
    answer = engine.recommend(user="reader", k=3, explain=True)
    taken = {"paint-2", "paint-5"}
    cited = [one for one in answer.items if one.because]
    assert cited
    for one in cited:
        assert set(one.because) <= taken
        assert one.reason
        assert one.rank_with is not None
        assert one.rank_without is None or one.rank_without > one.rank_with


def test_swap_and_rollback(engine: Engine, fitted: Bundle) -> None:
    before = engine.recommend(user="u0", k=5)
    other = bundle(Config(ranking=RankingSettings(diversity=0.9)), seed=1)
    engine.swap(other)
    assert engine.bundle is other
    assert engine.recommend(user="u0", k=5).receipt.bundle == other.fingerprint
    assert engine.replay(before.receipt).items == before.items, "a bundle that was live can still answer for its slates"
    assert engine.rollback() is fitted
    assert engine.recommend(user="u0", k=5).items == before.items
    with pytest.raises(BundleError, match="no bundle was live before"):
        engine.rollback()


def test_a_receipt_of_a_foreign_bundle_is_refused(engine: Engine) -> None:
    receipt = engine.recommend(user="u0").receipt.model_copy(update={"bundle": "0" * 16})
    with pytest.raises(BundleError, match="not among the last"):
        engine.replay(receipt)


def test_every_item_of_a_slate_says_what_it_is_for(engine: Engine) -> None:
    answer = engine.recommend(history=[Event("", "rope-3", kind="like")], k=12)
    assert [one.intents[0] for one in answer.items] == tastes(answer)


def test_a_bundle_without_intents_answers_without(tmp_path: Path) -> None:
    plain = bundle(Config.model_validate({"intents": {"most": 0}}))
    with SqlStore(f"sqlite:///{tmp_path / 'plain.db'}") as store:
        engine = Engine(plain, store, Spotter())
        engine.put_items([{"item": "tea-new", "title": "tea number 9"}])
        answer = engine.recommend(user="u0", k=4, explain=True)
    assert engine.catalogue.intents is None
    assert {one.intents for one in answer.items} == {()}


def test_similar_items_share_the_taste(engine: Engine) -> None:
    assert [one.item.split("-")[0] for one in engine.similar("paint-2", k=4)] == ["paint"] * 4
    with pytest.raises(DataError, match="'unheard': not in the catalogue"):
        engine.similar("unheard")


def test_titles_are_found_in_any_case(engine: Engine) -> None:
    assert [row["item"] for row in engine.search_titles("NUMBER 3")] == ["tea-3", "rope-3", "paint-3"]
    assert engine.search_titles("  ") == []


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (Event("", "tea-1", kind="like"), "must not be empty"),
        (Event("u", "", kind="like"), "must not be empty"),
        (Event("u", "tea-1", kind="adore"), "adore"),
        (Event("u", "tea-1", now() + timedelta(days=9), kind="like"), "must not lie in the future"),
        (Event("u", "tea-1", now().replace(tzinfo=None), kind="like"), "must have a time zone"),
    ],
)
def test_an_event_that_cannot_be_is_refused_and_nothing_of_its_batch_is_kept(engine: Engine, event: Event, sentence: str) -> None:
    count = engine.store.count()
    with pytest.raises(DataError, match=sentence):
        engine.observe([Event("u", "tea-2", kind="like"), event])
    assert engine.store.count() == count


@pytest.mark.parametrize(("asked", "sentence"), [({"k": 0}, "k: must be at least 1"), ({"diversity": 1.5}, "diversity: must be in 0..1")])
def test_a_request_that_cannot_be_is_refused(engine: Engine, asked: dict[str, object], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        engine.recommend(user="u0", **asked)  # type: ignore[arg-type]


def test_the_engine_is_ready(engine: Engine) -> None:
    assert engine.ready


def test_nothing_taken_comes_back_however_long_ago(engine: Engine) -> None:
    engine.observe([Event("reader", "tea-1", kind="like"), *[Event("reader", "tea-2", kind="view")] * 1500])
    assert not {"tea-1", "tea-2"} & {one.item for one in engine.recommend(user="reader", k=24).items}


def test_a_slate_of_a_bundle_that_was_rolled_back_is_made_again(engine: Engine) -> None:
    engine.swap(bundle(Config(ranking=RankingSettings(diversity=0.9)), seed=1))
    bad = engine.recommend(user="u0", k=5)
    engine.rollback()
    assert engine.replay(bad.receipt).items == bad.items


def test_a_put_keeps_the_vectors_for_a_model_that_reads_none(tmp_path: Path) -> None:
    """The re-ranker still needs them."""
    with SqlStore(f"sqlite:///{tmp_path / 'events.db'}") as store:
        engine = Engine(bundle(Config.model_validate({"model": {"kind": "ease"}})), store, Spotter())
        before = engine.catalogue.vectors
        engine.put_items([{"item": "tea-new", "title": "tea number 9", "categories": ["tea"]}])
        after = engine.catalogue.vectors
    assert before is not None
    assert after is not None
    assert (after[: len(before)] == before).all()
    assert (after[-1] == Spotter().encode([item_texts(engine.catalogue.frame[-1], Config().text)[0]])[0]).all()


def test_after_a_swap_items_are_read_by_the_new_bundles_encoder(fitted: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []

    def open_(settings: MiniLm, threads: int = 0) -> Spotter:
        opened.append(settings.max_tokens)
        return Spotter(name=f"spotter-{settings.max_tokens}")

    monkeypatch.setattr(MiniLm, "open", open_)
    with SqlStore(f"sqlite:///{tmp_path / 'events.db'}") as store:
        engine = Engine(fitted, store)
        engine.put_items([{"item": "tea-a", "title": "tea number 9"}])
        engine.put_items([{"item": "tea-b", "title": "tea number 9"}])
        assert opened == [256], "opened once for one bundle"
        engine.swap(bundle(Config(encoder=MiniLm(max_tokens=64))))
        engine.put_items([{"item": "tea-c", "title": "tea number 9"}])
    assert opened == [256, 64]


def test_a_request_keeps_the_state_that_it_began_with(engine: Engine) -> None:
    """An item is put in the middle of a request: slate and receipt are both of before."""
    newest = engine.store.newest

    def putting() -> int:
        engine.put_items([{"item": "rope-new", "title": "rope number 9", "categories": ["rope"]}])
        return newest()

    engine.store.newest = putting  # type: ignore[method-assign]
    answer = engine.recommend(user="u1", k=24)
    engine.store.newest = newest  # type: ignore[method-assign]
    assert "rope-new" not in [one.item for one in answer.items]
    assert answer.receipt.item_offset == 0
    assert engine.replay(answer.receipt).items == answer.items


def test_edits_act_on_the_very_next_slate_stay_and_can_be_withdrawn(engine: Engine) -> None:
    assert tastes(engine.recommend(user="u0", k=3))[0] == "tea"
    told = engine.edit_profile("u0", "mute tea, zebras")
    assert told.edits[0].does == "mute"
    assert told.unheard == ("zebras",)
    answer = engine.recommend(user="u0", k=3)
    assert "tea" not in tastes(answer)
    assert engine.replay(answer.receipt).items == answer.items
    assert "tea" not in [one.item.split("-")[0] for one in engine.search("tea number", user="u0")]
    engine.edit_profile("u0", "unmute tea")
    assert tastes(engine.recommend(user="u0", k=3))[0] == "tea"
    assert "tea" not in tastes(engine.replay(answer.receipt))
    with pytest.raises(DataError, match="correction"):
        engine.edit_profile("u0", "xyzzy")


def test_edits_are_no_events_of_the_user_and_nobody_may_send_them(engine: Engine) -> None:
    engine.edit_profile("u0", "more rope")
    assert len(engine.history("u0")) == 5
    assert engine.recommend(user="u0", k=3).notes == ()
    with pytest.raises(DataError, match="profile_mute"):
        engine.observe([Event("u0", "@profile", kind="profile_mute")])


def test_a_profile_says_what_the_log_shows(engine: Engine) -> None:
    told = engine.profile("u0")
    assert [one.topic.name for one in told.profile.interests if one.topic.sort == "category"] == ["tea"]
    assert told.sentences
    assert told.dropped == 0
    assert engine.profile("stranger").profile.interests == ()
    assert engine.edit_profile("u0", "forget tea").profile.interests == ()
    assert not {event.item for event in engine.history("u0")} & {one.item for one in engine.recommend(user="u0", k=24).items}


def test_words_steer_a_slate_and_the_answer_says_how(engine: Engine) -> None:
    plain, asked = (engine.recommend(user="u0", k=3, text=text) for text in (None, "rope, no paint"))
    assert tastes(plain)[0] == "tea"
    assert tastes(asked) == ["rope"] * 3
    assert asked.wish is not None
    assert [condition.words for condition in asked.wish.conditions] == ["rope", "not paint"]
    assert engine.replay(asked.receipt).items == asked.items
    engine.put_items([{"item": "rope-new", "title": "rope number new", "categories": ["rope"]}])
    assert "rope-new" in [one.item for one in engine.search("rope new")]


def test_reasons_are_tested_in_the_ranking_that_is_shown(engine: Engine) -> None:
    answer = engine.recommend(user="u0", k=4, text="rope", explain=True)
    assert tastes(answer) == ["rope"] * 4
    assert [one.rank_with for one in answer.items] == [1, 2, 3, 4]
