import pytest
from starlette.testclient import TestClient


def liked(http: TestClient, user: str) -> list[str]:
    return [event["item"] for event in http.get(f"/v1/users/{user}/history").json()["events"]]


def test_an_event_changes_the_next_answer(http: TestClient) -> None:
    before = http.get("/v1/users/ada/recommendations?k=5").json()
    stored = http.post("/v1/events", json={"user": "ada", "item": "4", "kind": "like"})
    after = http.get("/v1/users/ada/recommendations?k=5").json()
    assert stored.status_code == 201
    assert stored.json() == {"accepted": 1, "offset": 1}
    assert after["items"][0]["title"] == "Aliens (1986)"
    assert "4" not in [one["item"] for one in after["items"]]
    assert before["items"] != after["items"]


def test_a_batch_is_stored_in_its_order(http: TestClient) -> None:
    batch = {"events": [{"user": "ada", "item": item} for item in ("3", "1", "2")]}
    assert http.post("/v1/events", json=batch).json() == {"accepted": 3, "offset": 3}
    assert liked(http, "ada") == ["3", "1", "2"]


@pytest.mark.parametrize("body", [{"user": "ada", "item": "1"}, {"events": [{"user": "ada", "item": "1"}, {"user": "ada", "item": "2"}]}])
def test_the_same_call_sent_twice_is_stored_once(http: TestClient, body: dict) -> None:
    first = http.post("/v1/events", json=body, headers={"Idempotency-Key": "call-1"})
    again = http.post("/v1/events", json=body, headers={"Idempotency-Key": "call-1"})
    other = http.post("/v1/events", json=body, headers={"Idempotency-Key": "call-2"})
    n = len(body.get("events", [body]))
    assert [answer.json()["offset"] for answer in (first, again, other)] == [n, n, 2 * n]


def test_an_events_own_key_goes_before_the_header(http: TestClient) -> None:
    for call in ("a", "b"):
        http.post("/v1/events", json={"user": "ada", "item": "1", "key": "mine"}, headers={"Idempotency-Key": call})
    assert liked(http, "ada") == ["1"]


def test_times_are_kept_in_utc(http: TestClient, engine) -> None:
    http.post("/v1/events", json={"user": "ada", "item": "1", "time": "2026-01-31T19:00:00+01:00"})
    assert engine.log[0].time.isoformat() == "2026-01-31T18:00:00+00:00"


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"item": "1"}, "user", "field required, got nothing"),
        ({"user": "ada", "item": "1", "colour": "red"}, "colour", "extra inputs are not permitted, got 'red'"),
        ({"user": "", "item": "1"}, "user", "at least 1 character"),
        ({"user": 7, "item": "1"}, "user", "valid string, got 7"),
        ({"user": "a\x00b", "item": "1"}, "user", "match pattern"),
        ({"user": " ada", "item": "1"}, "user", "match pattern"),
        ({"user": "ada", "item": "1", "time": "2026-01-31T18:00:00"}, "time", "must have a time zone"),
        ({"user": "ada", "item": "1", "time": 1_700_000_000}, "time", "must be a text like"),
        ({"user": "ada", "item": "1", "value": "many"}, "value", "valid number"),
        ({"user": "ada", "item": "1", "value": True}, "value", "valid number"),
        ({"events": []}, "events", "at least 1 item"),
        ({"events": [{"user": "ada", "item": "1"}] * 1001}, "events", "at most 1000 items"),
        ({"events": [{"user": "ada", "item": "1"}, {"user": "ada"}]}, "events.1.item", "field required"),
        ({"events": [{"user": "ada", "item": "1", "time": "soon"}]}, "events.0.time", "valid datetime"),
        ({"events": {"user": "ada"}}, "events", "valid list"),
        ([{"user": "ada", "item": "1"}], "body", "valid dictionary"),
    ],
)
def test_a_wrong_body_names_its_field(http: TestClient, body: object, field: str, words: str) -> None:
    answer = http.post("/v1/events", json=body)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["detail"].startswith(f"{field}: ")
    assert words in problem["detail"]
    assert problem["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"user": "ada", ', "body: is not valid JSON"),
        (b'{"user": "ada", "item": "1", "value": NaN}', "value: should be a finite number, got nan"),
        (b'{"user": "\\ud800", "item": "1"}', "user: should be a valid string"),
        (b'{"user": "ada", "item": "1", "value": 1e999}', "value: should be a finite number, got inf"),
        (b"\xff\xfe", "body: "),
        (b"", "body: field required"),
        (b'{"user": "ada\xff\xfe"}', "body: "),
        (b'{"user": "ada", "item": "1", "context": {"one": []}}', "context.one: must be a text, a finite number, true or false, got []"),
        (b'{"user": "ada", "item": "1", "context": {"x": "\\ud800"}}', "context.x: a text must hold"),
    ],
)
def test_what_is_no_json_is_said_so(http: TestClient, raw: bytes, words: str) -> None:
    answer = http.post("/v1/events", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_json_must_be_declared_as_such(http: TestClient, engine) -> None:
    answer = http.post("/v1/events", content=b'{"user": "ada", "item": "1"}', headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422
    assert "Content-Type: application/json" in answer.json()["detail"]
    assert not engine.log


def test_a_kind_that_is_not_declared_is_refused(http: TestClient) -> None:
    answer = http.post("/v1/events", json={"user": "ada", "item": "1", "kind": "lkie"})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("event.kind: must be one of")


def test_a_body_beyond_the_limit_is_refused_unread(http: TestClient, engine) -> None:
    answer = http.post("/v1/events", content=b" " * (4 * 1024 * 1024 + 1), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert not engine.log


def test_a_store_that_fails_is_no_fault_of_the_client(http: TestClient, engine) -> None:
    engine.broken = True
    answer = http.post("/v1/events", json={"user": "ada", "item": "1"})
    assert answer.status_code == 503
    assert answer.json() == {"status": 503, "detail": "store: the disk is full"}
    assert answer.headers["retry-after"] == "1"
