"""No chat model: what is set unless another is."""

from typing import Literal

from bowerbird.config import Settings


class NoChat(Settings):
    """Everything works without: names come from the texts' own words, reasons from templates.

    >>> NoChat().open() is None
    True
    """

    kind: Literal["none"] = "none"

    def open(self, threads: int = 0) -> None:
        """There is nothing to open."""
