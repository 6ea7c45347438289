"""Under more load than can be answered soon, the rest is told to come again; operators are always answered."""

import asyncio

import httpx2 as httpx
from fake_engine import FakeEngine
from starlette.responses import PlainTextResponse

from bowerbird.serving import create_app
from bowerbird.serving.load import Bounded


def test_more_than_the_bound_is_refused_at_once_and_there_is_room_again():
    go = asyncio.Event()

    async def slow(scope, receive, send):
        await go.wait()
        await PlainTextResponse("done")(scope, receive, send)

    async def play():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(Bounded(slow, most=3)), base_url="http://test") as http:
            waiting = [asyncio.create_task(http.get("/v1/items/1")) for _ in range(3)]
            await asyncio.sleep(0.01)
            refused = await http.get("/v1/items/1")
            health = asyncio.create_task(http.get("/readyz"))
            go.set()
            return refused, await health, await asyncio.gather(*waiting), await http.get("/v1/items/1")

    refused, health, answered, after = asyncio.run(play())
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["detail"] == "3 requests are being answered already; try again soon"
    assert [answer.status_code for answer in (health, *answered, after)] == [200] * 5


def test_a_server_that_is_about_to_stop_says_so_and_answers_still():
    app = create_app(FakeEngine())

    async def play():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
            before = await http.get("/readyz")
            app.state.draining = True
            return before, await http.get("/readyz"), await http.get("/v1/users/ada/recommendations")

    before, during, answer = asyncio.run(play())
    assert (before.status_code, during.status_code, answer.status_code) == (200, 503, 200)
    assert during.json()["detail"] == "the server is about to stop"
