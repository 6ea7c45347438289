"""Bundles: what is written comes back, every damage is named, and nothing is ever half replaced."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from safetensors.numpy import load_file

from bowerbird.errors import BundleError
from bowerbird.store import read_bundle, write_bundle
from bowerbird.store.bundles import FORMAT, KIND, _sealed
from bowerbird.store.bundles import MANIFEST as MANIFEST_NAME
from bowerbird.store.tensors import DTYPES, read_tensors, write_tensors

MANIFEST = {"model": {"kind": "ease", "l2": 100.5}, "words": "naïve – schön"}
ARRAYS = {"model": {"weights": np.arange(12, dtype=np.float32).reshape(3, 4), "scorable": np.array([True, False, True])}, "empty": {}}
TABLES = {"catalogue": pl.DataFrame({"item": ["heat", "ronin"], "categories": [["Crime"], []]})}
FILES = ["manifest.json", "model.safetensors", "empty.safetensors", "catalogue.parquet"]


@pytest.fixture
def folder(tmp_path) -> Path:
    write_bundle(tmp_path / "bundle", MANIFEST, ARRAYS, TABLES)
    return tmp_path / "bundle"


def test_a_bundle_comes_back_as_it_was(folder):
    stored = read_bundle(folder)
    assert stored.manifest == MANIFEST
    assert list(stored.tables) == ["catalogue"]
    assert stored.tables["catalogue"].equals(TABLES["catalogue"])
    assert stored.arrays["empty"] == {}
    for name, array in ARRAYS["model"].items():
        assert stored.arrays["model"][name].dtype == array.dtype
        assert np.array_equal(stored.arrays["model"][name], array)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(lambda name: name != "__metadata__"),
        arrays_of.arrays(
            st.sampled_from([np.dtype(dtype) for dtype in DTYPES.values()]),
            arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        ),
        max_size=4,
    )
)
def test_arrays_of_any_shape_come_back_bit_for_bit(tmp_path_factory, arrays):
    path = tmp_path_factory.mktemp("tensors") / "t.safetensors"
    write_tensors(path, arrays)
    found, reference = read_tensors(path), load_file(path)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes() == reference[name].tobytes()


def test_arrays_in_another_order_of_memory_come_back_the_same(tmp_path):
    array = np.arange(12).reshape(3, 4)
    write_tensors(tmp_path / "t.safetensors", {"turned": array.T, "every second": array[:, ::2], "big": array.astype(">i4")})
    found = read_tensors(tmp_path / "t.safetensors")
    assert np.array_equal(found["turned"], array.T)
    assert np.array_equal(found["every second"], array[:, ::2])
    assert np.array_equal(found["big"], array)


def test_arrays_are_views_of_the_file_and_cannot_be_written(folder):
    array = read_bundle(folder).arrays["model"]["weights"]
    assert not array.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 1


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_byte_anywhere_is_found_and_its_file_named(folder, name):
    file = folder / name
    whole = file.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 97)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(BundleError, match=name):
            read_bundle(folder)
    file.write_bytes(whole[:-1])
    with pytest.raises(BundleError, match=name):
        read_bundle(folder)
    file.write_bytes(whole)
    read_bundle(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(BundleError, match=name):
        read_bundle(folder)


def test_what_is_not_a_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError, match="no such folder"):
        read_bundle(tmp_path / "nowhere")
    with pytest.raises(BundleError, match=r"is not a bundle; it has no manifest.json"):
        read_bundle(tmp_path)
    (tmp_path / "manifest.json").write_text('{"kind": "web-app"}')
    with pytest.raises(BundleError, match="must be 'bowerbird-bundle', got 'web-app'"):
        read_bundle(tmp_path)
    with pytest.raises(BundleError, match="not a bundle"):
        read_bundle(tmp_path / "manifest.json")


def test_a_bundle_of_another_format_is_refused(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 2}))
    with pytest.raises(BundleError, match=r"the format in manifest.json must be 1, got 2; another version of Bowerbird wrote it"):
        read_bundle(folder)


def test_a_bundle_replaces_a_bundle_and_leaves_nothing_behind(folder):
    old = read_bundle(folder)
    write_bundle(folder, {"model": "new"}, {}, TABLES)
    assert read_bundle(folder).manifest == {"model": "new"}
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]
    assert sorted(path.name for path in folder.iterdir()) == ["catalogue.parquet", "manifest.json"]
    assert np.array_equal(old.arrays["model"]["weights"], ARRAYS["model"]["weights"]), "who has the old one open keeps it"


def test_a_link_to_a_bundle_stays_a_link(folder):
    link = folder.parent / "current"
    link.symlink_to(folder)
    write_bundle(link, {"model": "new"}, {}, {})
    assert link.is_symlink()
    assert read_bundle(folder).manifest == {"model": "new"}


def test_everyone_who_may_list_the_folder_may_read_its_files(folder):
    assert {path.stat().st_mode & 0o666 for path in folder.iterdir()} == {folder.stat().st_mode & 0o666}


def test_an_empty_folder_and_missing_parents_are_fine(tmp_path):
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "a" / "b" / "c"):
        write_bundle(place, MANIFEST, ARRAYS, TABLES)
        assert read_bundle(place).manifest == MANIFEST


def test_nothing_but_a_bundle_is_ever_overwritten(tmp_path):
    file, full = tmp_path / "letter.txt", tmp_path / "thesis"
    file.write_text("dear")
    full.mkdir()
    (full / "chapter.txt").write_text("one")
    for place in (file, full):
        with pytest.raises(BundleError, match="not written, for something else is there"):
            write_bundle(place, MANIFEST, ARRAYS, TABLES)
    with pytest.raises(BundleError, match="cannot be written"):
        write_bundle(file / "bundle", MANIFEST, ARRAYS, TABLES)
    assert file.read_text() == "dear"
    assert (full / "chapter.txt").read_text() == "one"


@pytest.mark.parametrize(
    ("manifest", "arrays", "tables", "sentence"),
    [
        ({"x": object()}, {}, {}, "not JSON serializable"),
        ({"x": float("nan")}, {}, {}, "cannot be written"),
        ({}, {"model": {"names": np.array(["heat"])}}, {}, "'names' must hold numbers or truth values, got <U4"),
        ({}, {"model": {"objects": np.array([object()])}}, {}, "'objects' must hold numbers or truth values, got object"),
        ({}, {}, {"events": pl.DataFrame({"x": [object()]})}, "Object"),
        ({}, {"../model": {}}, {}, "a part's name must be a plain file name, got '../model'"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_the_old_bundle_stays(folder, manifest, arrays, tables, sentence):
    with pytest.raises(BundleError, match=sentence):
        write_bundle(folder, manifest, arrays, tables)
    assert read_bundle(folder).manifest == MANIFEST
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]


FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np, polars as pl
from bowerbird.errors import BundleError
from bowerbird.store import write_bundle

numbers = np.random.default_rng(0).random(20_000)
parts = {"tensors": ({"model": {"weights": numbers}}, {}), "table": ({}, {"events": pl.DataFrame({"x": numbers})})}
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write_bundle(Path(sys.argv[1]), {}, *parts[sys.argv[2]])
except BundleError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit on the size of files")
@pytest.mark.parametrize("part", ["tensors", "table"])
def test_a_full_disk_is_one_sentence_and_the_old_bundle_stays(folder, part):
    run = subprocess.run([sys.executable, "-c", FULL_DISK, folder, part], capture_output=True, text=True, check=False)
    assert (run.stderr, run.returncode) == ("", 0)
    assert "cannot be written, and what was there is unchanged" in run.stdout
    assert run.stdout.count("\n") == 1
    assert read_bundle(folder).manifest == MANIFEST
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]


def test_a_failed_exchange_puts_the_old_bundle_back(folder, monkeypatch):
    rename = Path.rename

    def refuse(path, target):
        if ".new-" in path.name:
            raise PermissionError("no")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(BundleError, match="what was there is unchanged"):
        write_bundle(folder, {"model": "new"}, {}, {})
    assert read_bundle(folder).manifest == MANIFEST
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]


def test_a_manifest_that_points_outside_its_folder_is_refused(folder):
    content = {"kind": KIND, "format": FORMAT, "files": {"../secret.parquet": "0" * 64}, "manifest": {}}
    (folder / MANIFEST_NAME).write_bytes(_sealed(content))
    with pytest.raises(BundleError, match=r"files must lie in its folder, got '../secret.parquet'"):
        read_bundle(folder)
