"""Looking again and again in the background."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bowerbird.errors import BowerbirdError

logger = logging.getLogger(__name__)


@contextmanager
def looking(look: Callable[[], object], every_s: float, name: str, failed: Callable[[str], object] = lambda _: None) -> Iterator[None]:
    """Call `look` every so many seconds in a thread while the block runs; a look that fails is logged, told to `failed`, and not the last.

    name  of the thread, and of who looks in the log
    """
    over = threading.Event()

    def again() -> None:
        while not over.wait(every_s):
            try:
                look()
            except (BowerbirdError, OSError) as error:
                failed(str(error))
                logger.warning("%s: %s", name, error)

    thread = threading.Thread(target=again, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
