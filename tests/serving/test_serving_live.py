"""The real engine behind HTTP: a tiny bundle, a database on disk, no model of language but words."""

import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from fake_engine import SHELF
from numpy.typing import NDArray
from starlette.testclient import TestClient

from bowerbird.bundle import Bundle, Config, now
from bowerbird.data import Catalogue, RawData, clean
from bowerbird.engine import Engine
from bowerbird.language import item_texts
from bowerbird.models import Text
from bowerbird.serving import create_app
from bowerbird.store import SqlStore


class Words:
    """A text is the bag of its words."""

    name = "words"
    dimension = 64

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), 64), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.casefold()):
                row[zlib.crc32(word.encode()) % 64] += 1
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def tiny() -> Bundle:
    titles, categories = zip(*(line.split("|") for line in SHELF.splitlines()), strict=True)
    ids = [str(n + 1) for n in range(len(titles))]
    items = Catalogue.of(ids, titles, [names.split(",") for names in categories]).frame
    start = datetime(2024, 1, 1, tzinfo=UTC)
    events = pl.DataFrame({"user": ["ada", "ada", "bob"], "item": ["4", "2", "6"], "kind": ["like"] * 3, "time": [start] * 3})
    data = clean(RawData(events, items))
    config = Config()
    catalogue = data.catalogue.with_vectors(Words().encode(item_texts(data.catalogue.frame, config.text)))
    model = Text().fit(data.log, catalogue, np.random.default_rng(0))
    return Bundle(config, catalogue, model, data.scale, data.events, data.fingerprint, 0, now())


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return tiny()


@pytest.fixture
def http(bundle: Bundle, tmp_path: Path) -> Iterator[TestClient]:
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store, TestClient(create_app(Engine(bundle, store, Words()))) as client:
        yield client


def slate(http: TestClient, user: str, **asked: object) -> dict:
    answer = http.post("/v1/recommendations", json={"user": user, "k": 5, **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()


def shown(slate: dict) -> list[str]:
    return [one["item"] for one in slate["items"]]


def test_an_event_is_visible_in_the_next_answer(http: TestClient) -> None:
    first = slate(http, "cyd")
    http.post("/v1/events", json={"user": "cyd", "item": "3", "kind": "like"})
    second = slate(http, "cyd", explain=True)
    assert shown(first) != shown(second)
    assert {"21", "12"} & set(shown(second)[:3])  # animations
    assert "3" not in shown(second)
    assert second["receipt"]["offset"] == first["receipt"]["offset"] + 1
    assert all(one["reason"] for one in second["items"])


def test_a_call_sent_twice_is_one_event(http: TestClient) -> None:
    for _ in range(2):
        answer = http.post("/v1/events", json={"user": "cyd", "item": "3", "kind": "like"}, headers={"Idempotency-Key": "once"})
        assert answer.status_code == 201
    assert len(http.get("/v1/users/cyd/history").json()["events"]) == 1


def test_a_receipt_outlives_what_happens_next(http: TestClient) -> None:
    http.post("/v1/events", json={"user": "ada", "item": "9", "kind": "like"})
    first = slate(http, "ada", diversity=0.4, explain=True)
    http.post("/v1/events", json={"user": "ada", "item": "6", "kind": "like"})
    http.put("/v1/items/moon", json={"title": "Moon Sci-Fi (2009)", "categories": ["Sci-Fi"]})
    again = http.post("/v1/replay", json={"receipt": first["receipt"]})
    assert again.status_code == 200
    assert again.json()["items"] == first["items"]
    assert shown(slate(http, "ada", diversity=0.4)) != shown(first)


def test_a_new_item_is_recommended_at_once(http: TestClient) -> None:
    http.post("/v1/events", json={"user": "cyd", "item": "4", "kind": "like"})
    assert http.put("/v1/items/alien3", json={"title": "Alien 3 (1992)", "categories": ["Horror", "Sci-Fi"]}).status_code == 201
    assert "alien3" in shown(slate(http, "cyd"))
    assert (
        http.put("/v1/items/alien3", json={"title": "Alien 3 (1992)", "available": False, "created": "1992-05-22T00:00:00Z"}).status_code
        == 200
    )
    assert http.get("/v1/items/alien3").json()["created"] == "1992-05-22T00:00:00Z"
    assert "alien3" not in shown(slate(http, "cyd", k=100))
    similar = http.get("/v1/items/4/similar?k=3").json()
    assert len(similar["items"]) == 3
    assert "4" not in shown(similar)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda http: http.post("/v1/recommendations", json={"user": "ada", "filters": {"colour": "red"}}), "colour"),
        (lambda http: http.post("/v1/events", json={"user": "ada", "item": "1", "kind": "lkie"}), "lkie"),
        (lambda http: http.post("/v1/events", json={"user": "ada", "item": "1", "time": "2999-01-01T00:00:00Z"}), "future"),
        (lambda http: http.put("/v1/items/x", json={"title": "x", "attributes": {"director": "y"}}), "director"),
    ],
)
def test_what_the_engine_refuses_is_a_422_in_words(http: TestClient, call, words: str) -> None:
    answer = call(http)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_a_correction_acts_on_the_very_next_slate_and_is_taken_back(http: TestClient) -> None:
    before = slate(http, "ada", k=22)
    assert {"5", "15"} & set(shown(before))
    told = http.patch("/v1/users/ada/profile", json={"text": "mute animation; dance"})
    assert told.json()["unheard"] == ["dance"]
    after = slate(http, "ada", k=22)
    animations = {one["item"] for one in before["items"] if "Animation" in one["categories"]}
    assert animations
    assert not animations & set(shown(after))
    assert not animations & set(shown(http.get("/v1/search?q=spirited toy nemo&user=ada").json()))
    assert animations & set(shown(http.get("/v1/search?q=spirited toy nemo").json()))
    [edit] = http.get("/v1/users/ada/profile/edits").json()["edits"]
    assert http.delete(f"/v1/users/ada/profile/edits/{edit['id']}").json()["edits"] == []
    assert shown(slate(http, "ada", k=22)) == shown(before)


def test_a_correction_without_effect_is_noted(http: TestClient) -> None:
    cooking = {"sort": "category", "name": "Cooking"}
    told = http.patch("/v1/users/ada/profile", json={"edits": [{"does": "withdraw", "topic": cooking}, {"does": "more", "topic": cooking}]})
    assert told.json()["notes"] == [
        "nothing that you said of 'Cooking' stood, so nothing was withdrawn",
        "your edit has no effect now: no item is of 'Cooking'",
    ]


def test_a_wish_steers_the_slate_and_its_receipt(http: TestClient) -> None:
    wished = slate(http, "ada", text="comedies, no crime")
    assert all("Comedy" in one["categories"] and "Crime" not in one["categories"] for one in wished["items"])
    assert [condition["words"] for condition in wished["wish"]["conditions"]] == ["Comedy", "not Crime"]
    again = http.post("/v1/replay", json={"receipt": wished["receipt"]}).json()
    assert (again["items"], again["wish"]) == (wished["items"], wished["wish"])
    assert http.get("/v1/search?q=").json()["items"] == []


def test_the_page_follows_a_like(http: TestClient) -> None:
    assert http.get("/readyz").status_code == 200
    http.get("/")
    page = http.post("/act", data={"item": "3", "kind": "like", "slate_id": "s"}, headers={"HX-Request": "true"}).text
    assert "Liked: \u2068Spirited Away (2001)" in page
    assert "Spirited Away (2001)" in http.get("/").text
    assert http.post("/act", data={"item": "3", "kind": "not_interested"}, headers={"HX-Request": "true"}).status_code == 200


def test_nothing_that_was_acknowledged_is_lost_to_kill_9(bundle: Bundle, tmp_path: Path) -> None:
    code = "import os, sys; sys.path[:0] = [sys.argv[1]]; import test_serving_live as live; live.die_after_two(sys.argv[2])"
    child = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert child.returncode == -9, child.stderr
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store, TestClient(create_app(Engine(bundle, store, Words()))) as http:
        assert [event["item"] for event in http.get("/v1/users/cyd/history").json()["events"]] == ["3", "4"]


def die_after_two(folder: str) -> None:
    with SqlStore(f"sqlite:///{folder}/log.db") as store:
        http = TestClient(create_app(Engine(tiny(), store, Words())))
        for item in ("3", "4"):
            assert http.post("/v1/events", json={"user": "cyd", "item": item, "kind": "like"}).status_code == 201
        os.kill(os.getpid(), 9)
