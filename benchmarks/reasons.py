"""How often a reason passes its test, against random citations: `python benchmarks/reasons.py`.

The bundled MovieLens sample: half of the users are held out and EASE is fitted on the others. Each held-out user's best ten are
explained. Beside it, as many of the user's liked items are cited at random, and put to the same test.
"""

import argparse
import time

import numpy as np
from rerank import sample
from threadpoolctl import threadpool_limits

from bowerbird.explain import Carriers, certify, explain, liked_items
from bowerbird.models.ease import Ease
from bowerbird.pipeline import best

BUCKETS = ((1, 10), (11, 20), (21, 50), (51, 100), (101, 10_000))


def main() -> None:
    """Fit, explain, count."""
    catalogue, log, cases = sample()
    rng = np.random.default_rng(0)
    model = Ease(half_life_events=None).fit(log, catalogue, rng)
    rows, times = [], []
    for query in cases.queries:
        liked = liked_items(query.history)
        if len(liked) == 0:
            continue
        allowed = catalogue.available.copy()
        allowed[query.history.items] = False
        scores = np.where(allowed, model.score([query])[0], np.nan).astype(np.float32)
        slate = best(scores, 10)
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
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with threadpool_limits(1):
        main()
