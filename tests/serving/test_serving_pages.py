import re
from html.parser import HTMLParser

import pytest
from fake_engine import FakeEngine
from starlette.testclient import TestClient

from bowerbird.serving import create_app

HX = {"HX-Request": "true"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}\u202e"


class Cards(HTMLParser):
    """Titles of the slate's cards, and every tag seen."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.titles: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        self.attributes.extend(name for name, _ in attrs)
        named = dict(attrs)
        if tag == "h2" and "title" in named:
            self.titles.append(named["title"])


def titles(html: str) -> list[str]:
    return Cards(html).titles


def test_a_visitor_without_a_name_becomes_a_newcomer_and_stays_one(http: TestClient, engine: FakeEngine) -> None:
    first = http.get("/")
    user = http.cookies["bowerbird_user"]
    assert re.fullmatch("guest-[0-9a-f]{12}", user)
    assert "httponly" in first.headers["set-cookie"].lower()
    assert len(titles(first.text)) == 12
    http.get("/")
    assert http.cookies["bowerbird_user"] == user
    assert not engine.log


def test_a_like_changes_the_slate_and_is_cited(http: TestClient, engine: FakeEngine) -> None:
    before = titles(http.get("/").text)
    acted = http.post("/act", data={"item": "4", "kind": "like", "slate_id": "s"}, headers=HX)
    after = titles(acted.text)
    assert engine.log[0].user == http.cookies["bowerbird_user"]
    assert "Alien (1979)" not in after
    assert after != before
    assert "You liked Alien (1979)." in acted.text
    assert "The engine took this one out of your history" in acted.text
    assert "Liked: \u2068Alien (1979)\u2069. The slate has changed." in acted.text
    assert titles(http.get("/").text) == after


def test_a_card_names_the_interests_that_its_categories_do_not(http: TestClient, engine: FakeEngine) -> None:
    engine.rows["1"]["intents"] = ["Comedy", f"toys {HOSTILE}", "third"]
    shown = http.get("/").text
    assert '<p class="intents"><span dir="auto">toys &lt;script&gt;' in shown
    assert "third" not in shown


@pytest.mark.parametrize("kind", ["not_interested", "seen"])
def test_an_item_that_was_answered_is_gone(http: TestClient, kind: str) -> None:
    http.get("/")
    assert "Alien (1979)" not in titles(http.post("/act", data={"item": "4", "kind": kind}, headers=HX).text)


def test_what_was_done_stands_newest_first(http: TestClient) -> None:
    http.get("/")
    for item, kind in (("4", "like"), ("2", "not_interested"), ("3", "seen")):
        page = http.post("/act", data={"item": item, "kind": kind}, headers=HX).text
    past = page[page.index('id="past"') :]
    deeds = re.findall(r'title="([^"]+)">[^<]*</span> <span class="done (\w*)">([^<]+)<', past)
    assert deeds == [("Spirited Away (2001)", "", "seen"), ("Heat (1995)", "no", "not for you"), ("Alien (1979)", "yes", "liked")]


def test_a_double_click_is_one_event(http: TestClient, engine: FakeEngine) -> None:
    http.get("/")
    for _ in range(2):
        http.post("/act", data={"item": "4", "kind": "like", "slate_id": "slate-1"}, headers=HX)
    assert len(engine.log) == 1


def test_an_empty_slate_does_not_say_that_it_is_liked(http: TestClient, engine: FakeEngine) -> None:
    assert "These are widely liked" in http.get("/").text
    for row in engine.rows.values():
        row["available"] = False
    shown = http.get("/").text
    assert "Nothing is left to show." in shown
    assert "widely liked" not in shown


def test_the_dial_changes_the_slate_and_is_kept(http: TestClient) -> None:
    http.get("/")
    http.post("/act", data={"item": "4", "kind": "like"}, headers=HX)
    sure, varied = (titles(http.get(f"/slate?diversity={dial}", headers=HX).text) for dial in (0, 1))
    assert sure != varied
    assert titles(http.get("/").text) == varied
    assert 'value="1"' in http.get("/").text


def test_search_finds_titles_and_likes_from_there(http: TestClient) -> None:
    http.get("/")
    assert "Spirited Away (2001)" in http.get("/search?q=spirit", headers=HX).text
    acted = http.post("/act", data={"item": "3", "kind": "like", "q": "spirit"}, headers=HX).text
    oob = acted[acted.index("hx-swap-oob") :]
    assert "Spirited Away (2001)" in oob
    assert '<span class="done">liked</span>' in oob
    assert "No title holds “zzz”" in http.get("/search?q=zzz", headers=HX).text


def test_all_works_without_scripts(http: TestClient, engine: FakeEngine) -> None:
    http.get("/")
    acted = http.post("/act", data={"item": "4", "kind": "like"})
    assert acted.url.path == "/"
    assert "You liked Alien (1979)." in acted.text
    assert "Spirited Away (2001)" in http.get("/search?q=spirit").text
    assert len(titles(http.get("/slate?diversity=1").text)) == 12
    assert len(engine.log) == 1


def test_one_can_look_as_another_user_and_start_anew(http: TestClient) -> None:
    http.post("/v1/events", json={"user": "ümit/1", "item": "4", "kind": "like"})
    page = http.post("/visitor", data={"user": "ümit/1"}).text
    assert "You liked Alien (1979)." in page
    assert "You are user" in page
    assert "You are new here" in http.post("/visitor").text
    assert http.cookies["bowerbird_user"].startswith("guest-")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 200),
    ],
)
def test_only_our_own_pages_may_post(http: TestClient, engine: FakeEngine, headers: dict, status: int) -> None:
    http.get("/")
    answer = http.post("/act", data={"item": "4", "kind": "like"}, headers=HX | headers)
    assert answer.status_code == status
    assert len(engine.log) == (status == 200)


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        ({"item": "nope", "kind": "like"}, 404, "not in the catalogue"),
        ({"item": "4", "kind": "purchase"}, 422, "kind: "),
        ({"kind": "like"}, 422, "item: field required"),
    ],
)
def test_a_wrong_post_is_refused_in_words(http: TestClient, data: dict, status: int, words: str) -> None:
    answer = http.post("/act", data=data, headers=HX)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_a_person_gets_an_error_as_a_page(http: TestClient) -> None:
    answer = http.get("/slate?diversity=<b>", headers={"Accept": "text/html"})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert "diversity: " in answer.text
    assert "<b>" not in answer.text


def test_hostile_titles_are_shown_as_text() -> None:
    engine = FakeEngine(f"{HOSTILE}|<i>Drama</i>\n{'long ' * 2000}|Drama\n🦜🏝️|Drama\nTame|Drama")
    http = TestClient(create_app(engine))
    pages = [
        http.get("/").text,
        http.post("/act", data={"item": "1", "kind": "like", "q": "a"}, headers=HX).text,
        http.get("/").text,
        http.get("/search", params={"q": HOSTILE}, headers=HX).text,
        http.post("/visitor", data={"user": HOSTILE[:-1]}).text,
    ]
    assert HOSTILE in titles(pages[0])
    for page in pages:
        seen = Cards(page)
        assert "img" not in seen.tags
        assert "i" not in seen.tags
        assert not [name for name in seen.attributes if name.startswith("on") or name == "style"]
        assert "alert(1)" not in "".join(re.findall(r"<script\b[^>]*>.*?</script>", page, re.DOTALL))
        assert "{{ 7*7 }}" in page or HOSTILE not in seen.titles


def test_a_cookie_that_makes_no_sense_is_a_newcomer(http: TestClient) -> None:
    http.cookies.set("bowerbird_user", "a%00b")
    http.cookies.set("bowerbird_dial", "nan")
    assert "You are new here" in http.get("/").text


def test_nothing_is_fetched_from_elsewhere(http: TestClient) -> None:
    page = http.get("/").text
    loaded = re.findall(r'(?:src|href|action|hx-get|hx-post)="([^"]*)"', page)
    assert not [address for address in loaded if "//" in address]
    for address in (address for address in loaded if address.startswith("static/")):
        answer = http.get(f"/{address}")
        assert answer.status_code == 200
        assert "http://" not in answer.text.replace("http://www.w3.org/", "")
