"""What a chat model made of reasons, for `python benchmarks/reasons.py --worded MODEL`.

What is shown is judged a second time by an audit that knows nothing of the check's patterns: it looks for any title and any category of
the whole catalogue, any number, any capital letter and any word of negation that the facts do not hold.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from bowerbird.data import Catalogue
from bowerbird.explain import Facts, Reason, Worder
from bowerbird.explain.worder import prompt_of, supported
from bowerbird.language.chat import CachedChat, ChatEndpoint, LocalModel
from bowerbird.protocols import Chat
from bowerbird.types import Json, Prompt

DENIES = re.compile(r"\b(?:no|not|never|neither|nor|none|hardly|dis\w+|un\w+|\w+n't)\b", re.IGNORECASE)
SAYS = re.compile(r"(?<=[\w,;] )[A-Z]\w+")
SHOWN = 5


class Scripted:
    """Words facts rightly, and in turn with each of the faults that models are known for."""

    name = "scripted"

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.rng = np.random.default_rng(0)
        self.faults: dict[str, Callable[[Json, str], str]] = {
            "true": lambda _, said: said,
            "another title": lambda _, said: said.replace("You liked", f"You liked {self._title()},", 1),
            "another title for one of the facts": lambda facts, said: said.replace(facts["liked"][0], self._title()),
            "another category": lambda facts, said: f"{said} It is also {self._category(facts)}.",
            "another number": lambda _, said: re.sub(r"to \d+", lambda found: f"to {int(found[0][3:]) + 1}", said),
            "numbers changed over": lambda _, said: re.sub(r"from (\d+) to (\d+)", r"from \2 to \1", said),
            "negation": lambda _, said: said.replace("You liked", "You never liked", 1),
            "the opposite": lambda _, said: said.replace("drop", "rise"),
            "praise": lambda _, said: said.replace("this one", "this award-winning one", 1),
            "a promise": lambda _, said: f"{said} You will love it.",
            "markup": lambda _, said: said.replace("You liked", "**You liked**", 1),
            "talk": lambda _, said: f"Sure! Here is your explanation: {said}",
        }
        self.said: dict[str, str] = {}

    def complete(self, prompts: Sequence[Prompt]) -> list[str]:
        """One answer for each, faults in turn; which it was is kept in `said`."""
        answers = []
        for prompt in prompts:
            facts = json.loads(prompt.messages[0].text.split("<facts>\n", 1)[1].split("\n</facts>", 1)[0])
            fault = list(self.faults)[len(self.said) % len(self.faults)]
            true = self._true(facts)
            answer = self.faults[fault]({**facts, "liked": facts.get("liked", facts.get("touched"))}, true)
            self.said[f"{len(self.said)} {answer}"] = "true" if answer == true else fault
            answers.append(answer)
        return answers

    def _true(self, facts: Json) -> str:
        titles = facts.get("liked", facts.get("touched"))
        row = " and ".join([", ".join(titles[:-1]), titles[-1]] if len(titles) > 1 else titles)
        verb = "You liked" if "liked" in facts else "We suggest this because of"
        common = facts["it and all of these are"]
        also = f", and this one is {common[0]} too." if common else ", so we suggest this one."
        fall = next(value for key, value in facts.items() if key.startswith("without"))
        them = "that" if len(titles) == 1 else "them"
        ranks = re.findall(r"\d+", fall)
        end = f" It would drop from {ranks[0]} to {ranks[1]} without {them}." if ranks else ""
        return f"{verb} {row}{also}{end}"

    def _title(self) -> str:
        return str(self.rng.choice(self.catalogue.titles))

    def _category(self, facts: Json) -> str:
        return str(self.rng.choice([name for name in self.catalogue.category_names if name not in facts["it and all of these are"]]))


def chat_of(name: str, model: str, key_env: str, catalogue: Catalogue) -> Chat:
    """The chat model that is named."""
    if name == "scripted":
        return Scripted(catalogue)
    if name.startswith("http"):
        return CachedChat(ChatEndpoint(url=name, model=model, key_env=key_env).open())
    return CachedChat(LocalModel(model=name).open(threads=1))


def audit(text: str, facts: Facts, catalogue: Catalogue) -> list[str]:
    """What an answer holds that the facts do not, without any pattern of the check's."""
    rest = text.replace("’", "'")
    for name in sorted((*facts.titles, *facts.attributes, *facts.words), key=len, reverse=True):
        rest = re.sub(re.escape(name.replace("’", "'")), "", rest, flags=re.IGNORECASE)
    wrong = [f"title {title}" for title in catalogue.titles if len(title) > 6 and title in rest]
    wrong += [f"category {name}" for name in catalogue.category_names if re.search(rf"\b{re.escape(name)}\b", rest, re.IGNORECASE)]
    numbers = [int(found.replace(",", "")) for found in re.findall(r"\d[\d,]*", rest)]
    wrong += [f"number {number}" for number in numbers if number not in (facts.rank_with, facts.rank_without)]
    if numbers[:2] == [facts.rank_without, facts.rank_with]:
        wrong.append("numbers changed over")
    return wrong + [f"negation {found}" for found in DENIES.findall(rest)] + [f"name {found}" for found in SAYS.findall(rest)]


def report(reasons: Sequence[Reason], catalogue: Catalogue, chat_name: str, model: str, key_env: str, seconds: float) -> None:
    """Ask for as many as the seconds allow, check, audit, print."""
    chat = chat_of(chat_name, model, key_env, catalogue)
    wanted = dict.fromkeys(reason.facts for reason in reasons if reason.facts is not None)
    start = time.perf_counter()
    answers: dict[Facts, str] = {}
    for facts in wanted:
        if time.perf_counter() - start > seconds:
            break
        answers[facts] = chat.complete([prompt_of(facts, "en")])[0]
    took = time.perf_counter() - start
    asked, reasons = list(answers), [reason for reason in reasons if reason.facts in answers]

    class Heard:
        name = chat.name

        def complete(self, prompts: Sequence[Prompt]) -> list[str]:
            return [answers[facts] for facts in asked][: len(prompts)]

    with Worder(Heard()) as worder:
        worded = worder.word(reasons)
    wrong = {facts: audit(answer, facts, catalogue) for facts, answer in answers.items()}
    shown = {facts for facts, answer in answers.items() if supported(answer, facts, "en") is not None}
    tally = worded.tally
    print(f"{len(reasons)} reasons of {len(asked)} different facts, worded by {chat.name} in {took:.0f} s")
    print(f"shown in its words       {tally.worded:>6} ({tally.worded / len(reasons):.1%})")
    print(f"fell back on the template{tally.fell_back:>6} ({tally.fell_back / len(reasons):.1%})")
    bare = {facts for facts in asked if facts not in shown}
    print(f"said freely, with something that the facts do not bear out: {len(bare)} of {len(asked)} ({len(bare) / len(asked):.1%})")
    print(f"said with something that the audit finds unsupported: {sum(map(bool, wrong.values()))} of {len(asked)}")
    print(f"shown with something that the audit finds unsupported: {sum(bool(wrong[facts]) for facts in shown)} of {len(shown)}")
    if isinstance(chat, Scripted):
        faults = dict(zip(asked, chat.said.values(), strict=True))
        table = Counter((fault, facts in shown) for facts, fault in faults.items())
        print(f"{'what was said':<36} {'said':>6} {'shown':>6}")
        for fault in chat.faults:
            print(f"{fault:<36} {table[fault, True] + table[fault, False]:>6} {table[fault, True]:>6}")
    for title, some in (("shown", shown), ("refused", set(asked) - shown)):
        for facts in [facts for facts in asked if facts in some][:SHOWN]:
            print(f"{title}: {' '.join(answers[facts].split())[:300]}")
