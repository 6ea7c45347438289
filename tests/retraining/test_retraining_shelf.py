"""The shelf: a restart serves what was live, a bundle fitted anew by hand goes before it, old bundles make room."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bowerbird.errors import BundleError
from bowerbird.retraining import Shelf


def put(shelf: Shelf, name: str) -> Path:
    path = shelf.folder / name
    path.mkdir()
    shelf.put(path, name)
    return path


def test_a_restart_serves_what_was_live(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf", tmp_path / "first", "f")
    assert (shelf.live.path, shelf.live.fingerprint) == (tmp_path / "first", "f")
    put(shelf, "a")
    put(shelf, "b")
    assert Shelf(tmp_path / "shelf", tmp_path / "first", "f").live.fingerprint == "b"
    assert shelf.take_back().fingerprint == "a"
    assert Shelf(tmp_path / "shelf", tmp_path / "first", "f").live.fingerprint == "a"


def test_another_first_bundle_is_served(tmp_path: Path) -> None:
    put(Shelf(tmp_path, tmp_path / "first", "f"), "a")
    assert Shelf(tmp_path, tmp_path / "first", "g").live.fingerprint == "g"


def test_old_bundles_make_room_but_never_the_first(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    shelf = Shelf(tmp_path / "shelf", tmp_path / "first", "f")
    paths = [put(shelf, name) for name in "abcde"]
    assert [path.exists() for path in paths] == [False, False, True, True, True]
    assert [shelf.take_back().fingerprint for _ in range(3)] == ["d", "c", "f"]
    assert (tmp_path / "first").exists()
    with pytest.raises(BundleError, match="no bundle was live before"):
        shelf.take_back()


def test_places_differ(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, tmp_path / "first", "f")
    assert shelf.place(datetime(2024, 5, 6, 7, 8, 9, 10, tzinfo=UTC)).name == "20240506T070809.000010Z"


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "live.json").write_text("{")
    with pytest.raises(BundleError, match=r"live\.json cannot be read"):
        Shelf(tmp_path, tmp_path / "first", "f")
