"""Likes foretold from words, in the manner of TALLRec: `python benchmarks/tallrec.py --data FOLDER --rankers OTHER`.

1,000 prompts from MovieLens-100K: ten films that a user liked or not, and a target. Prompts whose histories overlap are of one user, which
makes 14 of them. They are parted into four, no user in two parts; each part is asked of what k examples of the other parts taught, and the
AUC is over all 1,000. Five seeds draw parts and examples. Beside it: the share of likes in the history alone.

"words", "behaviour" and "both" start from what MovieLens latest-small, which comes with the package, says of likes, by texts, by what
others like, or by both: users with a rating from September 1997 to April 1998 are left out, since MovieLens-100K was collected then, of
people who rated then, so that nobody is in both. A like is more than three stars, as in TALLRec. "lora" is "words" with the encoder tuned;
k = 0 is asked as it is. A film of the prompts is known to the behaviour if there is one film with its title, but for order, punctuation and
names in brackets, and its year; failing that, with all of its words in the title, and that year or one next to it; of others their texts
tell. For each of these rankers it also prints what users of the sample say of whom nothing was learned. Shuffled, AUC and at equal share:
the titles of the asked films, and what others say with them, are dealt out anew among them, for two seeds. "At equal share" is the AUC
over pairs of a liked and an unliked target whose histories have the same share of likes: the share alone gets .5 there. Δ is the mean
difference to the share of likes over the seeds, with a 95 % interval from drawing prompts, and one from drawing users, anew.
"""

import argparse
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bowerbird.config import Settings
from bowerbird.data import Dataset, DataSettings, clean, read, sample_path
from bowerbird.language import CachedEncoder, MiniLm, SentenceTransformer, default_cache_path, item_texts
from bowerbird.language.texts import TextSettings
from bowerbird.liking import Behaviour, Examples, Judge, LikingSettings, auc, auc_at_equal, behaviour_of, calibration_error, fit
from bowerbird.liking.judge import sigmoid
from bowerbird.liking.tuning import ENCODER, RANKER, tune_ranker
from bowerbird.reader import ReaderSettings
from bowerbird.types import History, Log

BEGINS, ENDS = datetime(1997, 9, 1, tzinfo=UTC).timestamp(), datetime(1998, 5, 1, tzinfo=UTC).timestamp()
HEADINGS = ("starts from", "k", "AUC", "± seeds", "Δ to the share", "Δ, users drawn", "at equal share", "ECE", "shuffled", "s")
PARTS, DRAWS = 4, 200
SETTINGS = LikingSettings()
QUICK = LikingSettings(most=8_000, texts_l2=(50.0, 500.0))
BEFORE = {"words": QUICK.model_copy(update={"others": False}), "behaviour": QUICK, "both": QUICK}
MORE_THAN_3 = 3.25
TRAIN = {"epochs": 3, "patience": 2, "runs": "none", "tracker": "none"}
READER = ReaderSettings.model_validate({"layers": 1, "max_tokens": 32, "train": TRAIN})
TITLE = re.compile(r'"(.*?)"(?=, "|$)')

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]


class Kept(MiniLm):
    """The encoder, which reads each text once."""

    def open(self, threads: int = 1) -> CachedEncoder:
        """With what it read before."""
        return CachedEncoder(super().open(threads), default_cache_path())


class Mute(Settings):
    """An encoder that reads nothing."""

    kind: str = "mute"

    def open(self, threads: int = 0) -> "Mute":  # noqa: ARG002
        """Itself."""
        return self

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, 8): zeros."""
        return np.zeros((len(texts), 8), np.float32)


@dataclass(frozen=True, eq=False)
class Teller:
    """What is asked: where weights start, the titles' vectors, and what others say of the titles.

    name  of the row
    """

    name: str
    start: Judge | None
    vectors: Vectors
    others: Behaviour | None = None

    def dealt(self, order: NDArray[np.intp]) -> "Teller":
        """Each title as if it were another."""
        others = self.others and replace(self.others, lifts=self.others.lifts[order], vectors=self.others.vectors[order])
        return replace(self, vectors=self.vectors[order], others=others)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--rankers", type=Path, required=True, help="Where rankers taught before are kept; made where they are not there.")
    options.add_argument("--starts", default="share,words,behaviour,both", help="Which of these, or lora, to start from.")
    options.add_argument("--shots", default="0,16,64,256,all", help="How many examples.")
    given = options.parse_args()
    shots = [None if k == "all" else int(k) for k in given.shots.split(",")]
    titles, examples = prompts(given.data / "valid.json")
    share = examples.likes.sum(1) / examples.there.sum(1)
    y = examples.labels
    print(f"{len(examples)} prompts of {len(np.unique(examples.users))} users; share of likes alone: AUC {auc(share, y):.4f}", flush=True)
    table = Table(title="AUC of likes foretold", title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    for teller in tellers(given.starts.split(","), titles, given.rankers):
        for k in shots:
            if k != 0 or teller.start is not None:
                cells = row(examples, teller, share, k, given.seeds)
                table.add_row(teller.name, "all" if k is None else str(k), *cells)
                print(teller.name, k, *cells, flush=True)
    Console(width=170).print(table)


def tellers(names: list[str], titles: list[str], folder: Path) -> Iterator[Teller]:
    """What to ask, by name."""
    data, log = sample()
    known = places(titles, data)
    print(f"{np.mean(known >= 0):.1%} of {len(titles)} titles are known to the behaviour of {len(np.unique(log.users))} users", flush=True)
    encoder = Kept().open()
    vectors = encoder.encode(titles)
    texts = item_texts(data.catalogue.frame, TextSettings(fields=("title",)))
    read_by = {"behaviour": Mute()}
    for name in names:
        if name == "share":
            yield Teller(name, None, vectors)
            continue
        if not (folder / name / RANKER).is_file():
            said = BEFORE["words" if name == "lora" else name]
            print(name, tune_ranker(log, texts, read_by.get(name, Kept()), said, READER, folder / name, tune=name == "lora"), flush=True)
        start = Judge.load(folder / name / RANKER)
        if name in ("words", "lora"):
            tuned = folder / name / ENCODER
            yield Teller(name, start, SentenceTransformer(model=str(tuned)).open(threads=1).encode(titles) if tuned.is_dir() else vectors)
            continue
        eyes = read_by.get(name, encoder)
        every = behaviour_of(log, eyes.encode(texts), BEFORE[name])
        lifts = np.where(known >= 0, every.lifts[known], np.nan).astype(np.float32)
        own = eyes.encode(titles)
        yield Teller(name, start, own, replace(every, lifts=lifts, vectors=every.vectors[known]).at(own))


def row(examples: Examples, teller: Teller, share: Floats, k: int | None, seeds: int) -> list[str]:
    """One line of the table."""
    began = time.process_time()
    true = [told(examples, teller, k, seed) for seed in range(seeds)]
    took = (time.process_time() - began) / seeds
    dealt = []
    for seed in range(min(seeds, 2)):
        order = np.random.default_rng(1000 + seed).permutation(len(teller.vectors))
        dealt.append(told(examples, teller.dealt(order), k, seed))
    y = examples.labels
    figures = [auc(one, y) for one in true]
    return [
        f"{np.mean(figures):.4f}",
        f"{np.std(figures, ddof=1):.4f}",
        *gaps(true, share, examples),
        f"{np.mean([auc_at_equal(one, share, y) for one in true]):.4f}",
        f"{np.mean([calibration_error(sigmoid(one), y) for one in true]):.3f}",
        f"{np.mean([auc(one, y) for one in dealt]):.4f} / {np.mean([auc_at_equal(one, share, y) for one in dealt]):.4f}",
        f"{took:.1f}",
    ]


def told(examples: Examples, teller: Teller, k: int | None, seed: int) -> Floats:
    """The log-odds of all prompts, each part asked of what k examples of the others taught."""
    rng = np.random.default_rng(seed)
    says = np.empty(len(examples))
    vectors, others = teller.vectors, teller.others
    for held in parts(examples.users, rng):
        rest = np.setdiff1d(np.arange(len(examples)), held)
        shown = examples.take(rest if k is None else rng.choice(rest, k, replace=False))
        judge = teller.start if k == 0 else fit(shown, vectors, SETTINGS, rng, start=teller.start, others=others).judge
        says[held] = judge.logits(examples.take(held), vectors, others)
    return says


def parts(users: NDArray[np.int32], rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """Users by chance, each to the part with the fewest prompts so far."""
    sizes: list[list[int]] = [[] for _ in range(PARTS)]
    for user in rng.permutation(np.unique(users)).tolist():
        min(sizes, key=lambda part: int(np.isin(users, part).sum())).append(user)
    return [np.flatnonzero(np.isin(users, part)) for part in sizes]


def sample() -> tuple[Dataset, Log]:
    """The sample, and what those of its users did whom MovieLens-100K does not have."""
    config = DataSettings(format="movielens", neutral=MORE_THAN_3)
    data = clean(read(sample_path(), None, config), config)
    both = np.unique(data.log.users[(data.log.times >= BEGINS) & (data.log.times < ENDS)])
    return data, data.log.where(~np.isin(data.log.users, both))


def places(titles: list[str], data: Dataset) -> NDArray[np.int64]:
    """The item of the data that is this film; −1 where there is none."""
    films = [split(title) for title in data.catalogue.titles]
    found = np.full(len(titles), -1)
    for place, title in enumerate(titles):
        words, year = split(title)
        same = [item for item, film in enumerate(films) if film == (words, year)]
        near = [item for item, (more, _) in enumerate(films) if words <= more]
        chosen = same or next((some for off in (0, 1) if (some := [item for item in near if abs(films[item][1] - year) == off])), [])
        if len(chosen) == 1:
            found[place] = chosen[0]
    return found


def split(title: str) -> tuple[frozenset[str], int]:
    """The words of a title, without what stands in brackets, and the year.

    >>> sorted(split("Postino, Il (Postman, The) (1994)")[0]), split("Postino, Il (1994)")[1]
    (['il', 'postino'], 1994)
    """
    name, _, year = title.rpartition(" (")
    words = re.findall(r"\w+", re.sub(r"\(.*\)", "", name).lower().replace("'", "")) or [title]
    return frozenset(words) - {"the", "a", "and"}, int(year[:4]) if year[:4].isdigit() else 0


def prompts(path: Path) -> tuple[list[str], Examples]:
    """The titles, and the prompts as examples."""
    histories, targets, labels = [], [], []
    for one in json.loads(path.read_text(encoding="utf-8")):
        liked, disliked, target = (line for line in one["input"].split("\n"))
        marks = [(title, 1) for title in TITLE.findall(liked)] + [(title, -1) for title in TITLE.findall(disliked)]
        histories.append(marks)
        targets.append(re.findall(r'movie "(.*)"\?', target)[0])
        labels.append(one["output"].startswith("Yes"))
    users = np.cumsum([0] + [len(set(a) & set(b)) < 3 for a, b in pairwise(histories)])
    titles = sorted({title for marks in histories for title, _ in marks} | set(targets))
    number = {title: place for place, title in enumerate(titles)}
    told = [History.of([number[title] for title, _ in marks], [mark for _, mark in marks]) for marks in histories]
    return titles, Examples.of(told, [number[title] for title in targets], labels, users.tolist(), window=SETTINGS.window)


def gaps(scores: Sequence[Floats], share: Floats, examples: Examples) -> tuple[str, str]:
    """The mean difference of AUC to the share of likes: with intervals from prompts, and from users, drawn anew."""
    rng = np.random.default_rng(0)
    said = []
    mean = np.mean([auc(one, examples.labels) for one in scores]) - auc(share, examples.labels)
    by_user = [np.flatnonzero(examples.users == user) for user in np.unique(examples.users)]
    for draw in (
        lambda: rng.integers(len(share), size=len(share)),
        lambda: np.concatenate([by_user[one] for one in rng.integers(len(by_user), size=len(by_user))]),
    ):
        drawn = []
        for _ in range(DRAWS):
            rows = draw()
            y = examples.labels[rows]
            drawn.append(np.mean([auc(one[rows], y) for one in scores]) - auc(share[rows], y))
        low, high = np.quantile(drawn, [0.025, 0.975])
        said.append(f"{mean:+.4f} ({low:+.4f} … {high:+.4f})")
    return said[0], said[1]


if __name__ == "__main__":
    main()
