"""Chat models that say what they were told to say."""

import json
import time
from collections.abc import Callable, Iterator, Sequence

from bowerbird.types import Prompt


def call(tool: str, **arguments) -> str:
    wanted = {
        "recommend": {"text": "", "k": 5, "diversity": None, "exclude": []},
        "search": {"text": "x", "k": 5},
        "similar": {"k": 5},
        "explain": {},
        "profile": {},
        "feedback": {"item": None, "reaction": None, "words": ""},
    }[tool]
    return json.dumps({"next": {"tool": tool, **wanted, **arguments}})


def answer(*say: str, items: Sequence[str] = ()) -> str:
    return json.dumps({"next": {"tool": "answer", "say": list(say), "items": list(items)}})


class Script:
    """Says one line a prompt, the last one for ever; a line may be made from the prompt, or raise."""

    name = "script"

    def __init__(self, *lines: str | Exception | Callable[[str], str]) -> None:
        self.lines = list(lines)
        self.prompts: list[Prompt] = []

    def complete(self, prompts: Sequence[Prompt]) -> list[str]:
        return [self._line(prompt) for prompt in prompts]

    def _line(self, prompt: Prompt) -> str:
        line = self.lines[min(len(self.prompts), len(self.lines) - 1)]
        self.prompts.append(prompt)
        if isinstance(line, Exception):
            raise line
        return line if isinstance(line, str) else line(prompt.messages[0].text)


class Speaker(Script):
    """One that can be listened to: it speaks letter by letter, and falls silent after so many where it is told to."""

    def __init__(self, *lines, silent_after: int | None = None) -> None:
        super().__init__(*lines)
        self.silent_after = silent_after
        self.spoken = 0

    def stream(self, prompt: Prompt) -> Iterator[str]:
        for letter in self._line(prompt):
            if self.spoken == self.silent_after:
                time.sleep(0.5)
            self.spoken += 1
            yield letter
