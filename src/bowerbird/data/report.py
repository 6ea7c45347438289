"""What cleaning found and what it did about it: nothing is left out in silence."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import polars as pl

from bowerbird.types import Json


@dataclass(frozen=True, slots=True)
class Finding:
    """One check and its outcome; found = kept + mended + left_out.

    check     what was looked for
    found     how many rows or texts have it
    kept      of these, how many stay as they are
    mended    how many were put right
    left_out  how many are not in the clean data
    why       the rule, in words
    """

    check: str
    found: int = 0
    kept: int = 0
    mended: int = 0
    left_out: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class CleaningReport:
    """All findings, in the order of the checks.

    >>> report = CleaningReport((Finding("missing ids", found=2, left_out=2, why="no user"),))
    >>> report.to_json()[0]["left_out"], report.table().columns
    (2, ['check', 'found', 'kept', 'mended', 'left_out', 'why'])
    """

    rows: tuple[Finding, ...]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.rows)

    def __getitem__(self, check: str) -> Finding:
        """The finding of a check; one that found nothing if the check was not made."""
        return next((row for row in self.rows if row.check == check), Finding(check))

    def table(self) -> pl.DataFrame:
        """One row a check."""
        schema = {"check": pl.String, "found": pl.Int64, "kept": pl.Int64, "mended": pl.Int64, "left_out": pl.Int64, "why": pl.String}
        return pl.DataFrame(self.to_json(), schema=schema)

    def to_json(self) -> list[Json]:
        """One dict a check, of plain values."""
        return [asdict(row) for row in self.rows]

    @staticmethod
    def from_json(rows: Iterable[Json]) -> "CleaningReport":
        """The report that `to_json` wrote."""
        return CleaningReport(tuple(Finding(**row) for row in rows))
