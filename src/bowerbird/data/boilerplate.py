"""Sentences that stand in very many items' texts say nothing of an item."""

import polars as pl

from bowerbird.data.report import Finding

SENTENCE = 25
"""Shorter sentences may well be said of many things."""
AT_LEAST = 20
"""In as few items as this, repetition proves nothing."""


def without_boilerplate(frame: pl.DataFrame, columns: list[str], share: float) -> tuple[pl.DataFrame, Finding]:
    """The same table without the sentences that more than this share of a column's texts have.

    share   0..1; 0 = leave all as they are
    cost    O(characters)
    """
    total, seen = 0, []
    for name in columns if share > 0 else []:
        parts = _sentences(frame, name)
        limit = max(AT_LEAST, share * (len(frame) - frame[name].null_count()))
        counts = parts.filter(pl.col("part").str.len_chars() >= SENTENCE).group_by("part").agg(pl.col("row").n_unique().alias("n"))
        common = counts.filter(pl.col("n") > limit).sort(-pl.col("n").cast(pl.Int64), "part")
        if not len(common):
            continue
        spoken = parts.with_columns(pl.col("part").is_in(common["part"].implode()).alias("common"))
        touched = spoken.filter("common").select("row").unique()
        left = spoken.filter(~pl.col("common")).group_by("row", maintain_order=True).agg(pl.col("part").str.join(" "))
        joined = touched.join(left, on="row", how="left").sort("row")
        frame = frame.with_columns(frame[name].scatter(joined["row"], joined["part"].fill_null("")))
        total += len(touched)
        seen.append(f"{name}: {common['part'][0]!r:.60}")
    why = "sentences that very many items share are removed"
    return frame, Finding("boilerplate (items)", total, mended=total, why=f"{why}; {'; '.join(seen)}" if seen else why)


def _sentences(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """row, part: the sentences of each text, in their order."""
    marked = pl.col(name).str.replace_all(r"([.!?])\s+", "$1\n").str.split("\n")
    return frame.select(pl.int_range(pl.len()).alias("row"), marked.alias("part")).drop_nulls().explode("part")
