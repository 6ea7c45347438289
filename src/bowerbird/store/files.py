"""Files and folders that are written whole or not at all."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bowerbird.errors import DataError


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which takes the place of `folder` when the block ends; after an error nothing has changed.

    What is there is on disk before it takes its place. The folder of before, if any, is renamed aside, then removed; who has
    its files open keeps them. Missing parents are made.

    raises  OSError if the disk does not let us
    """
    parent = folder.parent
    parent.mkdir(parents=True, exist_ok=True)
    mark = secrets.token_hex(4)
    fresh, aside = parent / f".{folder.name}.new-{mark}", parent / f".{folder.name}.old-{mark}"
    fresh.mkdir()
    try:
        yield fresh
        for path in (*fresh.iterdir(), fresh):
            sync(path)
        _exchange(fresh, folder, aside)
        sync(parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place to write to that becomes `path` only when all is written: a full disk or Ctrl-C leaves what was there."""
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written, and what was there is unchanged ({error.strerror or error})") from None
    finally:
        part.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Have the disk hold what was written to a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """Of the file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _exchange(fresh: Path, folder: Path, aside: Path) -> None:
    """Two renames; if the second fails, the first is undone."""
    replaced = folder.exists()
    if replaced:
        folder.rename(aside)
    try:
        fresh.rename(folder)
    except OSError:
        if replaced:
            aside.rename(folder)
        raise
