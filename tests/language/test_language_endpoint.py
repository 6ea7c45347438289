import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import numpy as np
import pytest

from bowerbird.config import parse
from bowerbird.errors import ConfigError, DataError, LanguageError
from bowerbird.language import Endpoint
from bowerbird.language.backoff import LONGEST_S, Backoff, asked_s
from bowerbird.language.endpoint import EndpointEncoder
from bowerbird.language.server import Server as Asker

KEY = "sk-very-secret"


def vector(text):
    return [float(len(text) + 1), 2.0, 0.0]


def good(request, shuffle=True):
    asked = json.loads(request.content)
    rows = [{"index": at, "embedding": vector(text)} for at, text in enumerate(asked["input"])]
    return httpx.Response(200, json={"data": rows[::-1] if shuffle else rows, "model": asked["model"]})


class Server:
    """Answers from a list of scripted answers, then well; it keeps what it was asked."""

    def __init__(self, *script):
        self.script, self.asked, self.slept = list(script), [], []

    def __call__(self, request):
        self.asked.append(request)
        answer = self.script.pop(0) if self.script else good
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    def open(self, monkeypatch, **settings):
        monkeypatch.setenv("TEST_KEY", KEY)
        settings = Endpoint(**{"model": "m/1", "url": "https://api.test/v1", "key_env": "TEST_KEY", "concurrent": 1} | settings)
        client = settings.client(httpx.MockTransport(self))
        return EndpointEncoder(settings, Asker(settings, client, sleep=self.slept.append))


def test_batches_are_put_back_in_order_and_at_unit_length(monkeypatch):
    server = Server()
    texts = ["a" * n for n in range(1, 8)]
    vectors = server.open(monkeypatch, batch=3, concurrent=3).encode(texts)
    want = np.array([vector(text) for text in texts])
    np.testing.assert_allclose(vectors, want / np.linalg.norm(want, axis=1, keepdims=True), rtol=1e-6)
    assert sorted(len(json.loads(request.content)["input"]) for request in server.asked) == [1, 3, 3]
    assert server.asked[0].url == "https://api.test/v1/embeddings"
    assert server.asked[0].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "trouble",
    [httpx.Response(429), httpx.Response(500), httpx.Response(503), httpx.ReadTimeout("slow"), httpx.ConnectError("refused")],
)
def test_a_busy_broken_or_silent_server_is_asked_again(monkeypatch, trouble):
    server = Server(trouble, trouble)
    assert server.open(monkeypatch).encode(["a"]).shape == (1, 3)
    assert len(server.asked) == 3
    assert 0.25 <= server.slept[0] <= 0.5 <= server.slept[1] <= 1.0


def test_the_wait_that_the_server_asks_for_is_kept(monkeypatch):
    server = Server(httpx.Response(429, headers={"Retry-After": "7"}))
    server.open(monkeypatch).encode(["a"])
    assert server.slept == [7]


def test_the_server_is_given_up_after_the_set_tries(monkeypatch):
    server = Server(*[httpx.ReadTimeout("slow")] * 9)
    with pytest.raises(LanguageError, match=r"https://api\.test/v1: gave up after 3 tries, the last: no answer within 5 s"):
        server.open(monkeypatch, retries=2, timeout_s=5).encode(["a"])
    assert len(server.asked) == 3
    assert len(server.slept) == 2


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (httpx.Response(401, text=f"bad key {KEY}"), r"refuses the key in TEST_KEY \(status 401\)"),
        (httpx.Response(404), "knows no model 'm/1'"),
        (httpx.Response(400, text=f"too long for {KEY}"), r"refuses the request \(status 400: too long for …\)"),
        (httpx.Response(302, headers={"Location": "https://evil.test"}), "status 302"),
        (httpx.Response(200, text="<html>"), "not of the form"),
        (httpx.Response(200, json={"error": "no"}), "not of the form"),
        (httpx.Response(200, json=[1]), "not of the form"),
        (httpx.Response(200, json={"data": [{"index": 0, "embedding": [1, "x"]}]}), "not of the form"),
        (
            httpx.Response(200, json={"data": [{"index": 0, "embedding": [1, 2]}] * 2}),
            "1 texts with 1 vectors, each of its own index, got 2",
        ),
        (httpx.Response(200, json={"data": []}), "must answer 1 texts with 1 vectors, each of its own index, got 0"),
        (httpx.Response(200, json={"data": [{"index": 4, "embedding": [1, 2]}]}), "must answer 1 texts"),
        (httpx.Response(200, json={"data": [{"index": 0, "embedding": [0, 0]}]}), "finite and not zero"),
        (httpx.Response(200, text='{"data": [{"index": 0, "embedding": [NaN, 1]}]}'), "finite and not zero"),
        (httpx.Response(200, json={"data": [{"index": 0, "embedding": 5}]}), "finite and not zero|not of the form"),
    ],
)
def test_what_no_second_try_will_better_is_said_at_once_without_the_key(monkeypatch, caplog, answer, sentence):
    server = Server(answer)
    with caplog.at_level("DEBUG"), pytest.raises(LanguageError, match=sentence) as caught:
        server.open(monkeypatch).encode(["a"])
    assert len(server.asked) == 1
    assert KEY not in str(caught.value) + caplog.text


def test_too_few_vectors_are_refused(monkeypatch):
    server = Server(lambda request: httpx.Response(200, json={"data": [{"index": 0, "embedding": [1.0, 2.0]}]}))
    with pytest.raises(LanguageError, match="2 texts with 2 vectors, each of its own index, got 1"):
        server.open(monkeypatch).encode(["a", "b"])


def test_vectors_of_two_lengths_are_refused(monkeypatch):
    rows = [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]
    with pytest.raises(LanguageError, match="not of the form"):
        Server(httpx.Response(200, json={"data": rows})).open(monkeypatch).encode(["a", "b"])
    other = httpx.Response(200, json={"data": [{"index": 0, "embedding": [1.0]}]})
    with pytest.raises(LanguageError, match="one dimension"):
        Server(other).open(monkeypatch, batch=1).encode(["a", "b"])


def test_the_dimension_is_asked_for_and_held_to(monkeypatch):
    server = Server()
    with pytest.raises(LanguageError, match="must have dimension 8, got 3"):
        server.open(monkeypatch, dimension=8).encode(["a"])
    assert json.loads(server.asked[0].content)["dimensions"] == 8


def test_the_dimension_is_found_by_asking_once(monkeypatch):
    server = Server()
    encoder = server.open(monkeypatch)
    assert encoder.dimension == encoder.dimension == 3
    assert encoder.encode([]).shape == (0, 3)
    assert len(server.asked) == 1


def test_a_blank_text_is_sent_as_a_space(monkeypatch):
    server = Server()
    server.open(monkeypatch).encode(["", " \n", "a"])
    assert json.loads(server.asked[0].content)["input"] == [" ", " ", "a"]


def test_no_key_no_opening(monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(LanguageError, match="environment variable NO_SUCH_KEY must hold its key, got none"):
        Endpoint(model="m", key_env="NO_SUCH_KEY").open()
    server = Server()
    encoder = server.open(monkeypatch, key_env="")
    encoder.encode(["a"])
    assert "Authorization" not in server.asked[0].headers


def test_the_key_is_in_no_repr_and_the_name_is_fit_for_a_file(monkeypatch):
    encoder = Server().open(monkeypatch)
    assert KEY not in repr(encoder)
    assert encoder.name.startswith("openai-m-1-")
    assert encoder.name != Server().open(monkeypatch, url="https://other.test/v1").name


@pytest.mark.parametrize(
    "url", ["ftp://x/v1", "api.test/v1", "https://user:pass@api.test/v1", "https://api.test/v1?key=1", "https://", "https://x:port/v1"]
)
def test_a_bad_address_is_refused_in_the_config(url):
    with pytest.raises(ConfigError, match="url"):
        parse(Endpoint, {"model": "m", "url": url})


def test_what_is_not_text_is_refused(monkeypatch):
    with pytest.raises(DataError, match="number 0 must be a string"):
        Server().open(monkeypatch).encode([7])


def test_waits_double_and_end_at_a_minute():
    spans = [Backoff(first_s=1).wait_s(tries) for tries in range(12)]
    assert all(2**tries / 2 <= wait <= 2**tries for tries, wait in enumerate(spans[:6]))
    assert max(spans) <= LONGEST_S >= Backoff().wait_s(0, "86400") == 60


def test_retry_after_may_be_a_date():
    assert 25 < asked_s(format_datetime(datetime.now(UTC) + timedelta(seconds=30))) <= 30
    assert asked_s(format_datetime(datetime.now(UTC) - timedelta(seconds=30))) == 0
    assert asked_s("nan") == 0
