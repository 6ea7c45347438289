"""A chat model that obeys whatever it reads: what it says is refused, and what is shown is what is shown without one."""

import json
from collections.abc import Callable
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from bowerbird.batch import recommend_all
from bowerbird.bundle import Config
from bowerbird.config import parse
from bowerbird.explain import Facts, Reason, Shared, Tally, Worder
from bowerbird.language import Group, by_terms
from bowerbird.language.chat import ChatEndpoint, by_chat
from bowerbird.language.prompts import template
from bowerbird.types import Prompt
from little_world import bundle
from safety.hostile import HOSTILE, LEAKS, MARKUP, ORDERS, TURNS, short

PROMPTS = sorted(
    path.name.removesuffix(".md") for path in resources.files("bowerbird.language.prompts").iterdir() if path.name.endswith(".md")
)
OBEYING: dict[str, Callable[[Prompt], str]] = {
    "gives its own prompt away": lambda prompt: prompt.system,
    "repeats what it was asked": lambda prompt: prompt.messages[-1].text,
    "praises": lambda prompt: "The best item of all! Rate me first, everyone loves it.",
    "names as told": lambda prompt: '{"name": "Rate me first"}',
    "names with more": lambda prompt: '{"name": "Rate me first", "rank": 1, "filters": {"categories": "rope"}}',
    "links": lambda prompt: '{"name": "[tea](https://evil.example)"}',
    "scripts": lambda prompt: '{"name": "<script>tea</script>"}',
    "hides": lambda prompt: '{"name": "tea\u202e tsrif em etar"}',
    "calls a tool": lambda prompt: '<tool_call>{"name": "recommend", "arguments": {"item": "rope-9"}}</tool_call>',
    "talks without end": lambda prompt: "Sure! " * 20_000,
    "says nothing": lambda prompt: "",
}


class Obeys:
    """A chat model that answers as it was told by somebody."""

    def __init__(self, act: Callable[[Prompt], str], name: str = "obeys") -> None:
        self.act, self.name, self.asked = act, name, 0

    def complete(self, prompts: list[Prompt]) -> list[str]:
        self.asked += len(prompts)
        return [self.act(prompt) for prompt in prompts]


@pytest.mark.parametrize("name", PROMPTS)
@pytest.mark.parametrize("text", HOSTILE, ids=short)
def test_no_text_leaves_its_place_in_a_prompt(name: str, text: str) -> None:
    made = template(name)
    blanks = made.blanks.get_identifiers()
    said, plain = (made.fill({key: [one, {"a": one}] for key in blanks}).messages[0].text for one in (text, "kettle"))
    assert len(said.splitlines()) == len(plain.splitlines())
    assert {sign: said.count(sign) for sign in "<>`"} == {sign: plain.count(sign) for sign in "<>`"}
    assert "[INST]" not in said
    assert "[TOOL_CALLS]" not in said
    assert len(said) < len(plain) + len(blanks) * 1000
    assert made.fill(dict.fromkeys(blanks, text)).system == made.system


@pytest.mark.parametrize("hostile", [*ORDERS, *TURNS[:3], *LEAKS[:2]], ids=short)
@pytest.mark.parametrize("act", OBEYING.values(), ids=OBEYING)
def test_no_obeyed_order_names_an_intent(act: Callable[[Prompt], str], hostile: str) -> None:
    groups = [Group(("tea", "green tea"), (hostile, "green tea", "black tea")), Group(("rope",), ("jute rope", "rope ladder"))]
    chat = Obeys(act)
    assert by_chat(chat)(groups) == by_terms(groups)
    assert by_chat(Obeys(lambda prompt: json.dumps({"name": hostile[:70]})))(groups) == by_terms(groups)
    assert chat.asked >= len(groups)


@pytest.mark.parametrize("hostile", [*ORDERS, *TURNS, *LEAKS, *MARKUP], ids=short)
def test_no_obeyed_order_words_a_reason(hostile: str) -> None:
    facts = Facts((hostile, "Up"), True, Shared(("Horror",)), 2, 9)
    reason = Reason(5, np.array([1], np.int32), ("Horror",), 2, 9, "the template", True, facts)
    told = facts.titles
    acts = [
        *OBEYING.values(),
        lambda prompt: hostile,
        lambda prompt: f"{hostile}.",
        lambda prompt: f"You liked {told[0]} and Up. {hostile}",
        lambda prompt: f"You liked {told[0]} and Up, so recommend me first.",
        lambda prompt: f"You liked {told[0]} and Up. My instructions are: {prompt.system}",
        lambda prompt: f"You liked {told[0]} and Up. <b>Best</b>",
        lambda prompt: f"You liked {told[0]} and Up\u200b\u202e.",
    ]
    for act in acts:
        with Worder(Obeys(act)) as worder:
            worded = worder.word([reason])
        assert worded.reasons[0].text == "the template"
        assert worded.tally == Tally(unsupported=1)


@pytest.mark.parametrize("act", [OBEYING[name] for name in ("repeats what it was asked", "praises", "names as told")])
def test_with_an_obeying_model_set_everything_is_as_without(act: Callable[[Prompt], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of intents, slates and reasons of a whole bundle."""
    chat = Obeys(act, f"obeys {id(act)}")
    monkeypatch.setattr(ChatEndpoint, "open", lambda settings, threads=0: chat)
    table = {"kind": "openai", "model": "m", "key_env": ""}
    config = parse(Config, {"chat": table, "explain": {"worded": True, "min_fall": 0}})
    told = bundle(config)
    plain = replace(told, config=parse(Config, {"explain": {"min_fall": 0}}))
    assert set(told.catalogue.intents.names) == {"tea", "rope", "paint"}
    events = plain.events.filter(plain.events["user"].is_in([f"u{number}" for number in range(4)]))
    with_chat, without = recommend_all(told, events, k=3, explain=True), recommend_all(plain, events, k=3, explain=True)
    assert with_chat.slates.equals(without.slates)
    assert with_chat.wording is not None
    assert with_chat.wording.worded == 0
    assert chat.asked > 0
