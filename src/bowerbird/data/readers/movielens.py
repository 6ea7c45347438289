"""MovieLens: ratings, films with genres, tags. A folder of `ratings.csv` and `movies.csv` (or the older `.dat` files with `::`)."""

from pathlib import Path

import polars as pl

from bowerbird.data.readers.table import decoded, file_bytes, present, read_table

COLUMNS = {"user": "userId", "item": "movieId", "value": "rating", "time": "timestamp"}
KIND = "rating"
_FIELDS = {
    "ratings.dat": ("userId", "movieId", "rating", "timestamp"),
    "movies.dat": ("movieId", "title", "genres"),
    "tags.dat": ("userId", "movieId", "tag", "timestamp"),
}


def read_events(path: Path) -> pl.DataFrame:
    """The ratings, of a folder or a file."""
    return _table(_member(path, "ratings"))


def read_items(path: Path) -> pl.DataFrame:
    """The films, of a folder or a file: title, genres as categories, the year of the title, and the tags that stand beside them.

    year  null where the title has none
    tags  those that users gave, most often given first, in one text
    """
    films = _table(_member(path, "movies"))
    if "movieId" not in films.columns or "title" not in films.columns:
        return films
    genres = pl.col("genres").replace("(no genres listed)", "").str.split("|") if "genres" in films.columns else pl.lit(None)
    items = films.select(
        pl.col("movieId").alias("item"),
        plain_titles(pl.col("title")),
        genres.alias("categories"),
        pl.col("title").str.extract(r"\((\d{4})\)\s*$").cast(pl.Int64).alias("year"),
    )
    beside = path if path.is_dir() else path.parent
    tags = next((beside / name for name in ("tags.csv", "tags.dat") if (beside / name).is_file()), None)
    return items if tags is None else items.join(_tags(tags), on="item", how="left", maintain_order="left")


def plain_titles(titles: pl.Expr) -> pl.Expr:
    """MovieLens sorts by the first noun: "Matrix, The (1999)" is "The Matrix (1999)" to everyone else.

    >>> films = pl.DataFrame({"title": ["Matrix, The (1999)", "Avventura, L' (1960)", "Heat (1995)"]})
    >>> films.select(plain_titles(pl.col("title")))["title"].to_list()
    ['The Matrix (1999)', "L'Avventura (1960)", 'Heat (1995)']
    """
    articles = r"The|An?|L[aeo]s?|L'|Il|I|El|Un[ae]?|Das|Der|Die|Det|Den|Les|Los|Gli"
    moved = titles.str.replace(rf"^(.*?), ({articles})((?: \(.*)?)$", "${2} ${1}${3}")
    return moved.str.replace(r"^L' ", "L'")


def _member(path: Path, stem: str) -> Path:
    """The file of a folder that holds this; a file is itself."""
    if not present(path, "file or folder").is_dir():
        return path
    return present(path / f"{stem}.dat" if (path / f"{stem}.dat").is_file() else path / f"{stem}.csv")


def _table(path: Path) -> pl.DataFrame:
    fields = _FIELDS.get(path.name)
    if fields is None:
        return read_table(path)
    lines = pl.Series("line", decoded(file_bytes(path)).splitlines()).to_frame()
    split = lines.select(pl.col("line").str.split_exact("::", len(fields) - 1).struct.rename_fields(list(fields)))
    return split.unnest("line")


def _tags(path: Path) -> pl.DataFrame:
    counts = _table(path).select(pl.col("movieId").alias("item"), pl.col("tag").str.strip_chars().str.to_lowercase()).drop_nulls()
    ordered = counts.group_by("item", "tag").len().sort("item", -pl.col("len").cast(pl.Int64), "tag")
    return ordered.group_by("item", maintain_order=True).agg(pl.col("tag").str.join(", ").alias("tags"))
