import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bowerbird.data import DataSettings, clean, fingerprint, read, read_events, sample_path
from bowerbird.data.times import instants
from bowerbird.errors import DataError

ROWS = {
    "user": ["u1", "u1", "u2"],
    "item": ["7", "8", "7"],
    "time": ["2020-01-01T10:00:00Z", "2020-01-02T10:00:00Z", "2020-01-03T10:00:00Z"],
    "kind": ["view", "like", "rating"],
    "value": [None, None, 4.5],
    "device": ["phone", None, "desk"],
}
ITEMS = {"item": ["7", "8"], "title": ["Seven", "Eight"], "categories": ["a|b", ""], "year": [1995, 2001], "code": ["007", "008"]}
NOW = datetime(2025, 1, 1, tzinfo=UTC)
CONTEXT = DataSettings(context=("device",))


def write(folder: Path, name: str, columns) -> Path:
    frame, path = pl.DataFrame(columns), folder / name.removesuffix(".gz")
    if name.endswith(".parquet"):
        frame.write_parquet(path)
    elif ".jsonl" in name:
        frame.write_ndjson(path)
    else:
        frame.write_csv(path, separator="\t" if ".tsv" in name else ",")
    if name.endswith(".gz"):
        (folder / name).write_bytes(gzip.compress(path.read_bytes()))
    return folder / name


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet", "csv.gz", "jsonl.gz", "tsv.gz"])
def test_every_format_gives_the_same_data(tmp_path, ending):
    data = clean(read(write(tmp_path, f"e.{ending}", ROWS), write(tmp_path, f"i.{ending}", ITEMS), CONTEXT), CONTEXT, NOW)
    same = clean(read(write(tmp_path, "x.csv", ROWS), write(tmp_path, "y.csv", ITEMS), CONTEXT), CONTEXT, NOW)
    assert data.fingerprint == same.fingerprint
    assert data.users == ("u1", "u2")
    assert data.catalogue.ids == ("7", "8")
    assert data.events["device"].to_list() == ["phone", None, "desk"]
    assert data.catalogue.frame["year"].to_list() == [1995, 2001]
    assert data.catalogue.frame["code"].to_list() == ["007", "008"]


def test_another_row_gives_another_fingerprint(tmp_path):
    prints = set()
    for place, value in enumerate((4.5, 4.0, None)):
        rows = {**ROWS, "value": [None, None, value]}
        prints.add(clean(read(write(tmp_path, f"{place}.csv", rows)), now=NOW).fingerprint)
    assert len(prints) == 3


def test_the_order_of_columns_does_not_matter(tmp_path):
    turned = {name: ROWS[name] for name in reversed(ROWS)}
    one, two = (clean(read(write(tmp_path, f"{n}.csv", rows), settings=CONTEXT), CONTEXT, NOW) for n, rows in enumerate((ROWS, turned)))
    assert one.fingerprint == two.fingerprint
    assert fingerprint(one.events) == fingerprint(one.events.select(reversed(one.events.columns)))


def test_ids_are_text_however_they_are_stored(tmp_path):
    path = write(tmp_path, "e.parquet", {"user": [1.0, 2.0, None], "item": [10, 20, 30]})
    events = read(path).events
    assert events["user"].to_list() == ["1", "2", None]
    assert events["item"].to_list() == ["10", "20", "30"]


def test_columns_are_mapped(tmp_path):
    events = write(tmp_path, "e.csv", {"who": ["u"], "product": ["p"], "when": [1_600_000_000]})
    items = write(tmp_path, "i.csv", {"asin": ["p"], "name": ["P"]})
    settings = DataSettings(columns={"user": "who", "item": ("product", "asin"), "time": "when", "title": "name"})
    raw = read(events, items, settings)
    assert raw.events.row(0) == ("u", "p", datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC))
    assert raw.items is not None
    assert raw.items["title"].to_list() == ["P"]


def test_a_mapping_without_column_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"data\.columns\.time: 'tme' is not a column of .*e\.csv, which have user, item, time"):
        read(write(tmp_path, "e.csv", ROWS), settings=DataSettings(columns={"time": "tme"}))


def test_an_order_column_puts_events_in_order(tmp_path):
    path = write(tmp_path, "e.csv", {"user": ["u"] * 3, "item": ["a", "b", "c"], "position": [10, 9, 100]})
    settings = DataSettings(columns={"order": "position"})
    assert clean(read(path, settings=settings), settings).events["item"].to_list() == ["b", "a", "c"]


def test_without_time_the_order_of_the_file_is_the_order(tmp_path):
    path = write(tmp_path, "e.csv", {"user": ["u", "v", "u"], "item": ["c", "a", "b"]})
    data = clean(read(path))
    assert not data.log.has_clock
    assert data.events["item"].to_list() == ["c", "b", "a"]
    assert set(data.events["kind"]) == {"interaction"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.csv", None, "no such file"),
        ("e.csv", b"", "the file is empty"),
        ("e.jsonl", b"", "the file is empty"),
        ("e.parquet", b"", "the file is empty"),
        ("e.csv", b"user,item\n", "the file has no rows"),
        ("e.xlsx", b"x", r"unknown format '\.xlsx', it must be one of \.csv, \.tsv"),
        ("events", b"x", "unknown format 'without suffix'"),
        ("e.csv", b"user,thing\nu,1\n", r"column 'item' is missing, the file has user, thing; \[data\.columns\] can name another"),
        ("e.csv", b"user,item,time\nu,1,1\nu,2\n", "line 3 has 2 fields where the header has 3"),
        ("e.csv", b"user,item,time\nu,1,1\nu,2,3,4\nu,5,6\n", "line 3 has 4 fields where the header has 3"),
        ("e.csv", b'user,item,time\nu,1,1\nu,"2', "line 3 has 2 fields where the header has 3"),
        ("e.tsv", b"user\titem\ttime\nu\t1\t1\nu\n", "line 3 has 1 fields where the header has 3"),
        ("e.jsonl", b'{"user":"u","item":"1"}\n{"user":"u","it', "line 2 is not whole JSON"),
        ("e.jsonl", b'{"user":"u","item":"1"}\n[1]\n', "line 2 must be a JSON object"),
        ("e.parquet", b"PAR1 half a file", "cannot be read"),
        ("e.csv.gz", gzip.compress(b"user,item\nu,1\n" * 50, mtime=0)[:40], "cannot be read"),
        ("e.jsonl.gz", b"not gzip", "cannot be read"),
        ("e.csv", b"user,item,time\nu,1,soon\n", "time: must be ISO 8601 dates or unix times, got 'soon'"),
    ],
)
def test_bad_files_get_one_sentence(tmp_path, name, content, said):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=said) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_folder_needs_a_format(tmp_path):
    with pytest.raises(DataError, match=r"is a folder; name a file, or set data\.format"):
        read(tmp_path)
    with pytest.raises(DataError, match=r"ratings\.csv: no such file"):
        read(tmp_path, settings=DataSettings(format="movielens"))


def test_empty_last_fields_are_no_half_lines(tmp_path):
    path = tmp_path / "e.csv"
    path.write_bytes(b'user,item,text\nu,1,\nu,2,"two\nlines"\n')
    assert read(path).events["text"].to_list() == [None, "two\nlines"]


def test_a_file_that_is_not_utf8_is_read(tmp_path):
    path = tmp_path / "i.csv"
    path.write_bytes("item,title\n1,Café\n".encode("latin-1"))
    raw = read(write(tmp_path, "e.csv", {"user": ["u"], "item": ["1"]}), path)
    assert raw.items is not None
    assert raw.items["title"].to_list() == ["Café"]


def test_histories_are_read_alone(tmp_path):
    frame = read_events(write(tmp_path, "h.csv", {"user": ["u"], "item": ["1"]}))
    assert frame.columns == ["user", "item", "time", "kind", "value", "text"]
    assert frame["kind"].to_list() == ["interaction"]
    with pytest.raises(DataError, match="1 rows have no item, the first is row 2"):
        read_events(write(tmp_path, "n.csv", {"user": ["u", "u"], "item": ["1", None]}))


def test_histories_may_be_a_table_whatever_the_format(tmp_path):
    path = write(tmp_path, "h.csv", {"user": ["u"], "item": ["1"], "value": [3]})
    kinds = {name: read_events(path, DataSettings(format=name))["kind"].item() for name in ("table", "movielens", "lastfm", "s3rec")}
    assert kinds == {"table": "rating", "movielens": "rating", "lastfm": "play", "s3rec": "interaction"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2015-03-01T12:00:00Z", "2015-03-01 12:00:00"),
        ("2015-03-01T12:00:00+02:00", "2015-03-01 10:00:00"),
        ("2015-03-01 12:00:00.250", "2015-03-01 12:00:00.250"),
        ("2015-03-01 12:00:00+0000", "2015-03-01 12:00:00"),
        ("2015-03-01 12:00", "2015-03-01 12:00:00"),
        ("2015-03-01", "2015-03-01 00:00:00"),
        ("2015", "2015-01-01 00:00:00"),
        ("1425211200", "2015-03-01 12:00:00"),
        (1425211200, "2015-03-01 12:00:00"),
        (1425211200000, "2015-03-01 12:00:00"),
        (1425211200000000, "2015-03-01 12:00:00"),
        (1425211200.5, "2015-03-01 12:00:00.500"),
        (datetime(2015, 3, 1, 12), "2015-03-01 12:00:00"),
        (datetime(2015, 3, 1, 12).date(), "2015-03-01 00:00:00"),
    ],
)
def test_times_in_all_forms(written, read):
    got = instants(pl.Series([written]), "time")
    assert got.dtype == pl.Datetime("us", "UTC")
    assert got.item().replace(tzinfo=None).isoformat(" ")[:23] == read


def test_times_of_several_forms_in_one_column():
    got = instants(pl.Series(["2015-03-01", "2015-03-01T12:00:00Z", "?"]), "time")
    assert [time and time.hour for time in got] == [0, 12, None]


# ── formats known by name ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_sample_is_whole():
    raw = read(sample_path(), settings=DataSettings(format="movielens"))
    assert raw.items is not None
    assert (len(raw.events), raw.events["user"].n_unique(), len(raw.items)) == (100_836, 610, 9_742)
    toy_story = raw.items.row(0, named=True)
    assert toy_story["title"] == "Toy Story (1995)"
    assert toy_story["categories"] == ["Adventure", "Animation", "Children", "Comedy", "Fantasy"]
    assert toy_story["year"] == 1995
    assert toy_story["tags"] == "pixar, fun"
    by_file = read(sample_path() / "ratings.csv", sample_path() / "movies.csv", DataSettings(format="movielens"))
    assert by_file.items is not None
    assert by_file.items.equals(raw.items)


def test_movielens_of_the_older_kind(tmp_path):
    (tmp_path / "ratings.dat").write_text("1::10::5::978300760\n1::20::3::978302109\n")
    (tmp_path / "movies.dat").write_bytes("10::Amélie (2001)::Comedy|Romance\n20::Heat (1995)::(no genres listed)\n".encode("latin-1"))
    raw = read(tmp_path, settings=DataSettings(format="movielens"))
    assert raw.items is not None
    assert raw.items["title"].to_list() == ["Amélie (2001)", "Heat (1995)"]
    assert raw.items["categories"].to_list() == [["Comedy", "Romance"], []]
    assert raw.events["value"].to_list() == [5, 3]


def test_lastfm(tmp_path):
    (tmp_path / "user_artists.dat").write_text("userID\tartistID\tweight\n2\t51\t130\n2\t52\t1\n")
    (tmp_path / "artists.dat").write_text('id\tname\turl\n51\tSigur Rós\tu\n52\t"Weird" Al\tu\n', encoding="utf-8")
    (tmp_path / "tags.dat").write_bytes("tagID\ttagValue\n1\tfrançais\n2\trock\n".encode("latin-1"))
    (tmp_path / "user_taggedartists.dat").write_text("userID\tartistID\ttagID\n1\t51\t1\n2\t51\t2\n3\t51\t2\n")
    settings = DataSettings(format="lastfm")
    data = clean(read(tmp_path, settings=settings), settings)
    assert data.catalogue.titles == ("Sigur Rós", '"Weird" Al')
    assert data.catalogue.frame["tags"].to_list() == ["rock, français", None]
    assert set(data.events["kind"]) == {"play"}
    assert data.log.weights[0] == 1
    assert 0 < data.log.weights[1] < 0.2


def test_s3rec(tmp_path):
    (tmp_path / "Beauty.txt").write_text("1 5 3\n2 3\n")
    items = write(tmp_path, "items.csv", {"s3rec_item_id": [3, 5], "title": ["Three", "Five"]})
    settings = DataSettings(format="s3rec", columns={"item": "s3rec_item_id"})
    data = clean(read(tmp_path / "Beauty.txt", items, settings), settings)
    assert data.events.select("user", "item").rows() == [("1", "5"), ("1", "3"), ("2", "3")]
    assert data.catalogue.titles == ("Three", "Five")
    (tmp_path / "half.txt").write_text("1 5 3\n2\n")
    with pytest.raises(DataError, match="line 2 has a user and no item"):
        read(tmp_path / "half.txt", settings=DataSettings(format="s3rec"))


def test_lastfm_order_tells_nothing_of_the_ids(tmp_path):
    """The file has each user's artists by rising id; an order that a model learns from would be a leak."""
    rows = [f"{user}\t{artist}\t{artist + 1}" for user in (2, 3) for artist in range(1000)]
    (tmp_path / "user_artists.dat").write_text("\n".join(["userID\tartistID\tweight", *rows]) + "\n")
    events = read_events(tmp_path, DataSettings(format="lastfm"))
    assert events["user"].to_list() == ["2"] * 1000 + ["3"] * 1000
    for user in ("2", "3"):
        artists = events.filter(pl.col("user") == user)["item"].cast(pl.Int64).to_numpy()
        assert sorted(artists.tolist()) == list(range(1000))
        assert abs(np.corrcoef(artists, np.arange(1000))[0, 1]) < 0.15
    assert events.equals(read_events(tmp_path, DataSettings(format="lastfm")))
