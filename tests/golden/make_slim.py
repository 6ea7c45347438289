"""Make slim.json: item–item weights of scikit-learn's elastic net, which minimises the same function as `Slim`.

Run in an environment of its own, from the root of the repository:

    python -m venv /tmp/reference && /tmp/reference/bin/pip install scikit-learn==1.7.2
    /tmp/reference/bin/python tests/golden/make_slim.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sklearn.linear_model import ElasticNet

SEED, USERS, ITEMS, L1, L2 = 11, 50, 20, 1.5, 4.0


def main() -> None:
    rng = np.random.default_rng(SEED)
    X = (rng.random((USERS, ITEMS)) < np.linspace(0.1, 0.7, ITEMS)).astype(float)
    net = ElasticNet(
        alpha=(L1 + L2) / USERS, l1_ratio=L1 / (L1 + L2), positive=True, fit_intercept=False, tol=1e-12, max_iter=100_000, copy_X=True
    )
    weights = np.zeros((ITEMS, ITEMS))
    for item in range(ITEMS):
        others = np.arange(ITEMS) != item
        weights[others, item] = net.fit(X[:, others], X[:, item]).coef_
    golden = {
        "reference": f"scikit-learn {version('scikit-learn')}, ElasticNet(positive=True, fit_intercept=False)",
        "definition": "1/2 |x_j - X w|^2 + l1 |w|_1 + l2/2 |w|^2 over w >= 0 with w_j = 0; column j of weights is w",
        "seed": SEED,
        "l1": L1,
        "l2": L2,
        "X": X.astype(int).tolist(),
        "weights": weights.round(8).tolist(),
    }
    Path(__file__).with_name("slim.json").write_text(json.dumps(golden) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
