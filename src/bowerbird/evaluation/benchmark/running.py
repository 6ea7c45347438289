"""Run a suite: table by table, each cell in a process of its own, each finished cell kept."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import numpy as np

from bowerbird.bundle import Config
from bowerbird.data import Dataset
from bowerbird.evaluation.benchmark.filling import Ground, Hands, rows
from bowerbird.evaluation.benchmark.machine import machine, versions
from bowerbird.evaluation.benchmark.peering import peer_rows
from bowerbird.evaluation.benchmark.sources import Source
from bowerbird.evaluation.benchmark.suites import Suite
from bowerbird.evaluation.benchmark.summary import summary
from bowerbird.evaluation.peers import Peer
from bowerbird.evaluation.report import facts
from bowerbird.evaluation.tuning import Bench
from bowerbird.fitting import read_catalogue
from bowerbird.types import Json

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Options:
    """What is the same for all tables.

    seeds      of the fits; the first also draws who is held out and whom settings are tuned by
    trials     settings that are tried of each model
    k          cut-off of all figures
    max_users  validation users that tune, at most
    resamples  of the bootstrap
    """

    seeds: tuple[int, ...] = (0,)
    trials: int = 8
    k: int = 10
    max_users: int = 2000
    resamples: int = 10_000


def run(suite: Suite, sources: Mapping[str, Source], root: Path | None, options: Options, hands: Hands, peers: Sequence[Peer] = ()) -> Json:
    """Measure all tables of the suite: a plain JSON value with all that the page says.

    root    folder of the data sets; a set that is not there is skipped, with a sentence
    peers   programs of other libraries, asked the same
    raises  DataError if a data set is damaged or a finished cell cannot be kept
    cost    a row: (trials + seeds) fits, each in a process of its own; next to nothing for what is on the shelf
    """
    tables, missing = [], []
    for name, pairs in groupby(suite.tables, key=lambda pair: pair[0]):
        source = sources[name]
        if gap := source.missing(root):
            missing.append({"title": source.title, "why": gap})
            continue
        data = source.load(root)
        for _, protocol in pairs:
            tables.append(_table(suite, source, data, protocol, options, hands, peers))
    return {
        "format": FORMAT,
        "suite": suite.name,
        "system": suite.system,
        "only": suite.part,
        "peers": [peer.name for peer in peers],
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "options": {**asdict(options), "seeds": list(options.seeds), "threads": hands.threads},
        "tables": tables,
        "missing": missing,
    }


def _table(suite: Suite, source: Source, data: Dataset, protocol: str, options: Options, hands: Hands, peers: Sequence[Peer]) -> Json:
    """One data set, one protocol, all models."""
    ground = _ground(source, data, protocol, options, hands)
    cells = [*rows(ground, suite.models, suite.system, hands), *peer_rows(ground, peers, hands)]
    return {
        "title": source.title,
        "home": source.home,
        "protocol": protocol,
        "refit": ground.bench.refit,
        "data": facts(ground.bench, data.fingerprint),
        "rows": summary(cells, np.random.default_rng(options.seeds[0]), options.resamples),
    }


def _ground(source: Source, data: Dataset, protocol: str, options: Options, hands: Hands) -> Ground:
    """The data cut, its texts read. Leave-last-out fits on train alone, as papers do, else its figures could not be held beside theirs."""
    config = Config(data=source.settings)
    catalogue = read_catalogue(data.catalogue, config, progress=hands.progress)
    seed, refit = options.seeds[0], protocol != "last"
    bench = Bench(source.cut(data, protocol, seed), catalogue, options.trials, (options.k,), options.max_users, seed, refit=refit)
    key = {
        "data": data.fingerprint,
        "texts": config.model_dump(mode="json", include={"encoder", "text"}),
        "protocol": protocol,
        "held out by": seed if protocol == "users" else None,
        "refit": refit,
        "k": options.k,
    }
    return Ground(f"{source.title}, {protocol}", bench, key, options.seeds)
