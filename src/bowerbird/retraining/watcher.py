"""A server that follows its registry: what any process promotes or takes back goes live here within a second."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bowerbird.bundle import Bundle
from bowerbird.engine import Engine
from bowerbird.errors import BowerbirdError, BundleError
from bowerbird.retraining.shelf import Entry, Shelf

logger = logging.getLogger(__name__)

LOOK_S = 1.0
"""Seconds between two looks at the registry."""


@dataclass(eq=False)
class Watcher:
    """Holds an engine to the live bundle of a shelf. Requests go on during a swap, each with what it began with.

    A bundle that cannot go live (damaged, of another format, not the one that was promoted) is refused once, in a sentence that the log of
    the server and the audit log have; the engine keeps the one that it has until the shelf names another.

    swaps    how many went live here
    refused  the bundle that was refused last, until another one is live
    """

    engine: Engine
    shelf: Shelf
    swaps: int = field(init=False, default=0)
    refused: Entry | None = field(init=False, default=None)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def look(self) -> bool:
        """Take in what the shelf says; whether another bundle went live.

        raises  BundleError if the shelf cannot be read, OSError
        """
        with self._lock:
            entry = self.shelf.live
            if entry.fingerprint == self.engine.bundle.fingerprint:
                self.refused = None
                return False
            if entry == self.refused:
                return False
            try:
                self._swap(loaded(entry))
            except BowerbirdError as error:
                self.refused = entry
                kept = self.engine.bundle.fingerprint
                logger.error("bundles: %s; %s keeps serving", error, kept)
                self.shelf.note("refused", entry.fingerprint, by="server", why=f"{error}; {kept} keeps serving", over=kept)
                return False
            return True

    def take(self, bundle: Bundle) -> None:
        """Have a bundle that the shelf names already, and that is in memory, go live."""
        with self._lock:
            if bundle.fingerprint != self.engine.bundle.fingerprint:
                self._swap(bundle)

    @contextmanager
    def looking(self, every_s: float = LOOK_S) -> Iterator[None]:
        """Look again and again in the background while the block runs."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(every_s):
                try:
                    self.look()
                except (BowerbirdError, OSError) as error:
                    logger.warning("bundles: %s", error)

        thread = threading.Thread(target=look, name="bundles", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _swap(self, bundle: Bundle) -> None:
        self.engine.swap(bundle)
        self.refused = None
        self.swaps += 1
        logger.info("bundles: %s is live", bundle.fingerprint)


def loaded(entry: Entry) -> Bundle:
    """The bundle of an entry, every byte checked.

    raises  BundleError if it cannot be read, or is not the one that was promoted
    """
    bundle = Bundle.load(entry.path)
    if bundle.fingerprint != entry.fingerprint:
        raise BundleError(f"bundle {entry.path}: must be {entry.fingerprint}, which was promoted, got {bundle.fingerprint}")
    return bundle


def newest_good(shelf: Shelf) -> Bundle:
    """What a server begins with: the live bundle, or if that cannot be read, the newest before it that can. The watcher says so.

    raises  BundleError if there is none: of the live one
    """
    first: BundleError | None = None
    for entry in reversed(shelf.entries):
        try:
            return loaded(entry)
        except BundleError as error:
            first = first or error
    raise first or BundleError(f"shelf {shelf.folder}: no bundle is live; promote one")
