import pytest
from fake_engine import FakeEngine
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from bowerbird.serving import create_app
from bowerbird.serving.schemas import SlateOut

ANYONE = TestClient(create_app(FakeEngine()), raise_server_exceptions=False)


def items(answer) -> list[str]:
    return [one["item"] for one in answer.json()["items"]]


def ask(http: TestClient, **body: object):
    return http.post("/v1/recommendations", json=body)


def test_a_history_given_here_is_as_good_as_a_user(http: TestClient) -> None:
    http.post("/v1/events", json={"user": "ada", "item": "4", "kind": "like"})
    assert items(ask(http, user="ada", k=7)) == items(ask(http, history=[{"item": "4", "kind": "like"}], k=7))


def test_the_short_form_asks_the_same(http: TestClient) -> None:
    http.post("/v1/events", json={"user": "ada", "item": "4", "kind": "like"})
    long = ask(http, user="ada", k=3, diversity=0.5, explain=True).json()["items"]
    assert http.get("/v1/users/ada/recommendations?k=3&diversity=0.5&explain=true").json()["items"] == long
    assert long[0]["reason"] == "You liked Alien (1979)."


def test_a_newcomer_is_not_an_error(http: TestClient) -> None:
    assert len(items(ask(http, history=[]))) == 10
    assert len(items(http.get("/v1/users/nobody/recommendations"))) == 10
    assert http.get("/v1/users/nobody/history").json() == {"user": "nobody", "events": []}


def test_the_answer_is_as_the_document_says(http: TestClient) -> None:
    http.post("/v1/events", json={"user": "ada", "item": "4", "kind": "like"})
    answer = ask(http, user="ada", explain=True)
    assert answer.headers["content-type"] == "application/json"
    assert SlateOut.model_validate_json(answer.content, extra="forbid").user == "ada"


def test_every_setting_reaches_the_engine(http: TestClient) -> None:
    body = {
        "user": "ada",
        "k": 3,
        "diversity": 0.25,
        "filters": {"categories": ["Drama"]},
        "exclude": ["8"],
        "context": {"device": "phone", "dark": True, "width": 390.0},
        "explain": True,
        "seed": 7,
        "text": "comedies, no war",
    }
    receipt = ask(http, **body).json()["receipt"]
    assert {name: receipt[name] for name in body} == body


def short(http: TestClient, text: str):
    return http.get("/v1/users/ada/recommendations", params={"text": text})


@pytest.mark.parametrize("ask_for", [lambda http, text: ask(http, user="ada", text=text), short])
def test_a_wish_comes_back_as_it_was_understood(http: TestClient, ask_for) -> None:
    answer = ask_for(http, "comedies without war; qwertyuiop")
    wish = SlateOut.model_validate_json(answer.content, extra="forbid").wish
    assert wish is not None
    assert [condition.words for condition in wish.conditions] == ["Comedy", "not War"]
    assert [condition.exclude for condition in wish.conditions] == [False, True]
    assert wish.unheard == ["qwertyuiop"]
    assert ask(http, user="ada").json()["wish"] is None


@given(st.text(max_size=300))
def test_whatever_is_wished_is_answered(text: str) -> None:
    answer = ANYONE.post("/v1/recommendations", json={"user": "ada", "text": text})
    assert answer.status_code == (422 if "\x00" in text else 200)
    if answer.status_code == 200:
        assert SlateOut.model_validate_json(answer.content, extra="forbid").wish is not None


def test_filters_and_exclusions_hold(http: TestClient) -> None:
    assert items(ask(http, history=[], filters={"categories": "War"}, exclude=["8"])) == ["14", "17"]


def test_a_receipt_gives_the_same_slate_whatever_happened_since(http: TestClient) -> None:
    http.post("/v1/events", json={"user": "ada", "item": "4", "kind": "like"})
    first = ask(http, user="ada", k=5, diversity=0.4, explain=True).json()
    http.post("/v1/events", json={"user": "ada", "item": "1", "kind": "like"})
    again = http.post("/v1/replay", json={"receipt": first["receipt"]})
    assert again.status_code == 200
    assert again.json()["items"] == first["items"]
    assert items(ask(http, user="ada", k=5, diversity=0.4)) != [one["item"] for one in first["items"]]


def test_a_receipt_of_another_bundle_is_refused(http: TestClient) -> None:
    receipt = ask(http, user="ada").json()["receipt"] | {"bundle": "0123456789abcdef"}
    answer = http.post("/v1/replay", json={"receipt": receipt})
    assert answer.status_code == 409
    assert "0123456789abcdef" in answer.json()["detail"]


@pytest.mark.parametrize(
    "forged",
    [
        {"k": 10**9},
        {"offset": 2**70},
        {"offset": -1},
        {"diversity": 7},
        {"asked_at": "2026-01-01T00:00:00"},
        {"text": "x" * 301},
        {"x": 1},
    ],
)
def test_a_forged_receipt_is_held_to_the_limits(http: TestClient, forged: dict) -> None:
    receipt = ask(http, user="ada").json()["receipt"] | forged
    answer = http.post("/v1/replay", json={"receipt": receipt})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"receipt.{next(iter(forged))}: ")


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"user": "ada", "k": 0}, "k", "greater than or equal to 1, got 0"),
        ({"user": "ada", "k": 1001}, "k", "less than or equal to 1000"),
        ({"user": "ada", "k": 2.5}, "k", "valid integer"),
        ({"user": "ada", "diversity": 1.5}, "diversity", "less than or equal to 1, got 1.5"),
        ({"user": "ada", "explian": True}, "explian", "not permitted"),
        ({"user": "ada", "history": []}, "body", "exactly one of `user` and `history`"),
        ({"k": 3}, "body", "exactly one of `user` and `history`"),
        ({"history": [{"item": "1", "user": "bob"}]}, "history.0.user", "not permitted"),
        ({"history": [{"item": "1", "time": "2026-01-01 10:00"}]}, "history.0.time", "time zone"),
        ({"user": "ada", "filters": {"year": None}}, "filters.year", "must be a text, a finite number, true or false"),
        ({"user": "ada", "filters": {"year": [1, {}]}}, "filters.year", "must be a text, a finite number, true or false"),
        ({"user": "ada", "filters": {"year": []}}, "filters.year", "1 to 1000 values"),
        ({"user": "ada", "exclude": "8"}, "exclude", "valid list"),
        ({"user": "ada", "seed": -1}, "seed", "greater than or equal to 0"),
        ({"user": "ada", "text": "x" * 301}, "text", "at most 300 characters"),
        ({"user": "ada", "text": "a\x00b"}, "text", "match pattern"),
        ({"user": "ada", "text": ["comedies"]}, "text", "valid string"),
    ],
)
def test_a_wrong_call_names_its_field(http: TestClient, body: dict, field: str, words: str) -> None:
    answer = ask(http, **body)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"{field}: ")
    assert words in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "field"),
    [("k=none", "k"), ("k=0", "k"), ("diversity=-1", "diversity"), ("explain=perhaps", "explain"), ("text=" + "x" * 301, "text")],
)
def test_a_wrong_address_names_its_field(http: TestClient, query: str, field: str) -> None:
    answer = http.get(f"/v1/users/ada/recommendations?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"{field}: ")


def test_an_unknown_filter_is_named(http: TestClient) -> None:
    answer = ask(http, user="ada", filters={"colour": "red"})
    assert answer.status_code == 422
    assert "no attribute 'colour'" in answer.json()["detail"]
