"""Does an encoder that learned from behaviour find items that nobody has touched? `python benchmarks/cold.py --data FOLDER --seeds 0,1,2`.

Amazon Office (see `benchmarks/office.py`). The newest 20 % of the items, by the split in which each first appears and by chance within
one, are cold: no event on them is trained on or used for early stopping. Nor is any event of the splits `valid` and `test`, whose events
on cold items are asked for, each with all that the user did before. Ranked are all items but those of the history, or the cold ones
alone; a tie counts as lost. An item's score is its cosine to the sum of the history's vectors, with weight `decay` a step back.

Each seed draws its own cold items, held-out items, batches and controls. "Best decay" is the one of 1, .7, .5, .4 with the highest
NDCG@10 on the very events that are asked for, chosen for the untuned encoder alone; whitened is the space of the model `text`. The control
"tuned on shuffled texts" is tuned and asked alike, but every item has the text of another.

--keep  a folder for what the lower layers say of the texts and for each seed's figures: a run that was broken off goes on there, and
        seeds that ran side by side are put together
"""

import argparse
import copy
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from office import asked_one_by_one
from rich.console import Console
from rich.table import Table
from torch.nn import functional as F  # noqa: N812

from bowerbird.data import Cases, Dataset, DataSettings, clean, read
from bowerbird.data.sequences import decayed_rows
from bowerbird.evaluation.significance import paired
from bowerbird.language import MiniLm, item_texts
from bowerbird.language.whitening import placed, spread
from bowerbird.reader import ReaderSettings
from bowerbird.reader.backbone import Backbone, open_backbone
from bowerbird.reader.net import unfinished
from bowerbird.reader.states import States, read_states
from bowerbird.reader.teaching import chosen_items, teach

DECAYS = (1.0, 0.7, 0.5, 0.4)
SHARE = 0.2
Vectors = NDArray[np.float32]
FIGURES = ("NDCG@10, all items", "Recall@20, all items", "NDCG@10, cold items", "Recall@20, cold items")


@dataclass(frozen=True, eq=False)
class World:
    """One seed's question: what may be learned from, what is asked, and what is cold."""

    data: Dataset
    cold: NDArray[np.bool_]
    cases: Cases
    known: NDArray[np.bool_]


def world(data: Dataset, seed: int) -> World:
    split = data.events["split"].to_numpy()
    order = np.select([split == "train", split == "valid"], [0, 1], 2)
    first = np.full(len(data.catalogue), 3)
    np.minimum.at(first, data.log.items, order)
    newest = np.lexsort((np.random.default_rng(seed).random(len(first)), -first))
    cold = np.zeros(len(first), bool)
    cold[newest[: round(SHARE * len(first))]] = True
    of_cold = cold[data.log.items]
    return World(data, cold, asked_one_by_one(data, (split != "train") & of_cold), (split == "train") & ~of_cold)


def figures(vectors: Vectors, asked: World, decay: float) -> NDArray[np.float64]:
    """(n_cases, 4): see FIGURES."""
    half_life = None if decay == 1 else float(-np.log(2) / np.log(decay))
    histories = [query.history for query in asked.cases.queries]
    scores = decayed_rows(histories, len(vectors), half_life_events=half_life) @ vectors @ vectors.T
    rows, targets = np.arange(len(scores)), np.concatenate(asked.cases.targets)
    wanted = scores[rows, targets]
    for row, history in zip(scores, histories, strict=True):
        row[history.items] = -np.inf
    values = []
    for among in (np.ones(len(vectors), bool), asked.cold):
        rank = (scores[:, among] >= wanted[:, None]).sum(1)
        values += [np.where(rank <= 10, 1 / np.log2(1 + rank), 0.0), (rank <= 20).astype(np.float64)]
    return np.stack(values, axis=1)


def read_by(backbone: Backbone, states: States, layers: int) -> Vectors:
    with torch.no_grad():
        raw = unfinished(backbone.top(layers), states, np.arange(len(states.lengths)), backbone.pooling, torch.device("cpu"))
        return F.normalize(backbone.head(raw), dim=1).numpy()


def tuned(backbone: Backbone, states: States, asked: World, settings: ReaderSettings, seed: int, what: str) -> Vectors:
    """The vectors of all items by an encoder tuned on what may be learned from."""
    log = asked.data.log.where(asked.known)
    own, items = copy.deepcopy(backbone), chosen_items(log, settings.most_items)
    began = time.perf_counter(), time.process_time()
    went = teach(own, states.take(items), log, items, settings, seed=seed)
    wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    print(
        f"seed {seed}, {what}: {went.n_trained:,} of {went.n_parameters:,} parameters ({went.n_trained / went.n_parameters:.2%}), "
        f"{len(log):,} events on {len(items):,} items, {wall:.0f} s ({cpu:.0f} s of CPU time); NDCG@10 on held-out items untuned "
        f"{went.before:.4f}, evened out {went.evened:.4f}, tuned {went.after:.4f}, epoch {went.epoch} of {went.epochs}",
        flush=True,
    )
    return read_by(own, states, settings.layers)


def lines(backbone: Backbone, states: States, asked: World, settings: ReaderSettings, seed: int) -> dict[str, NDArray[np.float64]]:
    """(n_cases, 4) for every line of the table."""
    rng = np.random.default_rng(seed)
    untuned = read_by(backbone, states, settings.layers)
    by_decay = {decay: figures(untuned, asked, decay) for decay in DECAYS}
    best = max(DECAYS, key=lambda decay: by_decay[decay][:, 0].mean())
    print(f"seed {seed}: {len(asked.cases):,} events asked on {asked.cold.sum()} cold items; best decay of the untuned encoder {best:g}")
    taught = tuned(backbone, states, asked, settings, seed, "tuned")
    permuted = states.take(rng.permutation(len(untuned)))
    blind = tuned(backbone, permuted, asked, settings, seed, "tuned on shuffled texts")
    random = rng.standard_normal(untuned.shape).astype(np.float32)

    def white(vectors: Vectors) -> Vectors:
        return placed(vectors, *spread(vectors, 0.5))

    return {
        "untuned, mean of the history": by_decay[1.0],
        "untuned, best decay": by_decay[best],
        "untuned, best decay, whitened": figures(white(untuned), asked, best),
        "tuned, decay .5": figures(taught, asked, 0.5),
        "tuned, decay .5, whitened": figures(white(taught), asked, 0.5),
        "tuned on shuffled texts": figures(blind, asked, 0.5),
        "random vectors": figures(random / np.linalg.norm(random, axis=1, keepdims=True), asked, 0.5),
    }


def kept_states(backbone: Backbone, texts: Sequence[str], layers: int, keep: Path | None) -> States:
    file = keep and keep / f"states-{layers}.npz"
    if file and file.is_file():
        with np.load(file) as arrays:
            return States(torch.from_numpy(arrays["flat"]), arrays["starts"])
    began = time.perf_counter(), time.process_time()
    states = read_states(backbone, texts, layers)
    wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    print(f"the lower layers read {len(texts):,} texts in {wall:.0f} s ({cpu:.0f} s of CPU time)", flush=True)
    if file:
        np.savez(file, flat=states.flat.numpy(), starts=states.starts)
    return states


def kept_lines(
    backbone: Backbone, states: States, asked: World, settings: ReaderSettings, seed: int, keep: Path | None
) -> dict[str, NDArray[np.float64]]:
    file = keep and keep / f"seed-{seed}-layers-{settings.layers}.npz"
    if file and file.is_file():
        with np.load(file) as arrays:
            return dict(arrays)
    found = lines(backbone, states, asked, settings, seed)
    if file:
        np.savez(file, **found)
    return found


def by_user(found: Mapping[int, NDArray[np.float64]], users: Mapping[int, NDArray[np.int32]]) -> NDArray[np.float64]:
    """(n_users, 4): each user's mean over the events asked of all seeds."""
    rows, who = np.concatenate(list(found.values())), np.concatenate(list(users.values()))
    _, place = np.unique(who, return_inverse=True)
    return np.stack([np.bincount(place, column) / np.bincount(place) for column in rows.T], axis=1)


def show(found: Mapping[int, Mapping[str, NDArray[np.float64]]], worlds: Mapping[int, World]) -> None:
    """Print the table and what tuning brings."""
    users = {seed: np.asarray(asked.cases.users) for seed, asked in worlds.items()}
    table = Table(
        title=f"Amazon Office, cold items, seeds {', '.join(map(str, found))}: mean over events (each seed)", title_justify="left"
    )
    for heading in ("", *FIGURES):
        table.add_column(heading, justify="left" if not heading else "right")
    for name in next(iter(found.values())):
        means = np.array([lines_of[name].mean(0) for lines_of in found.values()])
        table.add_row(name, *(f"{column.mean():.4f} ({' '.join(f'{one:.3f}' for one in column)})" for column in means.T))
    Console(width=170).print(table)
    for base in ("untuned, best decay", "untuned, best decay, whitened"):
        for system in ("tuned, decay .5", "tuned, decay .5, whitened"):
            a, b = (by_user({seed: rows[name] for seed, rows in found.items()}, users) for name in (system, base))
            for at, figure in enumerate(FIGURES):
                gap = paired(a[:, at], b[:, at], np.random.default_rng(0))
                ratio = np.mean([rows[system][:, at].mean() / rows[base][:, at].mean() for rows in found.values()])
                print(f"{system} − {base}: {figure} × {ratio:.3f}, {gap.mean:+.4f} ({gap.low:+.4f} to {gap.high:+.4f}), {len(a):,} users")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds events.csv and items.jsonl of Amazon Office")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--layers", type=int, default=ReaderSettings().layers, help="that are tuned besides the head")
    parser.add_argument("--keep", type=Path, help="folder of what is computed")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    logging.disable(logging.INFO)
    kept = DataSettings(default_kind="purchase", context=("split",))
    folder = asked.data if (asked.data / "events.csv").is_file() else asked.data / "amazon-office"
    data = clean(read(folder / "events.csv", folder / "items.jsonl", kept), kept)
    settings = ReaderSettings(layers=asked.layers, train={"runs": None, "tracker": None})
    backbone = open_backbone(MiniLm(), settings.max_tokens)
    print(f"data {data.fingerprint}; {settings!r}", flush=True)
    states = kept_states(backbone, item_texts(data.catalogue.frame), settings.layers, asked.keep)
    worlds = {seed: world(data, seed) for seed in map(int, asked.seeds.split(","))}
    found = {seed: kept_lines(backbone, states, one, settings, seed, asked.keep) for seed, one in worlds.items()}
    show(found, worlds)


if __name__ == "__main__":
    main()
