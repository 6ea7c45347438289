"""People's data over HTTP, on the real engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from test_serving_live import Words, tiny

from bowerbird.engine import Engine
from bowerbird.serving import create_app
from bowerbird.serving.schemas import DataOut, ErasedOut, ProfilingOut
from bowerbird.store import SqlStore


@pytest.fixture
def http(tmp_path: Path) -> Iterator[TestClient]:
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store, TestClient(create_app(Engine(tiny(), store, Words()))) as client:
        yield client


def shown(http: TestClient, user: str) -> list[str]:
    return [one["item"] for one in http.get(f"/v1/users/{user}/recommendations?k=5").json()["items"]]


def test_people_see_what_is_kept_and_have_it_erased(http: TestClient) -> None:
    http.post("/v1/events", json={"user": "eve/4711", "item": "3", "kind": "like", "text": "for my niece"})
    before = shown(http, "eve%2F4711")
    data = DataOut.model_validate_json(http.get("/v1/users/eve%2F4711/data").content, extra="forbid")
    assert data.events[0]["text"] == "for my niece"
    assert [slate["items"] for slate in data.slates] == [before]
    erased = ErasedOut.model_validate_json(http.delete("/v1/users/eve%2F4711").content, extra="forbid")
    assert erased.deleted["events"] == 1
    assert erased.deleted["slates"] == 1
    data = DataOut.model_validate_json(http.get("/v1/users/eve%2F4711/data").content, extra="forbid")
    assert (data.events, data.slates) == ([], [])
    assert shown(http, "eve%2F4711") == shown(http, "nobody")
    assert "bowerbird_left_out" in http.get("/metrics").text


def test_people_say_that_they_are_not_to_be_profiled(http: TestClient) -> None:
    http.post("/v1/events", json={"user": "eve", "item": "3", "kind": "like"})
    personal = shown(http, "eve")
    assert http.get("/v1/users/eve/profiling").json() == {"user": "eve", "allowed": True, "objecting_since": None}
    answer = http.put("/v1/users/eve/profiling", json={"allowed": False})
    assert answer.status_code == 200
    assert ProfilingOut.model_validate_json(answer.content, extra="forbid").objecting_since is not None
    assert http.put("/v1/users/eve/profiling", json={"allowed": False}).json() == answer.json()  # since when does not move
    assert shown(http, "eve") == shown(http, "nobody") != personal
    http.post("/v1/events", json={"user": "eve", "item": "4", "kind": "like"})
    assert http.get("/v1/users/eve/history").json()["events"] == []
    assert 'bowerbird_left_out{why="objected"}' in http.get("/metrics").text
    assert http.put("/v1/users/eve/profiling", json={"allowed": True}).json()["allowed"]
    assert [event["item"] for event in http.get("/v1/users/eve/history").json()["events"]] == ["3"]


@pytest.mark.parametrize("body", [{}, {"allowed": "no"}, {"allowed": 0}, {"allowed": None}, {"allowed": False, "x": 1}])
def test_a_wish_must_be_yes_or_no(http: TestClient, body: dict) -> None:
    assert http.put("/v1/users/eve/profiling", json=body).status_code == 422
