"""Make metrics.json: seeded lists and targets, and what two reference libraries say of them.

Run in an environment of its own, from the root of the repository:

    python -m venv /tmp/reference && /tmp/reference/bin/pip install ranx==0.3.21 pytrec-eval-terrier==0.5.11
    /tmp/reference/bin/python tests/golden/make_metrics.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

SEED, USERS, ITEMS, DEPTH, KS = 7, 40, 60, 21, (1, 5, 10, 20)
RANX = {"ndcg": "ndcg", "recall": "recall", "precision": "precision", "f1": "f1", "hit": "hit_rate", "mrr": "mrr", "map": "map"}
TREC = {"ndcg": "ndcg_cut", "recall": "recall", "precision": "P", "hit": "success", "map": "map_cut"}


def main() -> None:
    rng = np.random.default_rng(SEED)
    lists = [rng.permutation(ITEMS)[:DEPTH].tolist() for _ in range(USERS)]
    targets = [np.sort(rng.choice(ITEMS, rng.integers(1, 25), replace=False)).tolist() for _ in range(USERS)]
    names = [f"{user:03d}" for user in range(USERS)]
    wanted = {name: {str(item): 1 for item in items} for name, items in zip(names, targets, strict=True)}
    shown = {name: {str(item): float(DEPTH - rank) for rank, item in enumerate(items)} for name, items in zip(names, lists, strict=True)}
    golden = {
        "seed": SEED,
        "definitions": {
            "ndcg": "binary gains, 1/log2(rank+1), ideal cut at k",
            "map": "both references divide by the number of targets T, not by min(k, T)",
            "precision": "hits / k",
            "f1": "of precision and recall at k",
            "mrr": "0 beyond k",
        },
        "lists": lists,
        "targets": targets,
        "references": {
            f"ranx {version('ranx')}": by_ranx(wanted, shown),
            f"pytrec-eval-terrier {version('pytrec-eval-terrier')}": by_trec(wanted, shown, names),
        },
    }
    Path(__file__).with_name("metrics.json").write_text(json.dumps(golden, indent=None, separators=(",", ":")) + "\n")


def by_ranx(wanted: dict, shown: dict) -> dict[str, list[float]]:
    from ranx import Qrels, Run, evaluate  # noqa: PLC0415 not installed here

    asked = {f"{ours}@{k}": f"{theirs}@{k}" for ours, theirs in RANX.items() for k in KS}
    got = evaluate(Qrels.from_dict(wanted), Run.from_dict(shown), list(asked.values()), return_mean=False)
    return {ours: np.round(got[theirs], 10).tolist() for ours, theirs in asked.items()}


def by_trec(wanted: dict, shown: dict, names: list[str]) -> dict[str, list[float]]:
    import pytrec_eval  # noqa: PLC0415 not installed here

    cuts = ",".join(map(str, KS))
    got = pytrec_eval.RelevanceEvaluator(wanted, {f"{theirs}.{cuts}" for theirs in TREC.values()}).evaluate(shown)
    return {f"{ours}@{k}": [round(got[name][f"{theirs}_{k}"], 10) for name in names] for ours, theirs in TREC.items() for k in KS}


if __name__ == "__main__":
    main()
