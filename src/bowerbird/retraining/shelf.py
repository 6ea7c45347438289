"""The bundles that went live one after the other, on disk, so that a restart serves the one that was live."""

import json
from datetime import datetime
from pathlib import Path
from shutil import rmtree

from bowerbird.config import Settings, parse
from bowerbird.errors import BundleError
from bowerbird.store.files import whole_file

KEPT = 3
"""Bundles that stay: the live one, and those to return to."""


class Entry(Settings):
    """A bundle: where it lies, and its fingerprint."""

    path: Path
    fingerprint: str


class Shelf:
    """A folder of bundles, of which the newest in the file `live.json` is served, and the one before it if that is taken back.

    The first is the bundle that the server was started with, wherever it lies. If a server is started with another one than the file
    tells of (it was fitted anew by hand, say), that one is served, and what the file told is forgotten.

    folder  made where it is missing; a bundle that was taken back stays in it, for whoever wants to know why
    first   folder of the bundle that the server is started with
    raises  BundleError if the file is damaged; OSError if the folder cannot be made
    """

    def __init__(self, folder: Path, first: Path, fingerprint: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        begin = Entry(path=first.resolve(), fingerprint=fingerprint)
        told = _Live.read(self._file)
        self._live = told if told is not None and told.bundles[0] == begin else _Live(bundles=(begin,))

    @property
    def live(self) -> Entry:
        """The bundle that is served."""
        return self._live.bundles[-1]

    @property
    def former(self) -> Entry | None:
        """The bundle that was served before; None if there was none."""
        return self._live.bundles[-2] if len(self._live.bundles) > 1 else None

    @property
    def report(self) -> Path:
        """Where the report of the last retraining is."""
        return self.folder / "report.json"

    def place(self, at: datetime) -> Path:
        """A folder for a bundle that is made at this instant."""
        return self.folder / f"{at:%Y%m%dT%H%M%S.%fZ}"

    def put(self, path: Path, fingerprint: str) -> None:
        """A bundle went live. Those that nobody would return to are deleted, but never the first."""
        bundles = (*self._live.bundles, Entry(path=path.resolve(), fingerprint=fingerprint))
        first, rest = bundles[0], bundles[1:]
        self._write((first, *rest[-KEPT:]))
        for entry in rest[:-KEPT]:
            rmtree(entry.path, ignore_errors=True)

    def take_back(self) -> Entry:
        """The live one was taken back: that before it is live, and returned.

        raises  BundleError if there is none before it
        """
        if len(self._live.bundles) == 1:
            raise BundleError(f"shelf {self.folder}: no bundle was live before {self.live.path}")
        self._write(self._live.bundles[:-1])
        return self.live

    def _write(self, bundles: tuple[Entry, ...]) -> None:
        live = _Live(bundles=bundles)
        with whole_file(self._file) as part:
            part.write_text(live.model_dump_json(indent=1), encoding="utf-8")
        self._live = live

    @property
    def _file(self) -> Path:
        return self.folder / "live.json"


class _Live(Settings):
    """What the file says: bundles in the order in which they went live."""

    bundles: tuple[Entry, ...]

    @staticmethod
    def read(file: Path) -> "_Live | None":
        try:
            raw = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise BundleError(f"shelf: {file} cannot be read ({error})") from None
        live: _Live = parse(_Live, raw, str(file))
        return live if live.bundles else None
