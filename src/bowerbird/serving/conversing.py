"""Conversations over the live engine: its chat model is opened at the first need, and again when a bundle names another."""

import logging
import threading
import time
from dataclasses import dataclass, field

from bowerbird.conversation import Asker, Conversation, How, Names
from bowerbird.engine import Engine
from bowerbird.errors import LanguageError
from bowerbird.language.chat import ChatSettings, NoChat

RETRY_S = 60.0
"""After so long a chat model that could not be opened is tried again."""

log = logging.getLogger("bowerbird.serving")


@dataclass(eq=False)
class Conversations:
    """Conversations as the bundle that is live now has them. What users write is not kept in the cache of answers: it is theirs."""

    engine: Engine
    _opened: tuple[ChatSettings, Asker | None, float] | None = field(init=False, repr=False, default=None)
    _names: Names | None = field(init=False, repr=False, default=None)
    _opening: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def now(self) -> Conversation:
        """A conversation over what is live.

        cost  of opening the chat model, at the first call
        """
        config, catalogue = self.engine.bundle.config, self.engine.catalogue
        if self._names is None or self._names.catalogue is not catalogue:
            self._names = Names(catalogue)
        asker = self._asker(config.chat, config.conversation.waiting)
        without: How = "none" if isinstance(config.chat, NoChat) else "failed"
        return Conversation(self.engine, self._names, asker, config.conversation, without)

    def _asker(self, chat: ChatSettings, waiting: int) -> Asker | None:
        """Asks the chat model; None where there is none, or it cannot be opened now."""
        with self._opening:
            known = self._opened
            if known is not None and known[0] == chat and (known[1] is not None or time.monotonic() < known[2]):
                return known[1]
            asker = None
            try:
                model = chat.open()
                asker = None if model is None else Asker(model, waiting)
            except LanguageError as error:
                log.warning("conversation: the chat model cannot be opened (%s); rules lead until it can", error)
            self._opened = (chat, asker, time.monotonic() + RETRY_S)
            return asker
