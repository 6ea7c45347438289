"""Asking a chat model within a budget of time, and hearing it while it speaks."""

import queue
import threading
import time
from collections.abc import Generator
from contextlib import suppress
from typing import Any

from pydantic_core import from_json

from bowerbird.conversation.step import ANSWER, Step
from bowerbird.errors import LanguageError
from bowerbird.language.chat.schemas import LONGEST, again, read
from bowerbird.protocols import Chat, Streams
from bowerbird.types import Prompt

TRIES = 2


class LateError(LanguageError):
    """The chat model did not answer in time."""


class Asker:
    """Asks for steps, so many at a time; what nobody waits for any more is broken off where the model can be listened to.

    chat     whom
    waiting  places
    """

    def __init__(self, chat: Chat, waiting: int) -> None:
        self.chat = chat
        self._places = threading.BoundedSemaphore(waiting)

    def ask(self, prompt: Prompt, form: type[Step], until: float) -> Generator[str, None, Step | None]:
        """Yields each sentence of an answer as soon as it is whole; returns the step, None if none of `TRIES` had the form.

        until   by `time.monotonic`
        raises  LateError then; LanguageError as the model does
        """
        asked = prompt
        for _ in range(TRIES):
            heard, told = "", 0
            for piece in self._pieces(asked, until):
                heard += piece
                whole = _sentences(heard)
                yield from whole[told:]
                told = max(told, len(whole))
                if len(heard) > LONGEST:
                    break
            step, complaint = read(form, heard)
            if step is not None or told:
                return step
            asked = again(asked, heard, complaint)
        return None

    def _pieces(self, prompt: Prompt, until: float) -> Generator[str]:
        """The answer as it comes, from a thread of its own, since a model cannot be told when to end."""
        if not self._places.acquire(timeout=max(0.0, until - time.monotonic())):
            raise LateError("the chat model has too much to do")
        said: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()
        left = threading.Event()
        threading.Thread(target=self._speak, args=(prompt, said, left), name="conversation", daemon=True).start()
        try:
            while True:
                try:
                    piece = said.get(timeout=max(0.0, until - time.monotonic()))
                except queue.Empty:
                    raise LateError("the chat model did not answer in time") from None
                if piece is None:
                    return
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            left.set()

    def _speak(self, prompt: Prompt, said: "queue.SimpleQueue[Any]", left: threading.Event) -> None:
        try:
            pieces = self.chat.stream(prompt) if isinstance(self.chat, Streams) else iter(self.chat.complete([prompt]))
            for piece in pieces:
                if left.is_set():
                    break
                said.put(piece)
            said.put(None)
        except BaseException as error:  # noqa: BLE001  it is raised where it is waited for
            said.put(error)
        finally:
            self._places.release()


def _sentences(heard: str) -> list[str]:
    """The sentences that are whole, of an answer that is not.

    >>> _sentences('{"next": {"tool": "answer", "say": ["Try [1].", "It is')
    ['Try [1].']
    """
    with suppress(ValueError, AttributeError, KeyError, TypeError):
        step = from_json(heard[heard.index("{") :], allow_partial=True)["next"]
        if step["tool"] == ANSWER:
            return [one for one in step["say"] if isinstance(one, str)]
    return []
