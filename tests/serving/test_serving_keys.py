"""Who may come in: each test is a way in that must be shut."""

import base64
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fake_engine import FakeEngine
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from bowerbird.access import Bucket, KeyRing, digest_of, minted
from bowerbird.errors import ConfigError, DataError, StoreError
from bowerbird.serving import Access, access_for, bind, create_app, serve
from bowerbird.serving.security import BOTH, Gate, need
from bowerbird.store import SCOPES, KeyRow, Keys, SqlStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keys() -> Iterator[Keys]:
    with SqlStore("sqlite://") as store:
        yield Keys(store)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def made(keys: Keys, *scopes: str, **rest) -> str:
    id, token = minted()
    keys.add(KeyRow(id, "the shop", digest_of(token), frozenset(scopes or SCOPES), NOW, **rest))
    return token


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def guarded(keys: Keys, clock: Clock | None = None, engine: FakeEngine | None = None, origins: tuple[str, ...] = ()) -> TestClient:
    access = Access(KeyRing(keys, clock=clock or Clock()), origins=origins)
    return TestClient(create_app(engine or FakeEngine(), access=access), raise_server_exceptions=False)


def calls(http: TestClient) -> list[tuple[str, str]]:
    """Every route that the app has, by whatever way it came in."""
    found = [(method.upper(), path) for path, ways in http.app.openapi()["paths"].items() for method in ways]
    return [*found, ("GET", "/"), ("GET", "/slate"), ("GET", "/search"), ("POST", "/act"), ("POST", "/visitor"), ("GET", "/openapi.json")]


def test_nothing_but_health_answers_without_a_key(keys: Keys) -> None:
    made(keys)
    http = guarded(keys)
    for method, path in [*calls(http), ("GET", "/static/site.css"), ("GET", "/nowhere"), ("DELETE", "/v1/events")]:
        answer = http.request(method, path, json={})
        assert http.request(method, path, json={}, headers={"Authorization": "Bearer nonsense"}).status_code == answer.status_code
        assert answer.status_code == (200 if path in ("/healthz", "/readyz") else 401), (method, path)
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_each_route_takes_the_scope_that_it_needs_and_no_other(keys: Keys) -> None:
    tokens, every = {scope: made(keys, scope) for scope in SCOPES}, made(keys)
    http = guarded(keys)
    for method, path in calls(http):
        if path in ("/healthz", "/readyz", "/openapi.json"):
            continue
        wanted = need(method, path)
        body = {"json": {}} if path.startswith("/v1/") else {"data": {"item": "1", "kind": "like"}}
        for scope, token in tokens.items():
            status = http.request(method, path, headers=bearer(token), follow_redirects=False, **body).status_code
            assert (status == 403) == (wanted != {scope}), (method, path, scope, status)
        both = http.request(method, path, headers=bearer(every), follow_redirects=False, **body)
        assert both.status_code not in (401, 403), (method, path)


def test_a_route_that_nobody_thought_of_is_for_operators(keys: Keys) -> None:
    tokens = {scope: made(keys, scope) for scope in SCOPES}
    app = create_app(FakeEngine(), access=Access(KeyRing(keys)))
    app.get("/v1/new")(lambda: "reached")
    app.mount("/inner", PlainTextResponse("reached"))
    http = TestClient(app)
    assert [http.get("/v1/new", headers=bearer(tokens[scope])).status_code for scope in SCOPES] == [403, 403, 200]
    assert http.get("/inner/x").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/v1/users/a%2Frecommendations/history",
        "/v1/users/healthz/history",
        "//healthz",
        "/healthz/",
        "/./metrics",
        "/healthz%2f..%2fmetrics",
    ],
)
def test_no_trick_with_a_path_opens_it(keys: Keys, path: str) -> None:
    made(keys)
    assert guarded(keys).get(path).status_code == 401


def test_wrong_keys_open_nothing(keys: Keys) -> None:
    token = made(keys)
    other = minted()[1]
    http = guarded(keys)
    wrong = [
        "",
        "Bearer",
        f"Bearer {other}",
        f"Bearer {token[:-1]}",
        f"Bearer {token}x",
        f"Bearer {token[:12]}_{other[13:]}",
        f"Bearer {digest_of(token).hex()}",
        f"Token {token}",
        token,
        "Basic !!!",
        "Basic " + base64.b64encode(f":{other}".encode()).decode(),
        "Bearer bwb_ffffffff_" + "é" * 43,
    ]
    for header in wrong:
        answer = http.get("/v1/items/1", headers={"Authorization": header.encode("latin-1")})
        assert answer.status_code == 401, header
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert token not in answer.text
    assert http.get(f"/v1/items/1?key={token}").status_code == 401
    assert http.get("/v1/items/1", headers=bearer(token)).status_code == 200


@given(st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=80))
def test_no_text_but_the_key_is_the_key(text: str) -> None:
    id, token = minted()
    ring = KeyRing(_Fixed([KeyRow(id, "x", digest_of(token), frozenset({"read"}), NOW)]))
    assert ring.find(text) is None
    assert ring.find(f"bwb_{id}_{text}") is None
    assert ring.find(token) is not None


def test_a_key_is_good_until_it_expires_or_is_revoked(keys: Keys) -> None:
    token = made(keys, expires=NOW + timedelta(days=1))
    ring = KeyRing(keys)
    assert ring.find(token, NOW) is not None
    assert ring.find(token, NOW + timedelta(days=1)) is None
    keys.revoke(token[4:12], NOW)
    ring.refresh()
    assert ring.find(token, NOW) is None


def test_a_running_server_hears_of_new_and_revoked_keys(keys: Keys, clock: Clock) -> None:
    http = guarded(keys, clock)
    token = made(keys)
    assert http.get("/v1/items/1", headers=bearer(token)).status_code == 401
    clock.now += 3
    assert http.get("/v1/items/1", headers=bearer(token)).status_code == 200
    keys.revoke(token[4:12], NOW)
    clock.now += 3
    assert http.get("/v1/items/1", headers=bearer(token)).status_code == 401


def test_a_dead_database_leaves_the_keys_that_were_known(keys: Keys, clock: Clock) -> None:
    token = made(keys)
    ring = KeyRing(keys, clock=clock)
    http = TestClient(create_app(FakeEngine(), access=Access(ring)))

    def gone() -> list[KeyRow]:
        raise StoreError("gone")

    ring.keys = _Fixed([])
    ring.keys.all = gone
    clock.now += 3
    assert http.get("/v1/items/1", headers=bearer(token)).status_code == 200
    assert http.get("/v1/items/1").status_code == 401


def test_a_key_is_kept_as_a_digest_alone(tmp_path) -> None:
    file = tmp_path / "keys.db"
    with SqlStore(f"sqlite:///{file}") as store:
        token = made(Keys(store))
        [row] = Keys(store).all()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token[13:].encode() not in written
    assert digest_of(token).hex().encode() in written
    assert row.digest.hex() not in repr(row)


def test_too_many_requests_are_told_when_to_come_again(keys: Keys, clock: Clock) -> None:
    token, other = made(keys, per_second=0.5, burst=3), made(keys)
    http = guarded(keys, clock)
    statuses = [http.get("/v1/items/1", headers=bearer(token)).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    refused = http.get("/v1/items/1", headers=bearer(token))
    assert refused.headers["retry-after"] == "2"
    assert http.get("/v1/items/1", headers=bearer(other)).status_code == 200
    clock.now += 2
    assert http.get("/v1/items/1", headers=bearer(token)).status_code == 200


@given(
    st.floats(0.5, 20),
    st.integers(1, 4),
    st.lists(st.just(0.0) | st.floats(0, 5), min_size=1, max_size=100),
)
def test_a_bucket_never_lets_more_through_than_it_says(rate: float, burst: int, gaps: list[float]) -> None:
    bucket, now, passed = Bucket(rate, burst), 0.0, []
    for gap in gaps:
        now += gap
        wait = bucket.wait(now)
        if wait == 0:
            passed.append(now)
        else:
            assert Bucket.wait(_copy(bucket), now + wait * (1 + 1e-9) + 1e-9) == 0
    for start, first in enumerate(passed):
        for end in range(start, len(passed)):
            assert end - start + 1 <= burst + rate * (passed[end] - first) + 1e-6


def test_a_refused_body_is_not_read(keys: Keys) -> None:
    made(keys)
    engine = FakeEngine()
    http = guarded(keys, engine=engine)
    assert http.post("/v1/events", content=b"[" * 100_000, headers={"Content-Type": "application/json"}).status_code == 401
    assert not engine.log


def test_a_browser_may_show_the_pages_to_an_operator(keys: Keys) -> None:
    token = made(keys, "operate")
    http = guarded(keys)
    asked = http.get("/", headers={"Accept": "text/html"})
    assert asked.status_code == 401
    assert asked.headers["www-authenticate"].startswith("Basic")
    assert http.get("/", auth=("me", token), headers={"Accept": "text/html"}).status_code == 200
    assert http.get("/static/site.css", auth=("me", token)).status_code == 200


def test_the_document_says_what_the_gate_asks_for(keys: Keys) -> None:
    made(keys)
    document = guarded(keys).app.openapi()
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert document["paths"]["/v1/events"]["post"]["security"] == [{"key": ["write"]}]
    assert document["paths"]["/v1/users/{user}/history"]["get"]["security"] == [{"key": ["read"]}]
    assert document["paths"]["/metrics"]["get"]["security"] == [{"key": ["operate"]}]
    assert document["paths"]["/healthz"]["get"]["security"] == []
    assert "429" in document["paths"]["/v1/events"]["post"]["responses"]


def test_no_site_may_call_from_a_browser_unless_it_is_named(keys: Keys) -> None:
    token = made(keys)
    shop = {"Origin": "https://shop.example", **bearer(token)}
    ask = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    strict = guarded(keys)
    assert "access-control-allow-origin" not in strict.get("/v1/items/1", headers=shop).headers
    assert strict.options("/v1/events", headers=ask).status_code == 401
    http = guarded(keys, origins=("https://shop.example",))
    assert http.get("/v1/items/1", headers=shop).headers["access-control-allow-origin"] == "https://shop.example"
    assert http.options("/v1/events", headers=ask).status_code == 200
    assert http.get("/v1/items/1", headers={"Origin": "https://shop.example"}).headers["access-control-allow-origin"]  # of a 401 too
    for origin in ("https://evil.example", "https://shop.example.evil.example", "null", "http://shop.example"):
        answer = http.get("/v1/items/1", headers={**shop, "Origin": origin})
        assert "access-control-allow-origin" not in answer.headers, origin
    assert "access-control-allow-credentials" not in http.get("/v1/items/1", headers=shop).headers


@pytest.mark.parametrize(
    "origin", ["*", "shop.example", "https://shop.example/", "https://*.shop.example", "null", "https://me@shop.example"]
)
def test_an_origin_must_be_one_site(origin: str) -> None:
    with pytest.raises(ConfigError, match="origin: must look like"):
        Access(origins=(origin,))


def test_others_than_this_machine_meet_a_closed_door(keys: Keys) -> None:
    with bind("0.0.0.0", 0) as everywhere, bind("127.0.0.1", 0) as here:
        with pytest.raises(ConfigError, match=r"no API key guards the server; make one .* or say --open"):
            access_for(keys, everywhere)
        assert access_for(keys, everywhere, open_to_all=True).ring is None
        assert access_for(keys, here).ring is None
        token = made(keys)
        assert access_for(keys, everywhere).ring is not None
        assert access_for(keys, here).ring is not None
        keys.revoke(token[4:12], NOW)
        assert access_for(keys, here).ring.find(token) is None  # the last key revoked is no open door
    with pytest.raises(ConfigError, match="no API key guards the server"):
        serve(FakeEngine(), "0.0.0.0", 0)
    with bind("::1", 0) if socket.has_ipv6 else bind("127.0.0.1", 0) as six:
        assert access_for(Keys(SqlStore("sqlite://")), six).hosts


def test_an_open_server_on_loopback_is_not_talked_to_by_another_name() -> None:
    with SqlStore("sqlite://") as store, bind("127.0.0.1", 0) as here:
        http = TestClient(create_app(FakeEngine(), access=access_for(Keys(store), here)))
    for host in ("127.0.0.1:8000", "localhost", "[::1]:8000"):
        assert http.get("/v1/items/1", headers={"Host": host}).status_code == 200
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8000", "", "[::1"):
        assert http.get("/v1/items/1", headers={"Host": host}).status_code == 403


def test_what_an_app_answers_stays_out_of_caches() -> None:
    http = TestClient(create_app(FakeEngine()))
    assert http.get("/v1/users/ada/history").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000, b"\xff\xfe", b"{", b'{"user":"a","item":"b","value":1e999}'])
@pytest.mark.parametrize("path", ["/v1/events", "/v1/recommendations", "/v1/replay"])
def test_no_body_brings_out_a_traceback(path: str, body: bytes) -> None:
    http = TestClient(create_app(FakeEngine()), raise_server_exceptions=False)
    answer = http.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scopes": frozenset()}, "scopes must be one or more of read, write, operate, got none"),
        ({"scopes": frozenset({"root"})}, "got root"),
        ({"per_second": 0.0}, "per_second must be above 0"),
        ({"burst": 0}, "burst at least 1"),
    ],
)
def test_a_key_that_cannot_be_is_refused(change: dict, words: str) -> None:
    good = KeyRow("00000000", "x", bytes(32), frozenset({"read"}), NOW)
    with pytest.raises(DataError, match=words):
        replace(good, **change)


def test_a_key_that_is_not_there_cannot_be_revoked(keys: Keys) -> None:
    with pytest.raises(DataError, match="key '12345678': there is none of this id"):
        keys.revoke("12345678", NOW)


class _Fixed:
    def __init__(self, rows: list[KeyRow]) -> None:
        self.rows = rows

    def all(self) -> list[KeyRow]:
        return self.rows


def _copy(bucket: Bucket) -> Bucket:
    other = Bucket(bucket.rate, bucket.burst)
    other._left, other._at = bucket._left, bucket._at
    return other


def test_an_app_of_anothers_is_guarded_as_a_whole(keys: Keys) -> None:
    tokens = {scopes: made(keys, *scopes) for scopes in (("read",), ("write",), ("read", "write"), ("operate",))}
    http = TestClient(Gate(PlainTextResponse("reached"), Access(KeyRing(keys)), BOTH))
    statuses = [http.post("/mcp", headers=bearer(token)).status_code for token in tokens.values()]
    assert statuses == [403, 403, 200, 403]
    assert http.post("/mcp").status_code == 401
