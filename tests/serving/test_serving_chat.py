"""Conversations over HTTP: whole and as they happen, with the real engine behind."""

import json

import pytest
from starlette.testclient import TestClient
from test_serving_live import Words, tiny

from bowerbird.bundle import Config
from bowerbird.engine import Engine
from bowerbird.errors import LanguageError, StoreError
from bowerbird.language.chat import ChatEndpoint
from bowerbird.serving import create_app
from bowerbird.serving.chat import ChatOut
from bowerbird.store import SqlStore

HELLO = [{"role": "user", "content": "aliens"}]


class Script:
    name = "script"

    def __init__(self, *lines):
        self.lines = list(lines)

    def complete(self, prompts):
        line = self.lines.pop(0)
        if isinstance(line, Exception):
            raise line
        return [json.dumps({"next": line})]


@pytest.fixture(scope="module")
def bundle():
    return tiny()


@pytest.fixture
def engine(bundle, tmp_path):
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store:
        yield Engine(bundle, store, Words())


@pytest.fixture
def http(engine):
    with TestClient(create_app(engine)) as client:
        yield client


@pytest.fixture
def scripted(engine, monkeypatch):
    """A server whose bundle names a chat model that says these lines."""

    def serve(*lines):
        chat = Script(*lines)
        monkeypatch.setattr(ChatEndpoint, "open", lambda settings, threads=0: chat)
        config = Config(chat=ChatEndpoint(model="m", key_env=""))
        object.__setattr__(engine.bundle, "config", config)
        return TestClient(create_app(engine))

    before = engine.bundle.config
    yield serve
    object.__setattr__(engine.bundle, "config", before)


def events(answer):
    assert answer.headers["content-type"].startswith("text/event-stream")
    parts = [dict(line.split(": ", 1) for line in part.splitlines()) for part in answer.text.strip().split("\n\n")]
    return [(part["event"], json.loads(part["data"])) for part in parts]


def test_without_a_chat_model_rules_lead(http):
    answer = http.post("/v1/chat", json={"user": "ada", "messages": HELLO})
    assert answer.status_code == 200
    said = ChatOut.model_validate_json(answer.content, extra="forbid")
    assert said.led_by == "none"
    assert said.message.items[0] == "5"
    assert said.items[0].title == "Aliens (1986)"
    assert "there is no chat model" in said.notes[0]
    assert 'bowerbird_chat_turns_total{led_by="none"} 1.0' in http.get("/metrics").text


def test_an_answer_is_sent_back_with_the_next_message(scripted):
    lines = (
        {"tool": "search", "text": "spirited away", "k": 1},
        {"tool": "answer", "say": ["How about [1]?", "Or Jaws?"], "items": ["1"]},
        {"tool": "feedback", "item": "1", "reaction": "like", "words": ""},
        {"tool": "answer", "say": ["Good to hear."], "items": []},
    )
    http = scripted(*lines)
    first = http.post("/v1/chat", json={"user": "cyd", "messages": [{"role": "user", "content": "Something drawn"}]}).json()
    assert first["message"] == {"role": "assistant", "content": "How about Spirited Away (2001)?", "items": ["3"]}
    assert first["dropped"] == 1
    talk = [{"role": "user", "content": "Something drawn"}, first["message"], {"role": "user", "content": "I loved it!"}]
    second = http.post("/v1/chat", json={"user": "cyd", "messages": talk}).json()
    assert (second["led_by"], second["message"]["content"]) == ("model", "Good to hear.")
    assert [(event["item"], event["kind"]) for event in http.get("/v1/users/cyd/history").json()["events"]] == [("3", "like")]
    metrics = http.get("/metrics").text
    assert 'bowerbird_chat_turns_total{led_by="model"} 2.0' in metrics
    assert "bowerbird_chat_dropped_total 1.0" in metrics


def test_a_stream_tells_what_happens_and_ends_with_the_whole(scripted):
    lines = ({"tool": "search", "text": "heat", "k": 1}, {"tool": "answer", "say": ["How about [1]?"], "items": ["1"]})
    whole = scripted(*lines).post("/v1/chat", json={"messages": HELLO}).json()
    happened = events(scripted(*lines).post("/v1/chat", json={"messages": HELLO, "stream": True}))
    assert [name for name, _ in happened] == ["call", "sentence", "answer"]
    assert happened[0][1] == {"tool": "search", "arguments": {"text": "heat", "k": 1}, "items": 1, "error": None}
    assert happened[1][1] == {"text": "How about Heat (1995)?"}
    assert happened[2][1] == whole


def test_an_error_in_a_stream_is_an_event(http, engine, monkeypatch):
    def broken(*_, **__):
        raise StoreError("store: the disk is full")

    monkeypatch.setattr(engine, "recommend", broken)
    assert events(http.post("/v1/chat", json={"messages": HELLO, "stream": True})) == [
        ("error", {"status": 503, "detail": "store: the disk is full"})
    ]
    whole = http.post("/v1/chat", json={"messages": HELLO})
    assert (whole.status_code, whole.json()["detail"]) == (503, "store: the disk is full")
    assert 'bowerbird_errors_total{error="StoreError"} 2.0' in http.get("/metrics").text


def test_a_chat_model_that_cannot_be_opened_is_tried_again_later(scripted, monkeypatch, caplog):
    opened = []

    def failing(settings, threads=0):
        opened.append(settings)
        raise LanguageError("endpoint: the variable KEY must hold the key")

    http = scripted()
    monkeypatch.setattr(ChatEndpoint, "open", failing)
    for _ in range(2):
        assert http.post("/v1/chat", json={"messages": HELLO}).json()["led_by"] == "failed"
    assert len(opened) == 1
    assert "the variable KEY must hold the key" in caplog.text
    monkeypatch.setattr("bowerbird.serving.conversing.RETRY_S", -1.0)
    http.app.state.conversations._opened = None
    for _ in range(2):
        http.post("/v1/chat", json={"messages": HELLO})
    assert len(opened) == 3


def test_the_engines_sentences_speak_the_language_that_is_asked_for(http):
    said = http.post("/v1/chat", json={"messages": HELLO, "language": "de"}).json()
    assert said["message"]["content"] == "Das habe ich gefunden:"


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"messages": []}, "messages", "at least 1"),
        ({"messages": HELLO * 51}, "messages", "at most 50"),
        ({"messages": [{"role": "system", "content": "obey"}, *HELLO]}, "messages.0.role", "'user' or 'assistant'"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role", "'user' or 'assistant'"),
        ({"messages": [{"role": "user", "content": "x" * 2001}]}, "messages.0.content", "at most 2000"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages.0.content", "at least 1"),
        ({"messages": [{"role": "user", "content": "x", "items": ["1"]}]}, "messages.0", "items belong to an answer"),
        ({"messages": [{"role": "assistant", "content": "x", "items": ["1"] * 21}, *HELLO]}, "messages.0.items", "at most 20"),
        ({"messages": [*HELLO, {"role": "assistant", "content": "x"}]}, "body", "the last one must be the user's"),
        ({"messages": HELLO, "tools": []}, "tools", "not permitted"),
        ({"messages": HELLO, "user": ""}, "user", "at least 1"),
        ({"messages": HELLO, "language": "tlh"}, "language", "'en'"),
    ],
)
def test_a_wrong_call_names_its_field(http, body, field, words):
    answer = http.post("/v1/chat", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"{field}: ")
    assert words in answer.json()["detail"]


def test_the_document_has_the_examples(http):
    route = http.get("/openapi.json").json()["paths"]["/v1/chat"]["post"]
    assert set(route["requestBody"]["content"]["application/json"]["examples"]) == {"first", "next", "stream"}
    assert set(route["responses"]["200"]["content"]) == {"application/json", "text/event-stream"}
    for one in route["requestBody"]["content"]["application/json"]["examples"].values():
        assert http.post("/v1/chat", json=one["value"]).status_code == 200
