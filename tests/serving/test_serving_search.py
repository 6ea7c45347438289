import pytest
from fake_engine import FakeEngine
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from bowerbird.serving import create_app
from bowerbird.serving.schemas import SearchOut

ANYONE = TestClient(create_app(FakeEngine()), raise_server_exceptions=False)


def test_items_are_found_in_the_shape_of_a_slates(http: TestClient) -> None:
    answer = http.get("/v1/search", params={"q": "toy alien", "user": "ada", "k": 2})
    found = SearchOut.model_validate_json(answer.content, extra="forbid")
    assert (found.q, found.user) == ("toy alien", "ada")
    assert [(one.rank, one.item, one.title) for one in found.items] == [(1, "1", "Toy Story (1995)"), (2, "4", "Alien (1979)")]
    assert found.items[0].model_dump().keys() == http.get("/v1/users/ada/recommendations?k=1").json()["items"][0].keys()


def test_nothing_found_is_an_empty_list(http: TestClient) -> None:
    for q in ("zzz", ""):
        assert http.get("/v1/search", params={"q": q}).json() == {"q": q, "user": None, "items": []}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "q"),
        ("q=" + "x" * 301, "q"),
        ("q=a%00b", "q"),
        ("q=a&k=0", "k"),
        ("q=a&k=1001", "k"),
        ("q=a&user=", "user"),
        ("q=a&user=%0a", "user"),
    ],
)
def test_a_wrong_address_names_its_field(http: TestClient, query: str, field: str) -> None:
    answer = http.get(f"/v1/search?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"{field}: ")


@given(st.text(max_size=300))
def test_whatever_is_looked_for_is_answered(q: str) -> None:
    answer = ANYONE.get("/v1/search", params={"q": q})
    assert answer.status_code == (422 if "\x00" in q else 200)
