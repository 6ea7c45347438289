"""implicit: alternating least squares, Bayesian personalised ranking, item-kNN under BM25."""

from importlib.metadata import version

import numpy as np
from answering import Fitted, Lists, Model, Settings, run
from implicit.cpu.als import AlternatingLeastSquares
from implicit.cpu.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import BM25Recommender
from questions import Events, Questions, Task, Validation
from threadpoolctl import threadpool_limits


def fit_als(settings: Settings, events: Events, task: Task, _: Validation | None) -> Fitted:
    """Users are folded in from their histories."""
    model = AlternatingLeastSquares(**settings, random_state=task.seed, num_threads=task.threads)
    model.fit(events.matrix, show_progress=False)
    return Fitted(lambda questions, k: recommended(model, questions, k, recalculate_user=True))


def fit_bpr(settings: Settings, events: Events, task: Task, _: Validation | None) -> Fitted:
    """Users are asked by their number."""
    model = BayesianPersonalizedRanking(**settings, random_state=task.seed, num_threads=task.threads)
    model.fit(events.matrix, show_progress=False)
    return Fitted(lambda questions, k: recommended(model, questions, k))


def fit_bm25(settings: Settings, events: Events, task: Task, _: Validation | None) -> Fitted:
    """Histories are asked."""
    model = BM25Recommender(**settings, num_threads=task.threads)
    model.fit(events.matrix, show_progress=False)
    return Fitted(lambda questions, k: recommended(model, questions, k))


def recommended(model: object, questions: Questions, k: int, **how: bool) -> Lists:
    """The library's own lists. Strangers are asked as user 0, and their lists dropped where no history was read."""
    liked = questions.matrix
    wanted = min(k + questions.longest, liked.shape[1])
    users = np.maximum(questions.users, 0)
    items, scores = model.recommend(users, liked, N=wanted, filter_already_liked_items=not questions.repeats, **how)
    scores = np.where(scores > np.finfo(np.float32).min, scores, np.nan)  # how implicit marks what it left out
    if isinstance(model, BayesianPersonalizedRanking):
        scores[questions.users < 0] = np.nan
    return items, scores


MODELS = (
    Model(
        "als",
        fit_als,
        {"factors": 100, "regularization": 0.01, "alpha": 1.0, "iterations": 15},
        ({"factors": 64, "regularization": 5.0, "alpha": 10.0}, {"factors": 64, "regularization": 10.0, "alpha": 5.0}, {"alpha": 40.0}),
        {"factors": (32, 64, 128, 256), "regularization": (0.1, 1.0, 5.0, 20.0, 50.0), "alpha": (1.0, 5.0, 10.0, 40.0)},
    ),
    Model(
        "bpr",
        fit_bpr,
        {"factors": 100, "learning_rate": 0.01, "regularization": 0.01, "iterations": 100},
        ({"factors": 64, "learning_rate": 0.05}, {"learning_rate": 0.05, "regularization": 0.05}, {"iterations": 300}),
        {"factors": (32, 64, 128), "learning_rate": (0.01, 0.03, 0.1), "regularization": (0.001, 0.01, 0.1), "iterations": (100, 300)},
        "asked by the number of a user that it was trained on; nothing for others",
    ),
    Model(
        "bm25",
        fit_bm25,
        {"K": 20, "K1": 1.2, "B": 0.75},
        ({"K": 100}, {"K": 200, "B": 0.3}, {"K": 500, "K1": 0.5, "B": 0.3}),
        {"K": (20, 50, 100, 200, 500), "K1": (0.3, 1.2, 5.0, 50.0), "B": (0.0, 0.3, 0.75, 1.0)},
    ),
)

if __name__ == "__main__":
    with threadpool_limits(1, "blas"):  # it has threads of its own, and warns of any others
        run("implicit", version("implicit"), MODELS)
