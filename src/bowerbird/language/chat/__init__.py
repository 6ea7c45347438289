"""Chat models: prompts in, texts out. Asked ahead of time or within a budget; everything works without one."""

from typing import Annotated

from pydantic import Field

from bowerbird.language.chat.budget import Usage
from bowerbird.language.chat.cache import CachedChat
from bowerbird.language.chat.endpoint import ChatEndpoint, EndpointChat
from bowerbird.language.chat.local import LocalModel
from bowerbird.language.chat.naming import by_chat
from bowerbird.language.chat.schemas import ask_for
from bowerbird.language.chat.silence import NoChat
from bowerbird.language.chat.torchbacked import LocalChat

ChatSettings = Annotated[NoChat | LocalModel | ChatEndpoint, Field(discriminator="kind")]
"""A chat model in the config: `kind` says which. Each has `open(threads=0) -> Chat | None`."""

__all__ = [
    "CachedChat",
    "ChatEndpoint",
    "ChatSettings",
    "EndpointChat",
    "LocalChat",
    "LocalModel",
    "NoChat",
    "Usage",
    "ask_for",
    "by_chat",
]
