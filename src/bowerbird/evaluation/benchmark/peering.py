"""Rows of other libraries: asked the same questions in the same run, scored by our evaluator and our tie rule."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial

from bowerbird.errors import BowerbirdError
from bowerbird.evaluation.benchmark.filling import Ground, Hands, NotMeasuredError, fallback
from bowerbird.evaluation.benchmark.jobs import figures
from bowerbird.evaluation.benchmark.machine import code, load
from bowerbird.evaluation.exchange import read_answers, write_exchange
from bowerbird.evaluation.leaderboard import fitted_popular
from bowerbird.evaluation.peers import Peer, run
from bowerbird.evaluation.protocol import Recommend, evaluate
from bowerbird.evaluation.task import Spent
from bowerbird.evaluation.tuning import Bench
from bowerbird.models import Recipe
from bowerbird.pipeline import Pipeline
from bowerbird.types import Json, Request, Slate


def peer_rows(ground: Ground, peers: Sequence[Peer], hands: Hands) -> Iterator[Json]:
    """One row a model of each peer, or why there are none.

    A peer is run once, with the first seed; it tunes with as many trials as our own do. Queries that it has no list for are answered
    by what is popular, as those of our own models are.
    """
    for place, peer in enumerate(peers):
        hands.progress(f"{ground.title}, peers: {peer.name}", place, len(peers))
        popular = fallback(ground, hands)
        what = {"step": "peer", **ground.key, "peer": peer.name, "program": _program(peer), "seed": ground.bench.seed}
        what |= {"trials": ground.bench.budget, "popular": popular.model_dump(mode="json")}
        try:
            yield from hands.kept(what, partial(_asked, ground.bench, peer, popular, hands))["rows"]
        except NotMeasuredError as reason:
            yield {"title": peer.name, "name": peer.name, "role": "peer", "why": str(reason)}


def _program(peer: Peer) -> str:
    """Changes with what the peer requires, its script, and any beside it: they share modules."""
    texts = [path.read_bytes() for path in (peer.requirements, *sorted(peer.script.parent.glob("*.py")))]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]


def _asked(bench: Bench, peer: Peer, popular: Recipe, hands: Hands) -> Json:
    """Run the peer, judge its lists."""
    folder = hands.shelf.folder / "exchange" / peer.name
    write_exchange(
        folder,
        bench.split,
        k=bench.ks[0] + 1,
        trials=bench.budget,
        seed=bench.seed,
        threads=hands.threads,
        repeats=bench.repeats,
        refit=bench.refit,
    )
    report = run(peer, folder)
    if isinstance(report, str):
        raise NotMeasuredError(report.removeprefix(f"{peer.name}: ").replace(f"{folder}/", ""))
    try:
        answers = read_answers(folder, bench.split)
    except BowerbirdError as refusal:
        raise NotMeasuredError(str(refusal).replace(f"{folder}/", "")) from None
    stand_in = Pipeline(fitted_popular(bench, popular), bench.catalogue).recommend
    costs = report.of_models()
    rows = [_row(bench, report.peer, name, costs[name], _answering(lists, stand_in)) for name, lists in answers.items()]
    return {"rows": [{**row, "version": report.version} for row in rows]}


def _row(bench: Bench, peer: str, name: str, spent: Spent, recommend: Recommend) -> Json:
    result = evaluate(recommend, bench.split.test, bench.catalogue, bench.learned, ks=bench.ks, tables={}, seed=bench.seed)
    fit = {
        **figures(result),
        "fit_seconds": spent.fit_seconds,
        "cpu_seconds": None,
        "ms_per_query": 1000 * spent.recommend_seconds / max(result.users, 1),
        "peak_bytes": round(1e6 * spent.peak_memory_mb),
        "load": load(),
        "code": code(),
    }
    title = peer if name == peer else f"{peer}, {name}"
    return {
        "title": title,
        "name": title,
        "role": "peer",
        "chosen": spent.settings,
        "trials": [],
        "tuning_seconds": spent.tune_seconds,
        "settings": spent.settings,
        "note": spent.note,
        "fits": [fit],
    }


def _answering(lists: Sequence[Slate], stand_in: Recommend) -> Recommend:
    """Gives out the lists in the order of the questions; the stand-in answers where a list is empty."""
    waiting = iter(lists)

    def recommend(requests: Sequence[Request]) -> list[Slate]:
        given = [next(waiting) for _ in requests]
        mute = [place for place, slate in enumerate(given) if not len(slate)]
        for place, slate in zip(mute, stand_in([requests[place] for place in mute]), strict=True):
            given[place] = slate
        return given

    return recommend
