from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from bowerbird.serving.schemas import ItemOut, SimilarOut

MOON = {"title": "A Trip to the Moon (1902)", "categories": ["Horror", "Sci-Fi"]}


def test_a_new_item_is_recommended_at_once(http: TestClient) -> None:
    http.post("/v1/events", json={"user": "ada", "item": "4", "kind": "like"})
    put = http.put("/v1/items/moon", json=MOON)
    slate = http.get("/v1/users/ada/recommendations?k=1").json()["items"]
    assert put.status_code == 201
    assert put.json() == {"item": "moon", "offset": 1}
    assert [one["item"] for one in slate] == ["moon"]


def test_an_item_put_again_is_changed(http: TestClient) -> None:
    http.put("/v1/items/moon", json=MOON)
    assert http.put("/v1/items/moon", json=MOON | {"available": False, "created": "1902-09-01T12:00:00Z"}).status_code == 200
    item = ItemOut.model_validate_json(http.get("/v1/items/moon").content, extra="forbid")
    assert not item.available
    assert item.created is not None
    assert http.get("/v1/users/ada/recommendations?k=100").json()["items"][-1]["item"] != "moon"


@pytest.mark.parametrize("item", ["a/b/c", "http://shop.example/42?x=1", "ü 你好", "similar", "100%"])
def test_ids_may_hold_anything_printable(http: TestClient, item: str) -> None:
    address = "/v1/items/" + quote(item, safe="")
    assert http.put(address, json=MOON).status_code == 201
    assert http.get(address).json()["item"] == item
    assert http.get(f"{address}/similar").json()["item"] == item


def test_similar_items_are_of_a_kind(http: TestClient) -> None:
    answer = http.get("/v1/items/4/similar?k=3")
    similar = SimilarOut.model_validate_json(answer.content, extra="forbid")
    assert len(similar.items) == 3
    assert all({"Horror", "Sci-Fi"} & set(one.categories) for one in similar.items)


@pytest.mark.parametrize("address", ["/v1/items/nope", "/v1/items/nope/similar"])
def test_an_unknown_item_is_a_404_in_words(http: TestClient, address: str) -> None:
    answer = http.get(address)
    assert answer.status_code == 404
    assert answer.json() == {"status": 404, "detail": "item 'nope': not in the catalogue"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "title: field required"),
        ({"title": "x", "genre": "y"}, "genre: extra inputs"),
        ({"title": "x", "attributes": {"title": "y"}}, "attributes must not name title"),
        ({"title": "x", "attributes": {"director": "y"}}, "no column 'director'"),
        ({"title": "x", "created": "1902-09-01"}, "created: must have a time zone"),
    ],
)
def test_a_wrong_item_names_its_field(http: TestClient, body: dict, words: str) -> None:
    answer = http.put("/v1/items/moon", json=body)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
