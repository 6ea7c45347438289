"""Bundles on disk: a folder of a JSON manifest, safetensors and Parquet. Nothing in it is code, nothing is pickled.

```
manifest.json        what it is, the SHA-256 of every other file, the caller's own manifest, and a checksum of itself
<stem>.safetensors   named arrays
<stem>.parquet       one table
```
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from numpy.typing import NDArray

from bowerbird.errors import BundleError
from bowerbird.store.files import replacing, sha256
from bowerbird.store.tensors import read_tensors, write_tensors
from bowerbird.types import Json

KIND, FORMAT = "bowerbird-bundle", 1
MANIFEST, TENSORS, TABLE = "manifest.json", ".safetensors", ".parquet"
NO_CHECKSUM = "0" * 64
"""Stands in the manifest while its own checksum is taken."""

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False, slots=True)
class StoredBundle:
    """What a bundle folder holds.

    manifest  as it was given to `write_bundle`
    arrays    file stem -> name -> array; read-only views of the files
    tables    file stem -> table
    """

    manifest: Json
    arrays: dict[str, dict[str, NDArray[Any]]]
    tables: dict[str, pl.DataFrame]


def write_bundle(path: Path, manifest: Json, arrays: Mapping[str, Arrays], tables: Mapping[str, pl.DataFrame]) -> None:
    """Write a bundle, in place of the bundle that is there, if any: wholly or, after an error, not at all.

    manifest  plain JSON
    arrays    file stem -> name -> array of numbers or truth values
    tables    file stem -> table
    raises    BundleError if something else is in the place, a part is of a type that cannot be kept, or the disk does not let us
    """
    folder = Path(path).resolve()
    _check_place(folder)
    _check_stems([*arrays, *tables])
    try:
        with replacing(folder) as fresh:
            for stem, tensors in arrays.items():
                write_tensors(fresh / f"{stem}{TENSORS}", tensors)
            for stem, table in tables.items():
                table.write_parquet(fresh / f"{stem}{TABLE}")
            files = {file.name: sha256(file) for file in sorted(fresh.iterdir())}
            (fresh / MANIFEST).write_bytes(_sealed({"kind": KIND, "format": FORMAT, "files": files, "manifest": manifest}))
    except (OSError, ValueError, TypeError, pl.exceptions.PolarsError) as error:
        raise BundleError(f"bundle {path}: cannot be written, and what was there is unchanged ({error})") from error


def read_manifest(path: Path) -> Json:
    """The manifest of a bundle as it was given to `write_bundle`; the other files are not looked at.

    raises  BundleError if it is missing, not a bundle, of another format, or damaged
    """
    manifest: Json = _read_manifest(Path(path))["manifest"]
    return manifest


def read_bundle(path: Path) -> StoredBundle:
    """Read a bundle back, and check every byte of it.

    raises  BundleError if it is missing, not a bundle, of another format, or if a file is missing or damaged; names the file
    cost    reads every file once for the checksums; the arrays are then views, not copies
    """
    folder = Path(path)
    sealed = _read_manifest(folder)
    for name, digest in sealed["files"].items():
        _check_file(folder, name, digest)
    files = [folder / name for name in sealed["files"]]
    try:
        return StoredBundle(
            manifest=sealed["manifest"],
            arrays={file.stem: read_tensors(file) for file in files if file.suffix == TENSORS},
            tables={file.stem: pl.read_parquet(file) for file in files if file.suffix == TABLE},
        )
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise BundleError(f"bundle {path}: cannot be read ({error})") from error


def _sealed(content: Json) -> bytes:
    """The manifest's bytes; the checksum is of the same bytes with zeros in its place."""
    text = json.dumps({**content, "checksum": NO_CHECKSUM}, indent=1, ensure_ascii=False, allow_nan=False)
    head, _, tail = text.rpartition(NO_CHECKSUM)
    return f"{head}{hashlib.sha256(text.encode()).hexdigest()}{tail}".encode()


def _read_manifest(folder: Path) -> Json:
    raw, sealed = _parse_manifest(folder)
    if sealed.get("format") != FORMAT:
        got = sealed.get("format")
        raise BundleError(f"bundle {folder}: the format in {MANIFEST} must be {FORMAT}, got {got!r}; another version of Bowerbird wrote it")
    checksum = str(sealed.get("checksum"))
    head, _, tail = raw.rpartition(checksum.encode())
    if hashlib.sha256(head + NO_CHECKSUM.encode() + tail).hexdigest() != checksum:
        raise BundleError(f"bundle {folder}: {MANIFEST} is damaged: its checksum does not match")
    return sealed


def _parse_manifest(folder: Path) -> tuple[bytes, Json]:
    if not folder.exists():
        raise BundleError(f"bundle {folder}: no such folder")
    try:
        raw = (folder / MANIFEST).read_bytes()
        sealed = json.loads(raw)
    except (FileNotFoundError, NotADirectoryError):
        raise BundleError(f"bundle {folder}: is not a bundle; it has no {MANIFEST}") from None
    except OSError as error:
        raise BundleError(f"bundle {folder}: {MANIFEST} cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise BundleError(f"bundle {folder}: {MANIFEST} is damaged: it is not JSON ({error})") from None
    if not isinstance(sealed, dict) or sealed.get("kind") != KIND:
        kind = sealed.get("kind") if isinstance(sealed, dict) else sealed
        raise BundleError(f"bundle {folder}: the kind in {MANIFEST} must be {KIND!r}, got {kind!r:.80}")
    return raw, sealed


def _check_file(folder: Path, name: str, digest: str) -> None:
    if Path(name).name != name:
        raise BundleError(f"bundle {folder}: files must lie in its folder, got {name!r}")
    try:
        found = sha256(folder / name)
    except FileNotFoundError:
        raise BundleError(f"bundle {folder}: {name} is missing") from None
    except OSError as error:
        raise BundleError(f"bundle {folder}: {name} cannot be read ({error.strerror})") from None
    if found != digest:
        raise BundleError(f"bundle {folder}: {name} is damaged: its checksum does not match")


def _check_place(folder: Path) -> None:
    """An empty place, an empty folder, or a bundle to replace."""
    try:
        free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    except OSError as error:
        raise BundleError(f"bundle {folder}: cannot be written there ({error.strerror})") from None
    if free:
        return
    try:
        _parse_manifest(folder)
    except BundleError as error:
        raise BundleError(f"bundle {folder}: not written, for something else is there ({error})") from None


def _check_stems(stems: list[str]) -> None:
    for stem in stems:
        if not stem or Path(stem).name != stem or stem.startswith("."):
            raise BundleError(f"bundle: a part's name must be a plain file name, got {stem!r}")
