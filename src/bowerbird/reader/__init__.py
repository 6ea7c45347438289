"""The encoder that learns from behaviour: LoRA on the upper layers, trained so that a history lies near what was taken next.

What needs torch is imported only where a reader is tuned.
"""

from bowerbird.reader.settings import ReaderSettings

__all__ = ["ReaderSettings"]
