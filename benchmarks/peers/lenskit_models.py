"""LensKit: item-kNN, EASE, implicit-feedback matrix factorisation."""

from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from answering import Fitted, Lists, Model, Settings, run, top
from lenskit.als import ImplicitMFScorer
from lenskit.data import Dataset, ItemList, RecQuery, from_interactions_df
from lenskit.knn import EASEScorer, ItemKNNScorer
from lenskit.training import TrainingOptions
from questions import Events, Questions, Task, Validation


def fit_with(scorer: Any) -> Any:
    """How a scorer of this type is fitted. Users are their histories: it is given no number of theirs."""

    def fit(settings: Settings, events: Events, task: Task, _: Validation | None) -> Fitted:
        fitted = scorer(**settings)
        fitted.train(dataset(events), TrainingOptions(rng=task.seed))
        known = ItemList(item_ids=np.unique(events.liked.items))
        return Fitted(lambda questions, k: scored(fitted, known, questions, k))

    return fit


def dataset(events: Events) -> Dataset:
    """What is liked, each pair once: these models look at presence alone."""
    liked = events.liked
    return from_interactions_df(pd.DataFrame({"user_id": liked.users, "item_id": liked.items}).drop_duplicates())


def scored(scorer: Any, known: ItemList, questions: Questions, k: int) -> Lists:
    """The scorer's word on every item that it knows, one query after the other."""
    scores = np.full((len(questions), questions.n_items), np.nan, np.float32)
    for query in np.flatnonzero(questions.says):
        history = ItemList(item_ids=np.unique(questions.liked(query)))
        scores[query, known.ids()] = scorer(query=RecQuery(user_items=history), items=known).scores("numpy")
    return top(scores, questions, k)


MODELS = (
    Model(
        "itemknn",
        fit_with(ItemKNNScorer),
        {"max_nbrs": 20, "min_nbrs": 1, "min_sim": 1e-6, "save_nbrs": None, "feedback": "implicit"},
        ({"max_nbrs": 50}, {"max_nbrs": 100}, {"max_nbrs": 100, "save_nbrs": 1000}),
        {"max_nbrs": (10, 20, 50, 100, 200), "save_nbrs": (None, 100, 1000), "min_sim": (1e-6, 0.05)},
        "feedback is set to implicit, where the library's default is explicit",
    ),
    Model(
        "ease",
        fit_with(EASEScorer),
        {"regularization": 1.0},
        ({"regularization": 100.0}, {"regularization": 500.0}, {"regularization": 250.0}),
        {"regularization": (10.0, 30.0, 50.0, 150.0, 1000.0, 2000.0)},
    ),
    Model(
        "implicitmf",
        fit_with(ImplicitMFScorer),
        {"embedding_size": 50, "epochs": 10, "regularization": 0.1, "weight": 40.0},
        ({"regularization": 5.0, "weight": 10.0}, {"regularization": 10.0, "weight": 5.0}, {"regularization": 1.0, "weight": 10.0}),
        {"embedding_size": (32, 64, 128), "epochs": (10, 20), "regularization": (0.1, 1.0, 10.0, 50.0), "weight": (1.0, 5.0, 40.0)},
    ),
)

if __name__ == "__main__":
    run("lenskit", version("lenskit"), MODELS)
