"""Answers kept on disk, so that nothing is asked twice of the same model."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from bowerbird.language.cache import default_cache_path
from bowerbird.language.shelf import ANSWERS, Shelf
from bowerbird.protocols import Chat, Progress, Streams, silent
from bowerbird.types import Prompt

CHUNK = 32
"""Prompts asked between two writes: what is lost when a run is stopped."""


class CachedChat:
    """A chat model that is asked each prompt once: its answers are kept in one SQLite file by (name of the model, hash of the prompt).

    A prompt's hash covers all that it says: texts, schema, limits, and the version of its file. Answers at a temperature above 0 are meant
    to vary and are not kept. Any number of processes may share the file; a damaged answer is asked again.

    chat      answers what is not kept yet
    path      of the file; its folder is made
    progress  told of the prompts that have to be asked
    raises    LanguageError, when it is asked, if the file is another program's database
    """

    def __init__(self, chat: Chat, path: Path | None = None, progress: Progress = silent) -> None:
        self.chat = chat
        self.progress = progress
        self._shelf = Shelf(path or default_cache_path("answers.sqlite"), ANSWERS)

    @property
    def name(self) -> str:
        """The model's."""
        return self.chat.name

    def complete(self, prompts: Sequence[Prompt]) -> list[str]:
        """One answer for each prompt, in order; a prompt that stands twice is asked once, unless its answers vary.

        raises  what the model raises; answers that came before stay kept
        """
        keys = [prompt_key(prompt) if prompt.temperature == 0 else str(place).encode() for place, prompt in enumerate(prompts)]
        fixed = list(dict.fromkeys(key for key, prompt in zip(keys, prompts, strict=True) if prompt.temperature == 0))
        known = {key: raw.decode() for key, raw in self._shelf.get(self.name, fixed).items()} if fixed else {}
        fresh = {key: prompt for key, prompt in zip(keys, prompts, strict=True) if key not in known}
        known |= self._asked(fresh)
        return [known[key] for key in keys]

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """The kept answer in one piece; else its pieces as they come, or the whole from a model that does not `Streams`."""
        key = prompt_key(prompt)
        kept = self._shelf.get(self.name, [key]) if prompt.temperature == 0 else {}
        if kept or not isinstance(self.chat, Streams):
            yield kept[key].decode() if kept else self.complete([prompt])[0]
            return
        heard = []
        for piece in self.chat.stream(prompt):
            heard.append(piece)
            yield piece
        if prompt.temperature == 0:
            self._shelf.put(self.name, {key: written("".join(heard))})

    def _asked(self, fresh: dict[bytes, Prompt]) -> dict[bytes, str]:
        """Ask these and keep what may be kept, in chunks."""
        keys = list(fresh)
        answers: dict[bytes, str] = {}
        for start in range(0, len(keys), CHUNK):
            self.progress("asking the chat model", start, len(keys))
            some = keys[start : start + CHUNK]
            said = dict(zip(some, self.chat.complete([fresh[key] for key in some]), strict=True))
            if kept := {key: written(answer) for key, answer in said.items() if fresh[key].temperature == 0}:
                self._shelf.put(self.name, kept)
            answers |= said
        if keys:
            self.progress("asking the chat model", len(keys), len(keys))
        return answers


def prompt_key(prompt: Prompt) -> bytes:
    """SHA-256 of all that the prompt says: 32 bytes.

    >>> prompt_key(Prompt.of("a")) == prompt_key(Prompt.of("a")) != prompt_key(Prompt.of("b"))
    True
    """
    said = json.dumps(asdict(prompt), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(said.encode()).digest()


def written(answer: str) -> bytes:
    """The answer in bytes; half a surrogate pair becomes a question mark."""
    return answer.encode("utf-8", "replace")
