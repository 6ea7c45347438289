"""The data sets of the bench: where anyone gets them, how their files are read, how they may be cut."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bowerbird.data import Dataset, DataSettings, Split, SplitSettings, clean, read, sample_path, split, split_labelled
from bowerbird.protocols import Progress, silent


@dataclass(frozen=True, slots=True)
class Source:
    """A public data set.

    home      where it is to be had, in words and with its address
    folder    its folder under the data folder; None = it comes with the package
    events    file of the folder; "" = the folder itself is read
    items     file of the folder
    settings  how the files are read
    part_of   column of the events that says of each whether it is "train", "valid" or "test": the cut in time where there is no clock
    """

    title: str
    home: str
    folder: str | None
    events: str = ""
    items: str | None = None
    settings: DataSettings = field(default_factory=DataSettings)
    part_of: str = ""

    def missing(self, root: Path | None) -> str:
        """What is not there, and where it is to be had, in a sentence; "" if nothing is missing."""
        if self.folder is None:
            return ""
        names = [f"{self.folder}/{name}" for name in (self.events, self.items) if name is not None]
        gone = names if root is None else [name for name in names if not (root / name).exists()]
        if not gone:
            return ""
        return f"{' and '.join(gone)} not found in the data folder (--data or BOWERBIRD_DATA); {self.home}"

    def load(self, root: Path | None, progress: Progress = silent) -> Dataset:
        """Read and clean it.

        raises  DataError if a file is damaged
        """
        folder = sample_path() if self.folder is None or root is None else root / self.folder
        items = None if self.items is None else folder / self.items
        return clean(read(folder / self.events, items, self.settings), self.settings, progress=progress)

    def cut(self, data: Dataset, kind: str, seed: int) -> Split:
        """The data cut in the way of `kind` ("time", "last", "users"), the only draw being which users are held out.

        raises  DataError if it cannot be cut so
        """
        if kind == "time" and self.part_of:
            parts = data.events[self.part_of].replace_strict(PARTS).to_numpy().astype(np.int8)
            return split_labelled(data.log, parts)
        return split(data.log, SplitSettings.model_validate({"kind": kind}), np.random.default_rng(seed))


PARTS = {"train": 0, "valid": 1, "test": 2}

SOURCES: Mapping[str, Source] = {
    "movielens": Source(
        "MovieLens latest-small",
        "comes with the package; from GroupLens, https://grouplens.org/datasets/movielens/latest/ (not for commercial use)",
        None,
        settings=DataSettings(format="movielens"),
    ),
    "beauty": Source(
        "Amazon Beauty 2014",
        "Beauty.txt is S3-Rec's, https://github.com/RUCAIBox/CIKM2020-S3Rec; items.csv gives its item numbers (s3rec_item_id) their "
        "titles, from the metadata of https://cseweb.ucsd.edu/~jmcauley/datasets/amazon/links.html",
        "amazon-beauty",
        "Beauty.txt",
        "items.csv",
        DataSettings(format="s3rec", columns={"item": "s3rec_item_id"}),
    ),
    "office": Source(
        "Amazon Office Products 2018",
        "a cut of the reviews and metadata at https://nijianmo.github.io/amazon/, as events.csv (user, item, position, split) and "
        "items.jsonl (item, title, description, brand, categories)",
        "amazon-office",
        "events.csv",
        "items.jsonl",
        DataSettings(default_kind="purchase", context=("split",)),
        part_of="split",
    ),
    "lastfm": Source(
        "Last.FM 2K",
        "HetRec 2011 by GroupLens, https://grouplens.org/datasets/hetrec-2011/ (not for commercial use)",
        "lastfm-2k",
        settings=DataSettings(format="lastfm"),
    ),
}
"""Data sets by the name that `--only data=…` knows them by."""
