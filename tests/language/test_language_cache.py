import logging
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bowerbird.errors import LanguageError
from bowerbird.language import CachedEncoder, default_cache_path
from bowerbird.language.cache import CHUNK

TEXTS = ["a", "b", "", "a", "ü", "\ud83d"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "vectors.sqlite"


@pytest.fixture
def writable(counting):
    """An encoder whose texts may hold half a surrogate pair."""

    class Any(counting):
        def encode(self, texts):
            return super().encode([text.encode("utf-8", "replace").decode() for text in texts])

    return Any


def test_the_second_reading_asks_the_encoder_nothing(path, writable):
    first, second = writable(), writable()
    fresh = CachedEncoder(first, path).encode(TEXTS)
    again = CachedEncoder(second, path).encode(TEXTS)
    assert len(first.read) == 5
    assert second.read == []
    np.testing.assert_array_equal(fresh, again)
    np.testing.assert_array_equal(fresh, writable().encode(TEXTS))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.text("abc", max_size=2), max_size=8), min_size=1, max_size=4))
def test_cached_is_as_uncached_and_no_text_is_read_twice(tmp_path_factory, counting, rounds):
    encoder = counting()
    cached = CachedEncoder(encoder, tmp_path_factory.mktemp("cache") / "v.sqlite")
    for texts in rounds:
        want = counting().encode(texts) if texts else np.empty((0, 4))
        np.testing.assert_array_equal(cached.encode(texts), want)
    assert sorted(encoder.read) == sorted({text for texts in rounds for text in texts})


def test_encoders_do_not_share_vectors(path, counting):
    CachedEncoder(counting("one"), path).encode(["a"])
    other = counting("two", dimension=3)
    assert CachedEncoder(other, path).encode(["a"]).shape == (1, 3)
    assert other.read == ["a"]


def test_an_encoder_that_changed_its_dimension_is_read_again(path, counting):
    CachedEncoder(counting(dimension=4), path).encode(["a", "b"])
    changed = counting(dimension=3)
    np.testing.assert_array_equal(CachedEncoder(changed, path).encode(["a", "c"]), counting(dimension=3).encode(["a", "c"]))


def test_progress_ends_at_the_number_of_texts_that_had_to_be_read(path, counting):
    told = []
    cached = CachedEncoder(counting(), path, lambda what, done, total: told.append((what, done, total)))
    cached.encode([str(n) for n in range(CHUNK + 1)])
    assert told == [("reading texts", 0, CHUNK + 1), ("reading texts", CHUNK, CHUNK + 1), ("reading texts", CHUNK + 1, CHUNK + 1)]
    told.clear()
    cached.encode(["1", "2"])
    assert told == []


def test_a_run_that_stops_keeps_what_it_has_read(path, counting):
    class Stops(counting):
        def encode(self, texts):
            if self.read:
                raise KeyboardInterrupt
            return super().encode(texts)

    texts = [f"{n:05}" for n in range(2 * CHUNK)]
    with pytest.raises(KeyboardInterrupt):
        CachedEncoder(Stops(), path).encode(texts)
    again = counting()
    CachedEncoder(again, path).encode(texts)
    assert len(again.read) == CHUNK


def test_a_damaged_vector_is_read_again_with_a_sentence(path, counting, caplog):
    fresh = CachedEncoder(counting(), path).encode(["a", "b", "c"])
    with sqlite3.connect(path) as file:
        key, raw = file.execute("SELECT text, vector FROM vectors LIMIT 1").fetchone()
        file.execute("UPDATE vectors SET vector = ? WHERE text = ?", (bytes([raw[0] ^ 1]) + raw[1:], key))
    file.close()
    encoder = counting()
    np.testing.assert_array_equal(CachedEncoder(encoder, path).encode(["a", "b", "c"]), fresh)
    assert len(encoder.read) == 1
    assert "1 vectors are damaged" in caplog.text


def test_vectors_that_changed_places_are_noticed(path, counting, caplog):
    fresh = CachedEncoder(counting(), path).encode(["a", "b"])
    with sqlite3.connect(path) as file:
        (one, two) = [row[0] for row in file.execute("SELECT text FROM vectors")]
        for old, new in ((one, b"x"), (two, one), (b"x", two)):
            file.execute("UPDATE vectors SET text = ? WHERE text = ?", (new, old))
    file.close()
    np.testing.assert_array_equal(CachedEncoder(counting(), path).encode(["a", "b"]), fresh)
    assert "2 vectors are damaged" in caplog.text


@pytest.mark.parametrize("damage", ["garbage", "middle"])
def test_a_damaged_file_is_put_aside_and_begun_anew(path, counting, caplog, damage):
    texts = [str(n) for n in range(300)]
    fresh = CachedEncoder(counting(), path).encode(texts)
    raw = bytearray(path.read_bytes())
    if damage == "garbage":
        raw[:] = b"not a database at all" * 1000
    else:
        raw[4096:] = bytes(len(raw) - 4096)
    path.write_bytes(raw)
    np.testing.assert_array_equal(CachedEncoder(counting(), path).encode(texts), fresh)
    assert "damaged" in caplog.text
    assert "begun anew" in caplog.text
    assert path.with_name("vectors.sqlite.damaged").exists()
    again = counting()
    CachedEncoder(again, path).encode(texts)
    assert again.read == []


def test_the_database_of_another_program_is_left_alone(path, counting):
    path.parent.mkdir()
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE events (x)")
    file.close()
    before = path.read_bytes()
    with pytest.raises(LanguageError, match="another program's"):
        CachedEncoder(counting(), path).encode(["a"])
    assert path.read_bytes() == before


def test_where_nothing_can_be_kept_the_texts_are_read_all_the_same(tmp_path, counting, caplog):
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        vectors = CachedEncoder(counting(), tmp_path / "file" / "vectors.sqlite").encode(["a"])
    np.testing.assert_array_equal(vectors, counting().encode(["a"]))
    assert "vectors are not kept" in caplog.text


FILL = """
import sys, pathlib
sys.path.insert(0, {here!r})
from conftest import Counting
from bowerbird.language import CachedEncoder
sys.stdin.readline()
CachedEncoder(Counting(), pathlib.Path({path!r})).encode([str(n) for n in range({start}, {start} + 300)])
"""


def test_processes_may_share_the_file(path, counting):
    def worker(start):
        code = FILL.format(here=str(Path(__file__).parent), path=str(path), start=start)
        return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE)

    workers = [worker(100 * n) for n in range(3)]
    for one in workers:
        assert one.communicate(b"go\n", timeout=60)[1] == b""
    encoder = counting()
    texts = [str(n) for n in range(500)]
    np.testing.assert_array_equal(CachedEncoder(encoder, path).encode(texts), counting().encode(texts))
    assert encoder.read == []


def test_ten_thousand_kept_texts_are_found_quickly(path, counting):
    texts = [str(n) for n in range(10_000)]
    cached = CachedEncoder(counting(dimension=384), path)
    cached.encode(texts)
    start = time.process_time()
    cached.encode(texts)
    assert time.process_time() - start < 0.3


def test_the_path_follows_the_environment(monkeypatch):
    monkeypatch.delenv("BOWERBIRD_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert default_cache_path() == Path.home() / ".cache/bowerbird/vectors.sqlite"
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert default_cache_path() == Path("/x/bowerbird/vectors.sqlite")
    monkeypatch.setenv("BOWERBIRD_CACHE", "/b")
    assert default_cache_path() == Path("/b/vectors.sqlite")
