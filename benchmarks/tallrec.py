"""Likes foretold from words, in the manner of TALLRec: `python benchmarks/tallrec.py --data FOLDER --rankers OTHER`.

1,000 prompts from MovieLens-100K: ten films that a user liked or not, and a target. Prompts whose histories overlap are of one user, which
makes 14 of them. They are parted into four, no user in two parts; each part is asked of what k examples of the other parts taught, and the
AUC is over all 1,000. Five seeds draw parts and examples. Beside it: the share of likes in the history alone.

"frozen" starts from what MovieLens latest-small, which comes with the package, says of likes: users with a rating before May 1998, when
MovieLens-100K ends, are left out; "lora" from the same with the encoder tuned; k = 0 is asked as it is. Shuffled, AUC and at equal share:
the titles of the asked films are dealt out anew among them, for two seeds. "At equal share" is the AUC
over pairs of a liked and an unliked target whose histories have the same share of likes: the share alone gets .5 there. Δ is the mean
difference to the share of likes over the seeds, with a 95 % interval from drawing prompts, and one from drawing users, anew.
"""

import argparse
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bowerbird.data import DataSettings, clean, read, sample_path
from bowerbird.language import MiniLm, SentenceTransformer, item_texts
from bowerbird.language.texts import TextSettings
from bowerbird.liking import Examples, Judge, LikingSettings, auc, auc_at_equal, calibration_error, distil, fit
from bowerbird.liking.judge import sigmoid
from bowerbird.liking.tuning import ENCODER, RANKER, tune_ranker
from bowerbird.reader import ReaderSettings
from bowerbird.types import History

ENDS = datetime(1998, 5, 1, tzinfo=UTC).timestamp()
HEADINGS = ("starts from", "k", "AUC", "± seeds", "Δ to the share", "Δ, users drawn", "at equal share", "ECE", "student", "shuffled", "s")
PARTS, DRAWS = 4, 200
SETTINGS = LikingSettings()
BEFORE = LikingSettings(most=20_000)
TRAIN = {"epochs": 3, "patience": 2, "runs": "none", "tracker": "none"}
READER = ReaderSettings.model_validate({"layers": 1, "max_tokens": 32, "train": TRAIN})
TITLE = re.compile(r'"(.*?)"(?=, "|$)')

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Outcome:
    """The log-odds of all prompts: of the teacher and of its student."""

    teacher: Floats
    student: Floats
    seconds: float


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--rankers", type=Path, required=True, help="Where rankers taught before are kept; made where they are not there.")
    options.add_argument("--starts", default="share,frozen,lora", help="Which of these to start from.")
    options.add_argument("--shots", default="0,16,64,256,all", help="How many examples.")
    given = options.parse_args()
    shots = [None if k == "all" else int(k) for k in given.shots.split(",")]
    titles, examples = prompts(given.data / "valid.json")
    vectors = MiniLm().open(threads=1).encode(titles)
    share = examples.likes.sum(1) / examples.there.sum(1)
    y = examples.labels
    print(f"{len(examples)} prompts of {len(np.unique(examples.users))} users; share of likes alone: AUC {auc(share, y):.4f}", flush=True)
    tellers: list[tuple[str, Judge | None, Vectors]] = []
    for name in given.starts.split(","):
        start = None if name == "share" else taught(given.rankers / name, tune=name == "lora")
        tuned = given.rankers / name / ENCODER
        tellers.append((name, start, SentenceTransformer(model=str(tuned)).open(threads=1).encode(titles) if tuned.is_dir() else vectors))
    table = Table(title="AUC of likes foretold", title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    for name, start, read_by in tellers:
        for k in shots:
            if k != 0 or start is not None:
                cells = row(examples, read_by, share, start, k, given.seeds)
                table.add_row(name, "all" if k is None else str(k), *cells)
                print(name, k, *cells, flush=True)
    Console(width=170).print(table)


def row(examples: Examples, vectors: Vectors, share: Floats, start: Judge | None, k: int | None, seeds: int) -> list[str]:
    """One line of the table."""
    true = [outcome(examples, vectors, start, k, seed) for seed in range(seeds)]
    dealt = []
    for seed in range(min(seeds, 2)):
        order = np.random.default_rng(1000 + seed).permutation(len(vectors))
        dealt.append(outcome(examples, vectors[order], start, k, seed))
    y = examples.labels
    figures = [auc(one.teacher, y) for one in true]
    return [
        f"{np.mean(figures):.4f}",
        f"{np.std(figures, ddof=1):.4f}",
        *gaps([one.teacher for one in true], share, examples),
        f"{np.mean([auc_at_equal(one.teacher, share, y) for one in true]):.4f}",
        f"{np.mean([calibration_error(sigmoid(one.teacher), y) for one in true]):.3f}",
        f"{np.mean([auc(one.student, y) for one in true]):.4f}",
        f"{np.mean([auc(one.teacher, y) for one in dealt]):.4f} / {np.mean([auc_at_equal(one.teacher, share, y) for one in dealt]):.4f}",
        f"{np.mean([one.seconds for one in true]):.1f}",
    ]


def outcome(examples: Examples, vectors: Vectors, start: Judge | None, k: int | None, seed: int) -> Outcome:
    """Each part asked of what k examples of the others taught."""
    rng = np.random.default_rng(seed)
    began = time.perf_counter()
    teacher, student = np.empty(len(examples)), np.empty(len(examples))
    for held in parts(examples.users, rng):
        others = np.setdiff1d(np.arange(len(examples)), held)
        told = examples.take(others if k is None else rng.choice(others, k, replace=False))
        judge = start if start is not None and k == 0 else fit(told, vectors, SETTINGS, rng, start=start).judge
        asked = examples.take(held)
        teacher[held] = judge.logits(asked, vectors)
        pupil = distil(judge, examples.take(others), vectors, rng)
        histories = [History.of(items, np.where(likes, 1, -1)) for items, likes in zip(asked.items, asked.likes, strict=True)]
        queries = pupil.query_vectors(histories, vectors, SETTINGS.window)
        student[held] = np.einsum("nd,nd->n", queries, pupil.item_vectors(vectors)[asked.targets])
    return Outcome(teacher, student, time.perf_counter() - began)


def parts(users: NDArray[np.int32], rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """Users by chance, each to the part with the fewest prompts so far."""
    sizes: list[list[int]] = [[] for _ in range(PARTS)]
    for user in rng.permutation(np.unique(users)).tolist():
        min(sizes, key=lambda part: int(np.isin(users, part).sum())).append(user)
    return [np.flatnonzero(np.isin(users, part)) for part in sizes]


def taught(folder: Path, *, tune: bool) -> Judge:
    """What the sample's likes say, of users that MovieLens-100K does not have, on films with five ratings and more."""
    config = DataSettings(format="movielens")
    data = clean(read(sample_path(), None, config), config)
    early = np.unique(data.log.users[data.log.times < ENDS])
    log = data.log.where(~np.isin(data.log.users, early))
    log = log.where(np.bincount(log.items, minlength=log.n_items)[log.items] >= 5)
    texts = item_texts(data.catalogue.frame, TextSettings(fields=("title",)))
    if not (folder / RANKER).is_file():
        print(tune_ranker(log, texts, MiniLm(), BEFORE, READER, folder, tune=tune), flush=True)
    return Judge.load(folder / RANKER)


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
