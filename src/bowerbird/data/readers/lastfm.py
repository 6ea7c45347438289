"""HetRec 2011 Last.FM: how often users played artists, and the tags they gave. No times."""

from pathlib import Path

import numpy as np
import polars as pl

from bowerbird.data.readers.table import present, read_table

COLUMNS = {"user": "userID", "item": "artistID", "value": "weight"}
KIND = "play"
CATEGORIES = 3
"""How many of an artist's tags become its categories."""
SPREAD = 10
"""A tag is a category if at least this many artists have it."""
WORDS = 20
"""How many of its tags stand in its text."""


def read_events(path: Path) -> pl.DataFrame:
    """The play counts, of a folder or a file; each user's in a random order, always the same.

    The file has them by rising artist id. That is no order of listening, but a model that looks at order would learn from it, and a split
    that hides the last ones would hide the highest ids, which are those of the rarest artists.
    """
    plays = read_table(present(path, "file or folder") / "user_artists.dat" if path.is_dir() else path, quote=None)
    shuffled = plays[np.random.default_rng(0).permutation(len(plays))]
    return shuffled.sort("userID", maintain_order=True) if "userID" in plays.columns else shuffled


def read_items(path: Path) -> pl.DataFrame:
    """The artists, of a folder or a file, with the tags that stand beside them.

    categories  the most frequent tags that many artists have
    tags        the most frequent tags, in one text
    """
    artists = read_table(present(path, "file or folder") / "artists.dat" if path.is_dir() else path, quote=None)
    if "id" not in artists.columns or "name" not in artists.columns:
        return artists
    items = artists.select(pl.col("id").alias("item"), pl.col("name").alias("title"))
    beside = path if path.is_dir() else path.parent
    given, names = beside / "user_taggedartists.dat", beside / "tags.dat"
    return items.join(_tags(given, names), on="item", how="left", maintain_order="left") if given.is_file() and names.is_file() else items


def _tags(given: Path, names: Path) -> pl.DataFrame:
    """Of each artist: categories, and a text of tags. The tag names are latin-1, unlike the artists'."""
    words = read_table(names, encoding="latin-1", quote=None).select("tagID", pl.col("tagValue").str.strip_chars().alias("tag"))
    counts = read_table(given, quote=None).join(words, on="tagID").group_by(pl.col("artistID").alias("item"), "tag").len()
    ordered = counts.with_columns(pl.len().over("tag").alias("spread")).sort("item", -pl.col("len").cast(pl.Int64), "tag")
    return ordered.group_by("item", maintain_order=True).agg(
        pl.col("tag").filter(pl.col("spread") >= SPREAD).head(CATEGORIES).alias("categories"),
        pl.col("tag").head(WORDS).str.join(", ").alias("tags"),
    )
