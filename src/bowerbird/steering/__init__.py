"""Wishes in words: read by rules and by the encoder, without a chat model, and turned into what a slate is steered by."""

from bowerbird.steering.reading import MAX_CHARS, Reader
from bowerbird.steering.steer import Steer, steer
from bowerbird.steering.vocabulary import Vocabulary
from bowerbird.steering.wish import Condition, Wish

__all__ = ["MAX_CHARS", "Condition", "Reader", "Steer", "Vocabulary", "Wish", "steer"]
