"""The tools: what they give is plain, real and available."""

import pytest
from film_world import ALIEN, ALIENS, HEAT, HORIZON, NEMO, THING, TOYS, films

from bowerbird.conversation import TOOLS, Caller, tools_for
from bowerbird.engine import Engine
from bowerbird.errors import ConfigError, DataError
from bowerbird.store import SqlStore

ANN = Caller("ann")


@pytest.fixture(scope="module")
def bundle():
    return films(gone=[HORIZON])


@pytest.fixture
def engine(bundle, tmp_path):
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store:
        yield Engine(bundle, store)


def call(engine, name, caller=ANN, **arguments):
    return tools_for(caller.user or "x")[name](engine, arguments, caller)


def ids(result):
    return [one.item for one in result.items]


def test_each_tool_says_what_it_does_in_a_sentence_and_what_it_takes():
    assert [tool.name for tool in TOOLS] == ["recommend", "search", "similar", "explain", "profile", "feedback"]
    for tool in TOOLS:
        assert tool.about.endswith(".")
        assert tool.about.count(".") == 1
        assert tool.takes.model_json_schema()["type"] == "object"


def test_recommend_follows_the_history_the_wish_and_what_is_excluded(engine):
    plain = call(engine, "recommend", k=3)
    assert THING in ids(plain)
    assert not {ALIEN, ALIENS, HORIZON} & set(ids(plain))
    assert all(one.reason for one in plain.items)
    assert THING not in ids(call(engine, "recommend", k=3, exclude=[THING]))
    light = call(engine, "recommend", text="comedies", k=4)
    assert all("Comedy" in one.categories for one in light.items)


def test_search_similar_and_explain(engine):
    assert ids(call(engine, "search", text="heat")) == [HEAT]
    assert NEMO in ids(call(engine, "similar", item=TOYS))
    why = call(engine, "explain", item=THING)
    assert ids(why) == [THING]
    assert "Alien" in why.lines[0]
    assert why.notes == ()
    assert "not recommended now" in call(engine, "explain", item=HORIZON).notes[0]
    assert "not recommended now" in call(engine, "explain", item=ALIEN).notes[0]


def test_the_reason_of_one_item_is_the_reason_it_has_on_the_slate(engine):
    slate = call(engine, "recommend", k=3)
    for one in slate.items:
        assert call(engine, "explain", item=one.item).lines == (one.reason,)


def test_feedback_and_profile(engine):
    assert any("Horror" in line for line in call(engine, "profile").lines)
    stored = call(engine, "feedback", item=TOYS, reaction="like")
    assert stored.lines == ("Stored: like Toy Story (1995).",)
    assert [event.item for event in engine.history("ann")] == [ALIEN, ALIENS, TOYS]
    muted = call(engine, "feedback", words="mute horror")
    assert any("mute Horror" in line for line in muted.lines)
    assert not any("Horror" in one.categories for one in call(engine, "recommend", k=10).items)


def test_a_call_with_a_key_is_stored_once(engine):
    for _ in range(2):
        call(engine, "feedback", Caller("ann", key="turn-1"), item=TOYS, reaction="like")
    assert len(engine.history("ann")) == 3


@pytest.mark.parametrize(
    ("name", "caller", "arguments", "error", "sentence"),
    [
        ("similar", ANN, {"item": "nowhere"}, DataError, "item 'nowhere': not in the catalogue"),
        ("explain", ANN, {"item": "nowhere"}, DataError, "item 'nowhere': not in the catalogue"),
        ("feedback", ANN, {"item": "nowhere", "reaction": "like"}, DataError, "item 'nowhere': not in the catalogue"),
        ("feedback", ANN, {"item": TOYS}, ConfigError, "feedback: .*give an item and a reaction"),
        ("feedback", ANN, {"item": TOYS, "reaction": "purchase"}, ConfigError, "feedback.reaction: .*'like'"),
        ("feedback", Caller(), {"item": TOYS, "reaction": "like"}, DataError, "must be called for a user"),
        ("profile", Caller(), {}, DataError, "must be called for a user"),
        ("recommend", ANN, {"k": 10_000}, ConfigError, "recommend.k: .*less than or equal to 20"),
        ("search", ANN, {"text": "x", "limit": 3}, ConfigError, "search.limit: extra"),
    ],
)
def test_a_wrong_call_is_one_sentence(engine, name, caller, arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        call(engine, name, caller, **arguments)
