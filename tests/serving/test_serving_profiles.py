from urllib.parse import quote

import pytest
from fake_engine import FakeEngine
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from bowerbird.serving import create_app
from bowerbird.serving.profiles import EditsOut, ProfileOut

HORROR = {"sort": "category", "name": "Horror"}
ADDRESS = "/v1/users/ada/profile"
KEPT = FakeEngine()
ANYONE = TestClient(create_app(KEPT), raise_server_exceptions=False)


def liked(http: TestClient, *items: str) -> None:
    http.post("/v1/events", json={"events": [{"user": "ada", "item": item, "kind": "like"} for item in items]})


def patch(http: TestClient, **body: object):
    return http.patch(ADDRESS, json=body)


def profile(answer) -> ProfileOut:
    assert answer.status_code == 200, answer.text
    return ProfileOut.model_validate_json(answer.content, extra="forbid")


def test_a_profile_has_what_the_log_shows_with_its_evidence(http: TestClient) -> None:
    liked(http, "4", "5", "9")
    told = profile(http.get(ADDRESS))
    [interest] = told.interests
    assert (interest.topic.name, interest.count, interest.trend, told.events) == ("Sci-Fi", 3, "steady", 3)
    assert 0 < interest.weight <= 1
    assert [one.item for one in interest.evidence] == ["4", "5", "9"]
    assert (interest.first, interest.last) == (interest.evidence[0].time, interest.evidence[-1].time)
    assert told.sentences[0].text == "You like Sci-Fi: 3 events speak for it, the last of them Blade Runner (1982)."
    assert told.sentences[0].evidence == interest.evidence
    assert (told.dropped, told.edits, told.unheard) == (0, [], [])


def test_no_more_is_cited_than_is_asked_for(http: TestClient) -> None:
    liked(http, "4", "5", "9")
    for cited, items in ((0, []), (2, ["5", "9"]), (1000, ["4", "5", "9"])):
        [interest] = profile(http.get(f"{ADDRESS}?evidence={cited}")).interests
        assert [one.item for one in interest.evidence] == items
        assert interest.count == 3


@pytest.mark.parametrize(("language", "begins"), [("de", "Du magst Sci-Fi: 2 Ereignisse sprechen"), ("zh", "您喜欢Sci-Fi：有2个行为")])
def test_sentences_speak_the_language_asked_for(http: TestClient, language: str, begins: str) -> None:
    liked(http, "4", "5")
    [sentence] = profile(http.get(f"{ADDRESS}?language={language}")).sentences
    assert sentence.text.startswith(begins)


def test_a_stranger_has_an_empty_profile(http: TestClient) -> None:
    told = profile(http.get("/v1/users/nobody/profile"))
    assert (told.events, told.interests, told.sentences) == (0, [], [])


def test_corrections_in_words_stand_until_withdrawn_and_say_what_was_not_heard(http: TestClient) -> None:
    told = profile(patch(http, text="mute horror, more comedies, sing a song"))
    assert [(edit.does, edit.topic.name) for edit in told.edits if edit.topic] == [("mute", "Horror"), ("more", "Comedy")]
    assert told.unheard == ["sing a song"]
    listed = EditsOut.model_validate_json(http.get(f"{ADDRESS}/edits").content, extra="forbid")
    assert listed.edits == told.edits
    left = profile(http.delete(f"{ADDRESS}/edits/{told.edits[0].id}"))
    assert [edit.does for edit in left.edits] == ["more"]
    again = http.delete(f"{ADDRESS}/edits/{told.edits[0].id}")
    assert again.status_code == 404
    assert again.json()["detail"] == f"edit '{told.edits[0].id}': none of that id stands for user 'ada'"


def test_corrections_as_values(http: TestClient) -> None:
    span = {"since": "2026-05-01T00:00:00+02:00", "until": "2026-06-01T00:00:00Z"}
    told = profile(patch(http, edits=[{"does": "mute", "topic": HORROR}, {"does": "forget", **span}]))
    assert [edit.does for edit in told.edits] == ["mute", "forget"]
    assert told.edits[1].since is not None
    assert told.edits[1].since.isoformat() == "2026-04-30T22:00:00+00:00"
    assert [edit.does for edit in profile(patch(http, edits=[{"does": "withdraw", "topic": HORROR}])).edits] == ["forget"]
    assert profile(patch(http, edits=[{"does": "withdraw", "id": told.edits[1].id}])).edits == []


def test_users_are_told_apart_and_may_hold_anything_printable(http: TestClient) -> None:
    address = f"/v1/users/{quote('a/b ü', safe='')}/profile"
    assert http.patch(address, json={"text": "mute horror"}).json()["user"] == "a/b ü"
    assert len(http.get(f"{address}/edits").json()["edits"]) == 1
    assert http.get(f"{ADDRESS}/edits").json() == {"user": "ada", "edits": []}
    edit = http.get(f"{address}/edits").json()["edits"][0]["id"]
    assert http.delete(f"{ADDRESS}/edits/{edit}").status_code == 404
    assert http.delete(f"{address}/edits/{edit}").json()["edits"] == []


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "body", "exactly one of `edits` and `text`"),
        ({"text": "mute horror", "edits": [{"does": "mute", "topic": HORROR}]}, "body", "exactly one of"),
        ({"text": "x" * 301}, "text", "at most 300 characters"),
        ({"text": 7}, "text", "valid string"),
        ({"edits": []}, "edits", "at least 1 item"),
        ({"edits": [{"does": "mute", "topic": HORROR}] * 101}, "edits", "at most 100 items"),
        ({"edits": [{"does": "shout", "topic": HORROR}]}, "edits.0.does", "'mute', 'more'"),
        ({"edits": [{"does": "mute"}]}, "edits.0", "mute: must say what of"),
        ({"edits": [{"does": "forget"}]}, "edits.0", "must name a topic or a span"),
        ({"edits": [{"does": "withdraw"}]}, "edits.0", "must name an edit or a topic"),
        ({"edits": [{"does": "mute", "topic": {"sort": "mood", "name": "x"}}]}, "edits.0.topic.sort", "'intent', 'category' or 'words'"),
        ({"edits": [{"does": "mute", "topic": {"sort": "words", "name": ""}}]}, "edits.0.topic.name", "at least 1 character"),
        ({"edits": [{"does": "mute", "topic": {"sort": "words", "name": "a\n"}}]}, "edits.0.topic.name", "match pattern"),
        ({"edits": [{"does": "mute", "topic": HORROR, "id": "mine"}]}, "edits.0", "id belongs to withdraw alone"),
        ({"edits": [{"does": "forget", "since": "2026-05-01"}]}, "edits.0.since", "time zone"),
        ({"edits": [{"does": "forget", "since": "2026-05-01T00:00:00Z", "until": "2026-05-01T00:00:00Z"}]}, "edits.0", "before until"),
        ({"edits": [{"does": "mute", "topic": HORROR, "why": "x"}]}, "edits.0.why", "not permitted"),
        ({"text": "hello there"}, "profile", "a correction must say"),
    ],
)
def test_a_wrong_correction_is_refused_in_words_and_nothing_is_kept(
    http: TestClient, engine: FakeEngine, body: dict, field: str, words: str
) -> None:
    answer = patch(http, **body)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"{field}: ")
    assert words in answer.json()["detail"]
    assert not engine.corrections


@pytest.mark.parametrize(("query", "field"), [("evidence=-1", "evidence"), ("evidence=1001", "evidence"), ("language=fr", "language")])
def test_a_wrong_address_names_its_field(http: TestClient, query: str, field: str) -> None:
    answer = http.get(f"{ADDRESS}?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"{field}: ")


@given(st.text(max_size=300))
def test_whatever_is_said_is_answered_in_words(text: str) -> None:
    before = len(KEPT.corrections)
    answer = ANYONE.patch(ADDRESS, json={"text": text})
    assert answer.status_code in (200, 422)
    assert (len(KEPT.corrections) > before) == (answer.status_code == 200)


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=9)


@given(st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3), max_leaves=5))
def test_no_shape_of_body_breaks_it(edits: object) -> None:
    answer = ANYONE.patch(ADDRESS, json={"edits": edits})
    assert answer.status_code == 422
    assert answer.json()["detail"]
