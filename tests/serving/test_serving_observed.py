"""What a server says of itself: traces, counters, lines of the log, spans."""

import importlib
import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations

import numpy as np
import pytest
from fake_engine import FakeEngine
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from test_serving_keys import bearer, guarded, keys, made  # noqa: F401 a fixture
from test_serving_live import Words, tiny

from bowerbird.data import Catalogue
from bowerbird.engine import Engine
from bowerbird.errors import ConfigError, DataError
from bowerbird.pipeline import Pipeline
from bowerbird.serving import create_app, logging_to_stderr, spans_of
from bowerbird.serving.spans import Spans
from bowerbird.serving.variety import Shown, variety
from bowerbird.store import Keys, SqlStore

ASKED = "/v1/users/ada/recommendations"


@pytest.fixture
def live() -> Iterator[TestClient]:
    with SqlStore("sqlite://") as store, TestClient(create_app(Engine(tiny(), store, Words()))) as client:
        yield client


def reading(http: TestClient, sample: str) -> float | None:
    found = re.search(rf"^{re.escape(sample)} (\S+)$", http.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else None


# ── stages ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_trace_says_what_each_stage_took_and_no_more_than_the_whole(live: TestClient) -> None:
    told = live.post("/v1/recommendations?trace=1", json={"user": "ada", "diversity": 0.5, "explain": True, "text": "no horror"}).json()
    stages = dict(told["trace"])
    total = stages.pop("total")
    assert set(stages) == {"history", "wish", "retrieve", "score", "interests", "arrange", "explain", "log", "json"}
    assert all(ms >= 0 for ms in stages.values())
    assert sum(stages.values()) <= total
    assert live.post("/v1/replay?trace=true", json={"receipt": told["receipt"]}).json()["trace"]["score"] > 0


def test_who_does_not_ask_for_a_trace_gets_none(live: TestClient) -> None:
    for address in (ASKED, f"{ASKED}?trace=0"):
        assert "trace" not in live.get(address).json()
    assert live.get(f"{ASKED}?trace=perhaps").status_code == 422


def test_only_the_scope_operate_may_trace(keys: Keys) -> None:  # noqa: F811
    reader, operator, both = made(keys, "read"), made(keys, "operate"), made(keys, "read", "operate")
    http = guarded(keys)
    assert http.get(ASKED, headers=bearer(reader)).status_code == 200
    refused = http.get(f"{ASKED}?trace=1", headers=bearer(reader))
    assert (refused.status_code, refused.json()["detail"][:44]) == (403, "trace: this needs a key with the scope operate"[:44])
    assert http.get(f"{ASKED}?trace=1", headers=bearer(operator)).status_code == 403  # reads nothing
    assert http.get(f"{ASKED}?trace=1", headers=bearer(both)).json()["trace"]["total"] > 0


def test_stages_are_counted_by_request(live: TestClient) -> None:
    for _ in range(3):
        live.get(ASKED)
    assert reading(live, 'bowerbird_stage_seconds_count{stage="score"}') == 3
    assert reading(live, 'bowerbird_stage_seconds_count{stage="explain"}') == 0
    assert reading(live, 'bowerbird_stage_seconds_sum{stage="score"}') > 0


def test_lookups_of_phrases_are_hits_the_second_time(live: TestClient) -> None:
    for expected in ((1, 0), (1, 1)):
        assert live.get("/v1/search?q=space+robots").status_code == 200
        counted = (reading(live, f'bowerbird_cache_lookups_total{{cache="phrases",result="{result}"}}') for result in ("miss", "hit"))
        assert tuple(counted) == expected


# ── slates and events ────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.lists(st.sampled_from("abcdef"), unique=True), max_size=30), st.integers(1, 5))
def test_distinct_items_are_those_of_the_last_slates(slates: list[list[str]], last: int) -> None:
    shown = Shown(last)
    for slate in slates:
        shown.add(slate)
    assert shown.slates == len(slates[-last:])
    assert shown.distinct == len({item for slate in slates[-last:] for item in slate})


@given(st.integers(0, 2**32 - 1), st.integers(2, 9))
def test_variety_is_the_mean_over_pairs(seed: int, n: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(n, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [str(number) for number in range(n)]
    pairs = [1 - float(one @ other) for one, other in combinations(vectors, 2)]
    assert variety([*ids, "stranger"], Catalogue.of(ids, vectors=vectors)) == pytest.approx(np.mean(pairs), abs=1e-6)
    assert variety(ids, Catalogue.of(ids)) is None


def test_slates_are_measured_by_how_varied_they_are_and_what_they_cover(http: TestClient, engine: FakeEngine) -> None:
    first = [one["item"] for one in http.get(f"{ASKED}?k=3").json()["items"]]
    http.get(f"{ASKED}?k=5")
    assert reading(http, "bowerbird_slate_diversity_count") == 2
    assert reading(http, "bowerbird_recent_slates") == 2
    assert reading(http, "bowerbird_distinct_items_shown") == 5
    assert reading(http, "bowerbird_catalogue_coverage") == pytest.approx(5 / 22)
    alone = TestClient(create_app(FakeEngine()))
    alone.get(f"{ASKED}?k=3")
    assert reading(alone, "bowerbird_slate_diversity_sum") == pytest.approx(variety(first, engine.catalogue))


def test_answers_to_slates_and_corrections_are_counted_however_they_come(live: TestClient) -> None:
    slate = live.get(ASKED).json()
    item = slate["items"][0]["item"]
    live.post("/v1/events", json={"user": "ada", "item": item, "kind": "like", "slate": slate["slate_id"]})
    live.post("/v1/events", json={"user": "ada", "item": item, "kind": "click"})
    live.post("/act", data={"item": "9", "kind": "like"})
    live.patch("/v1/users/ada/profile", json={"text": "mute horror"})
    edit = live.get("/v1/users/ada/profile/edits").json()["edits"][0]["id"]
    live.delete(f"/v1/users/ada/profile/edits/{edit}")
    live.post("/v1/events", json={"user": "ada", "item": item, "kind": "no such kind"})
    counted = {kind: reading(live, f'bowerbird_events_total{{kind="{kind}"}}') for kind in ("like", "click", "profile_mute")}
    assert counted == {"like": 2, "click": 1, "profile_mute": 1}
    assert reading(live, 'bowerbird_events_total{kind="profile_withdraw"}') == 1
    assert reading(live, 'bowerbird_slate_feedback_total{kind="like"}') == 1
    assert reading(live, 'bowerbird_slate_feedback_total{kind="click"}') is None
    assert "no such kind" not in live.get("/metrics").text


def test_the_lag_of_learning_is_how_long_nobody_caught_up() -> None:
    with SqlStore("sqlite://") as store:
        engine = Engine(tiny(), store, Words())
        engine._abreast -= 60
        assert 60 <= engine.behind_s < 70
        assert reading(TestClient(create_app(engine)), "bowerbird_learned_lag_seconds") >= 60
        engine.catch_up()
        assert engine.behind_s < 10


# ── ready ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_ready_is_who_can_make_a_slate(live: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert live.get("/readyz").json()["status"] == "ready"

    def fails(*_: object) -> None:
        raise DataError("pipeline: the scorer knows 9 items and the catalogue only 8")

    monkeypatch.setattr(Pipeline, "recommend", fails)
    answer = live.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["detail"] == "pipeline: the scorer knows 9 items and the catalogue only 8"
    assert reading(live, 'bowerbird_errors_total{error="DataError"}') == 1


def test_nothing_to_show_is_not_ready(live: TestClient) -> None:
    engine = live.app.state.engine
    engine.put_items([{**row, "available": False} for row in ({"item": item} for item in engine.catalogue.ids)])
    assert live.get("/readyz").status_code == 503


# ── ids and lines ────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def lines(how: str) -> Iterator[list[str]]:
    written, before = io.StringIO(), sys.stderr
    found: list[str] = []
    sys.stderr = written
    try:
        with logging_to_stderr(how):
            yield found
    finally:
        sys.stderr = before
        found += written.getvalue().splitlines()


@pytest.mark.parametrize("asked", [None, "", "two words", "a" * 129, 'x"}'])
def test_an_id_that_is_none_is_made(http: TestClient, asked: str | None) -> None:
    given = {} if asked is None else {"X-Request-Id": asked}
    one, other = (http.get(ASKED, headers=given).headers["x-request-id"] for _ in range(2))
    assert re.fullmatch("[0-9a-f]{32}", one)
    assert one != other


@pytest.mark.parametrize("address", [ASKED, "/healthz", "/nowhere", "/v1/items/nope", "/static/site.css"])
def test_every_answer_carries_the_id_it_was_asked_with(http: TestClient, address: str) -> None:
    assert http.get(address, headers={"X-Request-Id": "shop/17:a"}).headers["x-request-id"] == "shop/17:a"


def test_a_request_is_one_line_of_json_without_a_users_id(http: TestClient) -> None:
    with lines("json") as told:
        http.get("/v1/users/secret-ada/recommendations", headers={"X-Request-Id": "one"})
        http.get("/v1/items/secret-item", headers={"X-Request-Id": "two"})
    one, two = map(json.loads, told)
    assert (one["request"], one["method"], one["route"], one["status"]) == ("one", "GET", "/v1/users/{user:path}/recommendations", 200)
    assert (one["level"], one["logger"]) == ("info", "bowerbird.requests")
    assert one["ms"] > 0
    assert "json" in one["stages"]
    assert (two["request"], two["status"], two["error"]) == ("two", 404, "NotFoundError")
    assert "secret" not in "".join(told)


def test_the_line_names_the_key_and_never_the_token(keys: Keys) -> None:  # noqa: F811
    token = made(keys)
    http = guarded(keys)
    with lines("json") as told:
        http.get(ASKED, headers=bearer(token))
        http.get(ASKED)
    known, unknown = map(json.loads, told)
    assert known["key"] == keys.all()[0].id
    assert (unknown["status"], unknown["error"], "key" in unknown) == (401, "Unauthorized", False)
    assert token not in "".join(told)


def test_what_is_logged_within_a_request_carries_its_id(http: TestClient, engine: FakeEngine) -> None:
    def warns(**_: object) -> None:
        logging.getLogger("bowerbird.engine").warning("one\ntwo")
        raise KeyError("hidden")

    engine.recommend = warns
    with lines("json") as told:
        answer = http.get(ASKED, headers={"X-Request-Id": "bad"})
    warned, line, failed = map(json.loads, told)
    assert (warned["request"], warned["message"]) == ("bad", "one\ntwo")
    assert (line["request"], line["status"], line["error"]) == ("bad", 500, "Unforeseen")
    assert failed["request"] == "bad"
    assert "KeyError" in failed["traceback"]
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "bad")


def test_text_is_a_line_that_nobody_can_break_in_two(http: TestClient) -> None:
    with lines("text") as told:
        http.get(ASKED, headers={"X-Request-Id": "one"})
        logging.getLogger("bowerbird.engine").warning("first\nsecond")
    assert len(told) == 2
    assert re.fullmatch(r"\S+ INFO    bowerbird.requests: GET /v1/users/\{user:path\}/recommendations 200 [\d.]+ ms \[one\]", told[0])
    assert told[1].endswith(r"bowerbird.engine: first\nsecond")


# ── spans ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_request_is_a_span_with_one_for_each_stage() -> None:
    sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="OpenTelemetry is not installed; it comes with the extra `otel`")
    export = importlib.import_module("opentelemetry.sdk.trace.export")
    kept = importlib.import_module("opentelemetry.sdk.trace.export.in_memory_span_exporter").InMemorySpanExporter()
    provider = sdk.TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(export.SimpleSpanProcessor(kept))
    with SqlStore("sqlite://") as store:
        engine = Engine(tiny(), store, Words())
        http = TestClient(create_app(engine, spans=Spans(provider)), raise_server_exceptions=False)
        parent = f"00-{'ab' * 16}-{'cd' * 8}-01"
        with lines("json") as told:
            assert http.get(ASKED, headers={"traceparent": parent, "X-Request-Id": "one"}).status_code == 200
        *stages, whole = kept.get_finished_spans()
        assert (whole.name, whole.kind.name) == ("GET /v1/users/{user:path}/recommendations", "SERVER")
        assert f"{whole.context.trace_id:032x}" == json.loads(told[0])["trace_id"] == "ab" * 16
        assert whole.parent.span_id == int("cd" * 8, 16)
        assert whole.attributes["http.response.status_code"] == 200
        assert whole.attributes["bowerbird.request_id"] == "one"
        assert {"history", "score", "json"} <= {span.name for span in stages}
        assert all(span.parent.span_id == whole.context.span_id for span in stages)
        assert all(whole.start_time <= span.start_time <= span.end_time <= whole.end_time for span in stages)
        kept.clear()
        engine.recommend = lambda **_: {}["secret"]
        http.get(ASKED)
        [failed] = kept.get_finished_spans()
        assert (failed.status.status_code.name, failed.attributes["error.type"]) == ("ERROR", "Unforeseen")
        assert failed.parent is None
    provider.shutdown()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER: must be otlp, console or none, got 'zipkin'"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL: must be http/protobuf, got 'grpc'",
        ),
    ],
)
def test_what_is_not_known_is_refused(environment: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        spans_of(environment)


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigError, match=r"OTEL_EXPORTER_OTLP_ENDPOINT: .* not installed; pip install 'bowerbird\[otel\]'"):
        spans_of({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"})


def test_spans_go_where_the_environment_says() -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="OpenTelemetry is not installed; it comes with the extra `otel`")
    assert spans_of({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_SDK_DISABLED": "true"}) is None
    spans = spans_of({"OTEL_TRACES_EXPORTER": "console"})
    assert spans is not None
    spans.close()
