import re

import pytest
from fake_engine import FakeEngine
from starlette.testclient import TestClient

from bowerbird.errors import StoreError
from bowerbird.serving import create_app


def reading(http: TestClient, sample: str) -> float:
    found = re.search(rf"^{re.escape(sample)} (\S+)$", http.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_health_and_readiness_are_two_things(http: TestClient, engine: FakeEngine) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    assert http.get("/readyz").json() == {"status": "ready", "bundle": "f00dfeedf00dfeed"}
    engine.ready = False
    assert http.get("/healthz").status_code == 200
    assert http.get("/readyz").status_code == 503


def test_what_happens_is_counted(http: TestClient) -> None:
    http.post("/v1/events", json={"events": [{"user": "ada", "item": "1", "kind": "like"}, {"user": "ada", "item": "2"}]})
    http.get("/v1/users/ada/recommendations?k=3")
    http.get("/v1/users/bob/recommendations?k=4")
    http.get("/v1/items/nope")
    http.get("/v1/users/ada/recommendations?k=0")
    http.get("/wp-login.php")
    assert reading(http, 'bowerbird_events_total{kind="like"}') == 1
    assert reading(http, 'bowerbird_events_total{kind="view"}') == 1
    assert reading(http, 'bowerbird_slates_total{source="api"}') == 2
    assert reading(http, "bowerbird_slate_items_total") == 7
    assert reading(http, 'bowerbird_errors_total{error="NotFoundError"}') == 1
    assert reading(http, 'bowerbird_errors_total{error="RequestError"}') == 2
    assert reading(http, 'bowerbird_bundle_info{fingerprint="f00dfeedf00dfeed",model="fake"}') == 1
    assert reading(http, "bowerbird_log_offset") == 2
    assert reading(http, "bowerbird_learned_offset") == 7
    assert reading(http, 'bowerbird_lessons{what="passed"}') == 2
    assert reading(http, "bowerbird_drift_breaks") == 3
    assert reading(http, "bowerbird_slates_dropped") == 6
    assert reading(http, 'bowerbird_worded_reasons{what="worded"}') == 8
    assert reading(http, "bowerbird_unknown_slates") == 4
    route = "/v1/users/{user:path}/recommendations"
    assert reading(http, f'bowerbird_request_seconds_count{{method="GET",route="{route}",status="200"}}') == 2
    assert reading(http, f'bowerbird_request_seconds_count{{method="GET",route="{route}",status="422"}}') == 1
    assert reading(http, 'bowerbird_request_seconds_count{method="GET",route="none",status="404"}') == 1


def test_context_that_counts_for_nothing_is_counted_under_few_labels(http: TestClient) -> None:
    for context in ({"device": "phone"}, {"device": "watch", "mood": "low", "moon": "full"}, {"mood": "high"}):
        assert http.post("/v1/recommendations", json={"user": "ada", "context": context}).status_code == 200
    assert reading(http, 'bowerbird_unknown_context_total{feature="device"}') == 1
    assert reading(http, 'bowerbird_unknown_context_total{feature="other"}') == 3
    assert "mood" not in http.get("/metrics").text


def test_a_dead_store_does_not_blind_the_metrics(http: TestClient, engine: FakeEngine) -> None:
    def gone() -> int:
        raise StoreError("store: gone")

    engine.store.newest = gone
    assert http.get("/metrics").status_code == 200
    assert "bowerbird_log_offset" not in http.get("/metrics").text


def test_two_apps_count_apart() -> None:
    one, other = TestClient(create_app(FakeEngine())), TestClient(create_app(FakeEngine()))
    one.get("/v1/users/ada/recommendations")
    assert reading(one, 'bowerbird_slates_total{source="api"}') == 1
    assert reading(other, 'bowerbird_slates_total{source="api"}') == 0


def test_what_nobody_foresaw_stays_inside(http: TestClient, engine: FakeEngine, caplog: pytest.LogCaptureFixture) -> None:
    engine.recommend = lambda **_: {}["secret"]
    answer = http.get("/v1/users/ada/recommendations")
    assert answer.status_code == 500
    assert answer.json() == {"status": 500, "detail": "something went wrong inside; the server's log says what"}
    assert "KeyError" in caplog.text
    assert reading(http, 'bowerbird_errors_total{error="Unforeseen"}') == 1


def test_wrong_addresses_and_methods_are_said_in_words(http: TestClient) -> None:
    assert http.get("/v2/nothing").json() == {"status": 404, "detail": "there is no /v2/nothing here"}
    assert http.delete("/v1/events").json() == {"status": 405, "detail": "/v1/events does not take DELETE"}


def test_every_answer_carries_the_security_headers(http: TestClient) -> None:
    for address in ("/", "/healthz", "/v1/items/nope", "/static/site.css", "/nowhere"):
        headers = http.get(address).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]


def test_the_document_names_every_route_and_shows_examples(http: TestClient) -> None:
    document = http.get("/openapi.json").json()
    assert set(document["paths"]) == {
        "/v1/events",
        "/v1/recommendations",
        "/v1/users/{user}/recommendations",
        "/v1/users/{user}/history",
        "/v1/users/{user}/profile",
        "/v1/users/{user}/profile/edits",
        "/v1/users/{user}/profile/edits/{edit}",
        "/v1/search",
        "/v1/chat",
        "/v1/users/{user}/data",
        "/v1/users/{user}/profiling",
        "/v1/users/{user}",
        "/v1/replay",
        "/v1/items/{item}",
        "/v1/items/{item}/similar",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            assert route["summary"], (path, method)
            assert route["description"], (path, method)
            if "422" in route["responses"]:
                assert route["responses"]["422"]["content"]["application/json"]["schema"]["$ref"].endswith("/Problem")
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert document["components"]["schemas"]["RecommendationsIn"]["examples"]
    assert document["components"]["schemas"]["ProfileIn"]["examples"]
