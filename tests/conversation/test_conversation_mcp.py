"""The same tools over MCP, asked by the official client: in memory, over standard input and output, and over HTTP."""

import os
import re
import sys
import threading

import anyio
import httpx
import pytest
import uvicorn
from film_world import ALIEN, HEAT, THING, TOYS, films

from bowerbird.conversation import TOOLS
from bowerbird.engine import Engine
from bowerbird.store import SqlStore

pytest.importorskip("mcp", reason="mcp is not installed; it comes with the extra `mcp`")
from mcp import Client, MCPError, StdioServerParameters

from bowerbird import serving
from bowerbird.cli import main
from bowerbird.serving.agents import PATH, http_app, mcp_server
from bowerbird.serving.run import bind, url

COMMAND = ["-m", "bowerbird", "mcp"]


@pytest.fixture(scope="module")
def bundle():
    return films()


@pytest.fixture(scope="module")
def folder(bundle, tmp_path_factory):
    path = tmp_path_factory.mktemp("mcp") / "films.bundle"
    bundle.save(path)
    return path


@pytest.fixture
def engine(bundle, tmp_path):
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store:
        yield Engine(bundle, store)


def items(result):
    assert not result.is_error, result.content
    return [one["item"] for one in result.structured_content["items"]]


async def walk(client, user):
    """Through all tools, as an agent would."""
    whose = {"user": user} if user else {}
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert [*tools] == [tool.name for tool in TOOLS]
    assert ("user" in tools["feedback"].input_schema["properties"]) == bool(user)
    assert [tool.annotations.read_only_hint for tool in tools.values()] == [True] * 5 + [False]
    assert THING in items(await client.call_tool("recommend", {"k": 3, **whose}))
    assert items(await client.call_tool("search", {"text": "heat", **whose})) == [HEAT]
    assert items(await client.call_tool("similar", {"item": TOYS, "k": 2}))
    why = await client.call_tool("explain", {"item": THING, **whose})
    assert "Alien" in why.structured_content["lines"][0]
    stored = await client.call_tool("feedback", {"item": TOYS, "reaction": "like", **whose})
    assert stored.structured_content["lines"] == ["Stored: like Toy Story (1995)."]
    assert TOYS not in items(await client.call_tool("recommend", {"k": 10, **whose}))
    profile = await client.call_tool("profile", whose)
    assert any("Horror" in line for line in profile.structured_content["lines"])
    wrong = await client.call_tool("search", {"text": "", **whose})
    assert wrong.is_error
    assert wrong.content[0].text.startswith("search.text: ")


def test_in_memory(engine):
    async def talk():
        async with Client(mcp_server(engine)) as client:
            await walk(client, "ann")
            missing = await client.call_tool("feedback", {"item": TOYS, "reaction": "like"})
            assert missing.content[0].text.startswith("feedback.user: field required")
            with pytest.raises(MCPError, match="there is no tool 'drop_table'"):
                await client.call_tool("drop_table", {})

    anyio.run(talk)
    assert [event.item for event in engine.history("ann")][-1] == TOYS


def test_a_server_for_one_user_takes_no_other(engine):
    async def talk():
        async with Client(mcp_server(engine, "ann")) as client:
            other = await client.call_tool("feedback", {"item": ALIEN, "reaction": "dislike", "user": "bob"})
            assert other.is_error

    anyio.run(talk)
    assert engine.history("bob") == []


def test_over_standard_input_and_output(folder, tmp_path):
    arguments = [str(folder), "--store", f"sqlite:///{tmp_path}/log.db", "--user", "ann"]
    server = StdioServerParameters(command=sys.executable, args=[*COMMAND, *arguments], env=dict(os.environ))

    async def talk():
        async with Client(server) as client:
            await walk(client, None)

    anyio.run(talk)
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store:
        assert [event.item for event in store.history("ann", 5)][-1] == TOYS


def test_over_http(engine):
    with bind("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(http_app(engine), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()

        async def talk():
            async with Client(url(listener) + PATH) as client:
                await walk(client, "ann")

        try:
            anyio.run(talk)
            foreign = httpx.post(url(listener) + PATH, json={}, headers={"Origin": "http://evil.example"})
        finally:
            server.should_exit = True
            thread.join()
    assert foreign.status_code == 403


def test_the_command_serves_http_too(folder, tmp_path, monkeypatch, capsys):
    served = []

    def answering(engine, app, listener, say):
        say(url(listener))
        listener.close()
        served.append(app)

    monkeypatch.setattr("bowerbird.serving.run.answering", answering)
    assert command(monkeypatch, folder, "--store", f"sqlite:///{tmp_path}/log.db", "--http", "--port", "0") == 0
    assert len(served) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert re.search(r"MCP at http://127\.0\.0\.1:\d+/mcp", err)


def test_what_is_not_installed_is_said(folder, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    monkeypatch.delitem(sys.modules, "bowerbird.serving.agents")
    monkeypatch.delattr(serving, "agents")
    assert command(monkeypatch, folder) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "pip install 'bowerbird[serve,mcp]'" in err


def command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["bowerbird", "mcp", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code
