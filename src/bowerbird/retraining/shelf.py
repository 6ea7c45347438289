"""The registry: the bundles that went live one after the other, on disk, so that a restart serves the one that was live."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from shutil import rmtree

from bowerbird.bundle import now
from bowerbird.config import Settings, parse
from bowerbird.errors import BundleError
from bowerbird.retraining.audit import Act, Audit, Step, alone
from bowerbird.store.files import sync, whole_file

KEPT = 3
"""Bundles that stay: the live one, and those to return to."""

POINTER = "live.json"
"""The file that says which bundle is live: a folder that has it is a registry."""


class Entry(Settings):
    """A bundle: where it lies, and its fingerprint."""

    path: Path
    fingerprint: str


class Shelf:
    """A folder of bundles, of which the newest in the file `live.json` is served, and the one before it if that is taken back.

    Several processes may use it at a time: the file is read at each look, and changed by one of them at a time; each change is a step in
    `audit`, written once it has happened.

    The first is the bundle that the server was started with, wherever it lies. If a server is started with another one than the file
    tells of (it was fitted anew by hand, say), that one is served, and what the file told is forgotten.

    folder  made where it is missing; a bundle that was taken back stays in it, for whoever wants to know why
    first   folder of the bundle that the server is started with; None = whichever is live
    raises  BundleError if the file is damaged; OSError if the folder cannot be made
    """

    def __init__(self, folder: Path, first: Path | None = None, fingerprint: str = "") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.audit = Audit(folder / "audit.jsonl")
        told = self.entries
        if first is None:
            return
        begin, was = Entry(path=first.resolve(), fingerprint=fingerprint), told[-1].fingerprint if told else None
        if not told or told[0] != begin:
            with self._changing():
                self._write((begin,))
                self.note("promoted", fingerprint, by="server", why="a server was started with it", over=was)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Those that may be live or returned to, in the order in which they went live: the last one is.

        raises  BundleError if the file is damaged
        """
        try:
            raw = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return ()
        except (OSError, ValueError) as error:
            raise BundleError(f"shelf: {self._file} cannot be read ({error})") from None
        live: _Live = parse(_Live, raw, str(self._file))
        return live.bundles

    @property
    def live(self) -> Entry:
        """The bundle that is served.

        raises  BundleError if none ever was
        """
        entries = self.entries
        if not entries:
            raise BundleError(f"shelf {self.folder}: no bundle is live; promote one")
        return entries[-1]

    @property
    def former(self) -> Entry | None:
        """The bundle that was served before; None if there was none."""
        entries = self.entries
        return entries[-2] if len(entries) > 1 else None

    @property
    def report(self) -> Path:
        """Where the report of the last retraining is."""
        return self.folder / "report.json"

    def place(self, at: datetime) -> Path:
        """A folder for a bundle that is made at this instant."""
        return self.folder / f"{at:%Y%m%dT%H%M%S.%fZ}"

    def put(
        self,
        path: Path,
        fingerprint: str,
        *,
        by: str = "server",
        why: str = "",
        over: str | None = None,
        forced: bool = False,
        figures: Mapping[str, float] | None = None,
    ) -> None:
        """A bundle goes live. Those of the folder that nobody would return to are deleted, but never the first.

        by, why, forced, figures  as in `Step`
        over    fingerprint of the bundle that it beat
        raises  BundleError if that one is no longer live: nothing has changed
        """
        with self._changing():
            entries = self.entries
            was = entries[-1].fingerprint if entries else None
            if over is not None and over != was:
                raise BundleError(f"bundle {path}: does not go live, since {over}, which it beat, is no longer live itself")
            first, *rest = (*entries, Entry(path=path.resolve(), fingerprint=fingerprint))
            self._write((first, *rest[-KEPT:]))
            self.note("promoted", fingerprint, by=by, why=why, over=was, forced=forced, figures=figures)
            for entry in rest[:-KEPT]:
                self._remove(entry.path, entry.fingerprint, by, f"{KEPT} went live since")

    def take_back(self, of: str | None = None, *, by: str = "server", why: str = "") -> Entry:
        """The live one is taken back: that before it is live, and returned.

        of      fingerprint of the one that is to be taken back: if another one is live, somebody else has done it, and nothing happens
        raises  BundleError if there is none before it
        """
        with self._changing():
            entries, live = self.entries, self.live
            if of is not None and live.fingerprint != of:
                return live
            if len(entries) == 1:
                raise BundleError(f"shelf {self.folder}: no bundle was live before {live.path}")
            self._write(entries[:-1])
            self.note("rolled back", live.fingerprint, by=by, why=why, over=live.fingerprint)
            return entries[-2]

    def remove(self, gone: Mapping[Path, str], by: str, why: str) -> None:
        """Delete bundles of the folder, by path, each with its fingerprint; the file tells of them no more.

        raises  BundleError for one that is live or was before: nothing has changed
        """
        with self._changing():
            entries = self.entries
            if held := [entry.path for entry in entries[-2:] if entry.path in gone]:
                raise BundleError(f"bundle {held[0]}: is live or was before, and is not removed")
            if left := tuple(entry for entry in entries if entry.path not in gone):
                self._write(left)
            for path, fingerprint in gone.items():
                self._remove(path, fingerprint, by, why)

    def note(
        self,
        act: Act,
        bundle: str | None,
        *,
        by: str,
        why: str,
        over: str | None = None,
        forced: bool = False,
        figures: Mapping[str, float] | None = None,
    ) -> Step:
        """Write down a step that was taken now."""
        step = Step(at=now(), act=act, bundle=bundle, by=by, why=why, over=over, forced=forced, figures=dict(figures or {}))
        self.audit.add(step)
        return step

    def _remove(self, path: Path, fingerprint: str, by: str, why: str) -> None:
        if path.parent == self.folder.resolve() and path.exists():
            rmtree(path, ignore_errors=True)
            self.note("removed", fingerprint, by=by, why=why)

    def _changing(self) -> AbstractContextManager[None]:
        return alone(self.folder / ".lock")

    def _write(self, entries: tuple[Entry, ...]) -> None:
        with whole_file(self._file) as part:
            part.write_text(_Live(bundles=entries).model_dump_json(indent=1), encoding="utf-8")
            sync(part)
        sync(self.folder)

    @property
    def _file(self) -> Path:
        return self.folder / POINTER


class _Live(Settings):
    """What the file says: bundles in the order in which they went live."""

    bundles: tuple[Entry, ...]
