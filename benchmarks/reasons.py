"""How often a reason passes its test, against random citations: `python benchmarks/reasons.py`.

The bundled MovieLens sample: half of the users are held out and EASE is fitted on the others. Each held-out user's best ten are
explained. Beside it, as many of the user's liked items are cited at random, and put to the same test.

`--worded MODEL` has a chat model word such reasons instead, and tells how much of what it said was shown and what was wrong with it:
MODEL is `scripted` (says true things and, in turn, each of a list of false ones), a folder, GGUF file or hub name (run here), or the
address of a server (`--model` names the model on it).
"""

import argparse
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from rerank import sample
from threadpoolctl import threadpool_limits
from worded import report

from bowerbird.data import Catalogue
from bowerbird.explain import Carriers, Reason, certify, explain, liked_items
from bowerbird.models.ease import Ease
from bowerbird.models.linear import LinearModel
from bowerbird.pipeline import best
from bowerbird.types import Query, Slate

BUCKETS = ((1, 10), (11, 20), (21, 50), (51, 100), (101, 10_000))


def asked() -> tuple[Catalogue, LinearModel, Iterator[tuple[Query, Slate, NDArray[np.bool_]]]]:
    """The catalogue, the model, and for each held-out user with a liked item a query, its best ten, and what may be shown."""
    catalogue, log, cases = sample()
    model = Ease(half_life_events=None).fit(log, catalogue, np.random.default_rng(0))

    def slates() -> Iterator[tuple[Query, Slate, NDArray[np.bool_]]]:
        for query in cases.queries:
            if len(liked_items(query.history)):
                allowed = catalogue.available.copy()
                allowed[query.history.items] = False
                scores = np.where(allowed, model.score([query])[0], np.nan).astype(np.float32)
                yield query, best(scores, 10), allowed

    return catalogue, model, slates()


def words(n: int, chat: str, model_name: str, key_env: str, seconds: float) -> None:
    """Have the first `n` reasons that passed worded, and tell what came of it."""
    catalogue, model, slates = asked()
    reasons: list[Reason] = []
    for query, slate, allowed in slates:
        reasons += [one for one in explain(model, query, slate, allowed, catalogue) if one.facts is not None]
        if len(reasons) >= n:
            break
    report(reasons[:n], catalogue, chat, model_name, key_env, seconds)


def main() -> None:
    """Fit, explain, count."""
    catalogue, model, slates = asked()
    rng = np.random.default_rng(0)
    rows, times = [], []
    for query, slate, allowed in slates:
        liked = liked_items(query.history)
        start = time.perf_counter()
        reasons = explain(model, query, slate, allowed, catalogue)
        times.append(time.perf_counter() - start)
        sizes = [max(len(reason.because), 1) for reason in reasons]
        blind = [Carriers(rng.permutation(liked)[:size], min(size, len(liked))) for size in sizes]
        proofs = certify(model, query, slate.items, blind, allowed, min_fall=1.0)
        for reason, proof in zip(reasons, proofs, strict=True):
            fall = (reason.rank_without or np.inf) if reason.verified else np.nan
            rows.append((len(liked), reason.verified, len(proof.cited) > 0, reason.rank_with, fall))
    table = np.array(rows, float)
    print(f"{len(times)} users, {len(rows)} recommendations; median time to explain ten: {np.median(times) * 1000:.1f} ms")
    print(f"{'liked items':>12} {'recommendations':>16} {'reason passes':>14} {'random passes':>14} {'median fall':>16}")
    for low, high in BUCKETS:
        part = table[(table[:, 0] >= low) & (table[:, 0] <= high)]
        if len(part):
            cited = part[part[:, 1] > 0]
            fall = f"{np.median(cited[:, 3]):.0f} to {np.median(cited[:, 4]):.0f}"
            print(f"{f'{low}–{high}':>12} {len(part):>16} {part[:, 1].mean():>13.0%} {part[:, 2].mean():>14.0%} {fall:>16}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worded", metavar="MODEL", help="have this chat model word reasons")
    parser.add_argument("--reasons", type=int, default=1000, help="how many of them")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="ask for no more once these are over")
    parser.add_argument("--model", default="", help="the model's name on a server")
    parser.add_argument("--key-env", default="", help="the environment variable with the server's key")
    options = parser.parse_args()
    with threadpool_limits(1):
        if options.worded:
            words(options.reasons, options.worded, options.model, options.key_env, options.seconds)
        else:
            main()
