"""Does a head taught by whole reviews hear what single sentences say? `python benchmarks/polarity.py --data FOLDER`.

FOLDER holds `amazonReviewSnippets_GroundTruth.txt`: 300 reviews of five products in 3,708 sentences, each with the mean of what twenty
people said of it, from −4 to 4 (Hutto & Gilbert, ICWSM 2014; MIT licence). It is in `hutto_ICWSM_2014.tar.gz` of the package vaderSentiment
0.5 on PyPI. The reviews' stars are not there: the mean of a review's sentences stands for them. Nothing else of a training review is told
to the head, so it is taught as `bowerbird fit` teaches it. Five parts of the reviews, each heard by a head that learned from the others.

reviews    is it a good one? The mean over its sentences, where the truth is its mark
sentences  is it praise or blame? Those that people lean to a side by half a point at least
aspects    what a review says of each name of `ASPECTS` that it speaks of: the mean over the sentences that do

"its mark" is what a profile takes without the head: the mark of the review, here of its other sentences, lest the answer be in the
question. "both" is what it takes with the head: the mean of the two. Each with its accuracy and AUC. Δ is the accuracy of both less that
of the mark, with 95 % intervals over reviews.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from office import data_folder
from rich.console import Console
from rich.table import Table

from bowerbird.bundle import Config
from bowerbird.evaluation import paired
from bowerbird.language import CachedEncoder
from bowerbird.liking.measures import auc
from bowerbird.profiles import Polarity, PolaritySettings, fit_polarity
from bowerbird.protocols import Encoder

FILE = "amazonReviewSnippets_GroundTruth.txt"
FOLDS = 5
CLEAR = 0.5
FULL = 2.0
"""A mean verdict of this size is a full mark."""
HEADINGS = ("of", "n", "good", "majority", "its mark", "head", "both", "Δ to its mark")
ASPECTS = (
    *("picture", "battery", "price", "sound", "quality", "size", "software", "screen", "menu", "remote", "zoom", "lens", "memory", "phone"),
    *("camera", "player", "service", "support", "design", "button", "radio", "reception", "headset", "speaker", "flash", "manual"),
)


def main() -> None:
    """Read, learn, hear, print."""
    reviews = read(data_folder("hutto_ICWSM_2014", FILE) / FILE)
    encoder = CachedEncoder(Config().encoder.open())
    marks = np.array([mark_of(np.array([value for _, value in review])) for review in reviews])
    fold = np.random.default_rng(0).permutation(len(reviews)) % FOLDS
    found: dict[str, list[tuple[float, ...]]] = {"reviews": [], "sentences": [], "aspects": []}
    for part in range(FOLDS):
        learned = np.flatnonzero(fold != part)
        head = fit_polarity([text(reviews[at]) for at in learned], marks[learned], encoder, PolaritySettings().l2)
        for at in np.flatnonzero(fold == part).tolist():
            heard = head.of(encoder.encode([said for said, _ in reviews[at]]))
            found["reviews"].append((at, marks[at], float(heard.mean()), np.nan))
            said = [([place], float(one)) for place, one in enumerate(heard)]
            for what, spoken in (("sentences", said), ("aspects", aspects(reviews[at], head, encoder))):
                found[what] += [(at, *told) for told in beside_mark(reviews[at], spoken)]
    table = Table(title=f"Polarity: {len(reviews)} reviews, {sum(map(len, reviews)):,} sentences, {FOLDS} parts", title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading)
    for name, rows in found.items():
        table.add_row(name, *row(np.array(rows)))
    Console(width=150).print(table)


def read(path: Path) -> list[list[tuple[str, float]]]:
    """Reviews, each a list of sentences with what people said of them."""
    reviews: dict[str, list[tuple[str, float]]] = {}
    for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        name, value, said = line.split("\t", 2)
        reviews.setdefault(name.split("_")[0], []).append((said, float(value)))
    return list(reviews.values())


def text(review: Sequence[tuple[str, float]]) -> str:
    """The review as it was written, as far as it is known: one sentence a line."""
    return "\n".join(said for said, _ in review)


def aspects(review: Sequence[tuple[str, float]], head: Polarity, encoder: Encoder) -> list[tuple[list[int], float]]:
    """Of each aspect that a review speaks of: in which sentences, and what the head hears in them on average."""
    spoken: dict[str, list[tuple[int, float]]] = {}
    for place, told in enumerate(head.aspects([said for said, _ in review], [ASPECTS] * len(review), encoder)):
        for name, heard in told.items():
            spoken.setdefault(name, []).append((place, heard))
    return [([place for place, _ in said], float(np.mean([heard for _, heard in said]))) for said in spoken.values()]


def beside_mark(review: Sequence[tuple[str, float]], spoken: Sequence[tuple[list[int], float]]) -> list[tuple[float, float, float]]:
    """Of sentences of a review: what people said of them, what the head hears, and the mark of all other sentences, if there are any."""
    values = np.array([value for _, value in review])
    there = [(at, heard, np.delete(values, at)) for at, heard in spoken]
    return [(float(values[at].mean()), heard, mark_of(rest)) for at, heard, rest in there if len(rest)]


def mark_of(values: NDArray[np.float64]) -> float:
    """The mark of a review whose sentences have these verdicts, in −1..1."""
    return float(np.clip(values.mean() / FULL, -1, 1))


def row(rows: NDArray[np.float64]) -> list[str]:
    """Counts, accuracies and AUCs, of what is clearly praise or blame."""
    alone = np.isnan(rows[:, 3])
    who, truth, heard, mark = rows[np.where(alone, rows[:, 1] != 0, np.abs(rows[:, 1]) >= CLEAR)].T
    good = truth > 0
    cells = [f"{len(good):,}", f"{good.mean():.3f}", f"{max(good.mean(), 1 - good.mean()):.3f}"]
    if alone.all():
        return [*cells, "", shown(heard, good), "", ""]
    both = (heard + mark) / 2
    users = np.unique(who)
    told, given = (np.array([((score > 0) == good)[who == one].mean() for one in users]) for score in (both, mark))
    gap = paired(told, given, np.random.default_rng(0))
    return [*cells, *(shown(score, good) for score in (mark, heard, both)), f"{gap.mean:+.3f} ({gap.low:+.3f} … {gap.high:+.3f})"]


def shown(scores: NDArray[np.float64], good: NDArray[np.bool_]) -> str:
    """Accuracy and AUC."""
    return f"{((scores > 0) == good).mean():.3f} / {auc(scores, good):.3f}"


if __name__ == "__main__":
    main()
