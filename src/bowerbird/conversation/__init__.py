"""A recommender to talk to: tools for a chat model and for other agents, and a conversation whose items are real by construction."""

from bowerbird.conversation.asking import Asker
from bowerbird.conversation.happening import Called, Happening, How, Reply, Said
from bowerbird.conversation.leading import Conversation
from bowerbird.conversation.names import Names
from bowerbird.conversation.settings import ConversationSettings
from bowerbird.conversation.talk import Message, Talk
from bowerbird.conversation.tools import TOOLS, Caller, Tool, tools_for
from bowerbird.conversation.values import Hit, Result

__all__ = [
    "TOOLS",
    "Asker",
    "Called",
    "Caller",
    "Conversation",
    "ConversationSettings",
    "Happening",
    "Hit",
    "How",
    "Message",
    "Names",
    "Reply",
    "Result",
    "Said",
    "Talk",
    "Tool",
    "tools_for",
]
