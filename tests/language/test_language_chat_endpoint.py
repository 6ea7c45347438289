"""A chat model behind a real HTTP server on this machine, scripted to be busy, broken, silent and mad."""

import json
import threading
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bowerbird.config import parse
from bowerbird.errors import ConfigError, LanguageError
from bowerbird.language.chat import ChatEndpoint, ChatSettings, EndpointChat
from bowerbird.language.chat.budget import Budget
from bowerbird.language.chat.endpoint import estimated
from bowerbird.language.server import Server
from bowerbird.types import Message, Prompt

KEY = "sk-very-secret"


def good(said):
    """Says the last message again, in capitals."""
    text = said["messages"][-1]["content"].upper()
    usage = {"prompt_tokens": 10, "completion_tokens": 5}
    if not said.get("stream"):
        return 200, {}, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}], "usage": usage})
    pieces = [{"choices": [{"delta": {"content": one}}]} for one in (text[:2], text[2:])]
    events = [{"choices": [{"delta": {"role": "assistant"}}]}, *pieces, {"choices": [], "usage": usage}]
    return 200, {"Content-Type": "text/event-stream"}, "".join(f"data: {json.dumps(one)}\n\n" for one in events) + "data: [DONE]\n\n"


def answer(content, **more):
    return lambda said: (200, {}, json.dumps({"choices": [{"message": {"content": content, **more}}]}))


class Scripted:
    """Answers from a script, then well; keeps what it was asked, and how many asked at a time."""

    def __init__(self, *script):
        self.script, self.asked, self.headers, self.slept = list(script), [], [], []
        self.now = self.most = 0
        self.lock, self.go = threading.Lock(), threading.Event()
        self.go.set()

    @contextmanager
    def serving(self):
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with owner.lock:
                    owner.asked.append(said)
                    owner.headers.append((self.path, dict(self.headers)))
                    owner.now += 1
                    owner.most = max(owner.most, owner.now)
                    act = owner.script.pop(0) if owner.script else good
                owner.go.wait(10)
                status, headers, body = act(said)
                with owner.lock:
                    owner.now -= 1
                raw = body.encode()
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(raw) + (headers.get("X-Short") == "yes")))
                    self.end_headers()
                    self.wfile.write(raw)
                except OSError:
                    pass

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            self.go.set()
            server.shutdown()
            server.server_close()
            thread.join()


@pytest.fixture
def opened(monkeypatch):
    monkeypatch.setenv("TEST_KEY", KEY)
    clients = []

    @contextmanager
    def open_(server, **settings):
        with server.serving() as url:
            s = ChatEndpoint(**{"model": "m/1", "url": url, "key_env": "TEST_KEY"} | settings)
            client = s.client()
            clients.append(client)
            try:
                yield EndpointChat(s, Server(s, client, sleep=server.slept.append))
            finally:
                client.close()

    return open_


def test_answers_come_in_the_order_of_the_prompts_and_are_counted(opened):
    server = Scripted()
    with opened(server, concurrent=3, prompt_price=2.0, completion_price=8.0) as chat:
        assert chat.complete([Prompt.of(text) for text in "abcdefg"]) == list("ABCDEFG")
        assert chat.complete([]) == []
    usage = chat.usage
    assert (usage.requests, usage.prompt_tokens, usage.completion_tokens, usage.tokens) == (7, 70, 35, 105)
    assert usage.cost == pytest.approx((70 * 2 + 35 * 8) / 1e6)
    path, headers = server.headers[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert chat.name.startswith("openai-m-1-")


def test_the_talk_the_limits_and_the_schema_are_sent(opened):
    prompt = Prompt(
        (Message("user", "hi"), Message("assistant", "yes?"), Message("user", "go")), "be brief", {"type": "object"}, 17, 0.5, "file 3"
    )
    server = Scripted()
    with opened(server, limit_as="max_completion_tokens") as chat:
        chat.complete([prompt])
    sent = server.asked[0]
    assert sent["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "yes?"},
        {"role": "user", "content": "go"},
    ]
    assert (sent["model"], sent["max_completion_tokens"], sent["temperature"]) == ("m/1", 17, 0.5)
    assert sent["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert "file 3" not in json.dumps(sent)


@pytest.mark.parametrize(("structured", "format_"), [("json_object", {"type": "json_object"}), ("prompt", None)])
def test_a_server_that_holds_to_no_schema_is_told_it_in_words(opened, structured, format_):
    server = Scripted()
    with opened(server, structured=structured) as chat:
        chat.complete([Prompt.of("x", schema={"type": "object", "title": "Wanted"}), Prompt.of("free")])
    by_text = {sent["messages"][-1]["content"]: sent for sent in server.asked}
    assert "Wanted" in by_text["x"]["messages"][0]["content"]
    assert by_text["x"].get("response_format") == format_
    assert "response_format" not in by_text["free"]


def test_a_busy_server_is_asked_again_after_the_wait_that_it_asks_for(opened):
    server = Scripted(lambda said: (429, {"Retry-After": "7"}, "slow down"), lambda said: (503, {}, ""))
    with opened(server) as chat:
        assert chat.complete([Prompt.of("a")]) == ["A"]
        assert chat.usage.requests == 1
    assert server.slept[0] == 7
    assert 0 < server.slept[1] <= 1


def test_a_silent_server_is_given_up(opened):
    server = Scripted()
    server.go.clear()
    with opened(server, timeout_s=0.05, retries=1) as chat:
        with pytest.raises(LanguageError, match=r"gave up after 2 tries, the last: no answer within 0\.05 s"):
            chat.complete([Prompt.of("a")])
        assert chat.usage.requests == 0
        server.go.set()


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda said: (401, {}, f"bad key {KEY}"), r"refuses the key in TEST_KEY \(status 401\)"),
        (lambda said: (404, {}, ""), "has no /chat/completions there"),
        (lambda said: (400, {}, f"context too long, {KEY}"), r"status 400: context too long, …\)"),
        (lambda said: (200, {}, "<html>"), "not of the form"),
        (lambda said: (200, {}, "{}"), "not of the form"),
        (lambda said: (200, {}, '{"choices": []}'), "not of the form"),
        (lambda said: (200, {}, '[{"choices": 1}]'), "not of the form"),
        (answer(None), "must be a text, got None"),
        (answer([{"type": "text"}]), "must be a text"),
    ],
)
def test_nonsense_is_said_at_once_and_without_the_key(opened, caplog, act, sentence):
    server = Scripted(act)
    with opened(server) as chat, caplog.at_level("DEBUG"), pytest.raises(LanguageError, match=sentence) as caught:
        chat.complete([Prompt.of("a")])
    assert len(server.asked) == 1
    assert KEY not in str(caught.value) + caplog.text + repr(chat)


def test_a_refusal_of_the_model_is_an_empty_answer(opened):
    with opened(Scripted(answer(None, refusal="I will not"))) as chat:
        assert chat.complete([Prompt.of("a")]) == [""]


def test_no_more_requests_run_at_a_time_than_set_whoever_asks(opened):
    server = Scripted()
    server.go.clear()
    with opened(server, concurrent=2) as chat:
        askers = [threading.Thread(target=chat.complete, args=([Prompt.of("a")] * 3,)) for _ in range(3)]
        for asker in askers:
            asker.start()
        while server.now < 2:
            threading.Event().wait(0.01)
        server.go.set()
        for asker in askers:
            asker.join()
    assert len(server.asked) == 9
    assert server.most == 2


def test_a_spent_budget_is_a_sentence_and_sends_nothing(opened):
    prompt = Prompt.of("a", max_tokens=20)
    most = estimated(prompt) + 20
    server = Scripted()
    with opened(server, tokens_per_process=most + 15) as chat:
        chat.complete([prompt])
        chat.complete([prompt])
        spent = rf"budget of {most + 15} tokens for this process must hold the {most} .*got {most - 15} left"
        with pytest.raises(LanguageError, match=spent):
            chat.complete([prompt])
        assert (chat.usage.requests, chat.usage.tokens, chat.usage.refused) == (2, 30, 1)
    assert len(server.asked) == 2


def test_many_at_a_time_cannot_overspend_and_a_failure_gives_back():
    day = [date(2026, 1, 1)]
    budget = Budget("here", per_day=100, today=lambda: day[0])
    budget.reserve(60)
    with pytest.raises(LanguageError, match="tokens for today"):
        budget.reserve(60)
    budget.release(60)
    budget.reserve(60)
    budget.settle(60, 30, 20)
    with pytest.raises(LanguageError, match="got 50 left"):
        budget.reserve(51)
    day[0] = date(2026, 1, 2)
    budget.reserve(100)
    assert budget.usage.tokens == 50


def test_an_answer_can_be_heard_as_it_comes(opened):
    server = Scripted(lambda said: (503, {}, ""))
    with opened(server) as chat:
        assert list(chat.stream(Prompt.of("hello"))) == ["HE", "LLO"]
        assert (chat.usage.requests, chat.usage.tokens) == (1, 15)
    assert server.asked[1]["stream"] is True


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("data: nonsense\n\n", "must be a JSON object, got 'nonsense'"),
        ("data: [1]\n\n", "must be a JSON object"),
        ('data: {"choices": [{"delta": 3}]}\n\n', "pieces of text"),
        ('data: {"choices": [{"delta": {"content": 3}}]}\n\n', "pieces of text"),
    ],
)
def test_a_mad_stream_ends_in_a_sentence(opened, body, sentence):
    with opened(Scripted(lambda said: (200, {}, body))) as chat, pytest.raises(LanguageError, match=sentence):
        list(chat.stream(Prompt.of("a")))


def test_a_stream_that_breaks_off_ends_in_a_sentence_and_is_paid_for(opened):
    piece = 'data: {"choices": [{"delta": {"content": "abcdef"}}]}\n\n'
    with opened(Scripted(lambda said: (200, {"X-Short": "yes"}, piece))) as chat:
        heard = []
        with pytest.raises(LanguageError, match="broke off"):
            heard.extend(chat.stream(Prompt.of("a")))
        assert chat.usage.requests == 1
        assert chat.usage.completion_tokens == 2


def test_settings_are_a_union_and_refuse_nonsense():
    assert parse(ChatSettings, {"kind": "none"}).open() is None
    with pytest.raises(ConfigError, match="tokens_per_day"):
        parse(ChatSettings, {"kind": "openai", "model": "m", "tokens_per_day": 0}, "chat")
    with pytest.raises(ConfigError, match="url"):
        parse(ChatSettings, {"kind": "openai", "model": "m", "url": "https://user:pass@x/v1"}, "chat")
