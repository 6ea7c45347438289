"""RecTools: SASRec under softmax and sampled softmax, and eSASRec (LiGR blocks). Its EASE is LensKit's, at many times the cost."""

import logging
import time
import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd
from answering import Ask, Fitted, Lists, Model, Settings, run, train
from pytorch_lightning import Callback, Trainer, seed_everything
from questions import Events, Questions, Task, Validation
from rectools import Columns
from rectools.dataset import Dataset, IdMap, Interactions
from rectools.models import SASRecModel
from rectools.models.nn.transformers.ligr import LiGRLayers

BLOCKS = {"ligr": {"transformer_layers_type": LiGRLayers}, "sasrec": {}}


def fit_sasrec(settings: Settings, events: Events, task: Task, validation: Validation | None) -> Fitted:
    """Trained epoch by epoch, so that validation can stop it."""
    seed_everything(task.seed, verbose=False)
    liked = events.liked
    data = dataset(liked.users, liked.items, events.n_items)
    chosen = {name: value for name, value in settings.items() if name not in ("epochs", "blocks")}
    model = SASRecModel(**chosen, **BLOCKS[settings["blocks"]], epochs=1)
    lengths = np.bincount(liked.users)
    batches = -(-int((lengths > 1).sum()) // model.batch_size)
    return train(lambda: model.fit_partial(data, 1, 1), asked(model), settings["epochs"], batches, validation)


def fit_whole(settings: Settings, events: Events, task: Task, _: Validation | None) -> Fitted:
    """Trained in one go, each epoch timed from its first batch to its last."""
    seed_everything(task.seed, verbose=False)
    liked = events.liked
    watch = Stopwatch()
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    chosen = {name: value for name, value in settings.items() if name not in ("epochs", "blocks")}
    model = SASRecModel(**chosen, get_trainer_func=lambda: Trainer(max_epochs=settings["epochs"], devices=1, callbacks=[watch], **quiet))
    model.fit(dataset(liked.users, liked.items, events.n_items))
    watch = next(callback for callback in model.fit_trainer.callbacks if isinstance(callback, Stopwatch))  # fit works on a copy
    return Fitted(asked(model), None, tuple(watch.seconds), tuple(watch.worked))


class Stopwatch(Callback):
    """Wall and processor time of each epoch."""

    def __init__(self) -> None:
        self.seconds, self.worked = [], []

    def on_train_epoch_start(self, *_: object) -> None:
        """The first batch comes."""
        self.start, self.working = time.perf_counter(), time.process_time()

    def on_train_epoch_end(self, *_: object) -> None:
        """The last one is done."""
        self.seconds.append(time.perf_counter() - self.start)
        self.worked.append(time.process_time() - self.working)


def dataset(users: np.ndarray, items: np.ndarray, n_items: int) -> Dataset:
    """Histories in their order; all items are numbered alike in every data set, seen or not."""
    order = pd.to_datetime(np.arange(len(users)), unit="s")  # the models look at the order alone
    user_ids = IdMap(np.unique(users))
    table = pd.DataFrame(
        {
            Columns.User: user_ids.convert_to_internal(users),
            Columns.Item: items,
            Columns.Weight: 1.0,
            Columns.Datetime: order,
        }
    )
    return Dataset(user_ids, IdMap(np.arange(n_items)), Interactions(table))


def asked(model: SASRecModel) -> Ask:
    """The library's own lists: each history is a user of a data set of its own, so it is folded in."""

    def ask(questions: Questions, k: int) -> Lists:
        wanted = min(k + questions.longest, questions.n_items)
        items, scores = np.full((len(questions), wanted), -1), np.full((len(questions), wanted), np.nan)
        keep = questions.weights > 0
        owners = questions.owners[keep]
        if len(owners):
            data = dataset(owners, questions.items[keep], questions.n_items)
            lists = model.recommend(np.unique(owners), data, wanted, filter_viewed=not questions.repeats, on_unsupported_targets="ignore")
            place = (lists[Columns.User].to_numpy(), lists[Columns.Rank].to_numpy() - 1)
            items[place], scores[place] = lists[Columns.Item], lists[Columns.Score]
        return items, scores

    return ask


SASREC = {
    "blocks": "sasrec",
    "n_blocks": 2,
    "n_heads": 4,
    "n_factors": 256,
    "dropout_rate": 0.2,
    "session_max_len": 100,
    "loss": "softmax",
    "n_negatives": 1,
    "lr": 0.001,
    "batch_size": 128,
    "epochs": 3,
}
SAMPLED = {"loss": "sampled_softmax", "n_negatives": 256}
SPACE = {"n_factors": (64, 128, 256), "dropout_rate": (0.1, 0.2, 0.4), "lr": (0.0003, 0.001), "session_max_len": (50, 100)}
SMALL = {"n_factors": 64, "n_heads": 2, "session_max_len": 50, "batch_size": 32}
STOPPED = "epochs stopped by NDCG@10 on validation"

MODELS = (
    Model("sasrec", fit_sasrec, SASREC, (SMALL, SMALL | SAMPLED, SMALL | {"dropout_rate": 0.4}), SPACE, f"softmax; {STOPPED}"),
    Model(
        "esasrec",
        fit_sasrec,
        SASREC | SAMPLED | {"blocks": "ligr"},
        (SMALL, SMALL | {"dropout_rate": 0.4}, SMALL | {"lr": 0.0003}),
        SPACE,
        f"LiGR blocks, sampled softmax with 256 negatives, as the paper has it, else the library's defaults; {STOPPED}",
    ),
)
EPOCHS = Model(
    "sasrec",
    fit_sasrec,
    SASREC | SMALL | {"batch_size": 128},
    note="softmax over all items at every place of a sequence, batches of 128 sequences",
)

if __name__ == "__main__":
    warnings.filterwarnings("ignore", module=r"(pytorch_)?lightning|rectools|pydantic")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    run("rectools", version("rectools"), MODELS, EPOCHS)
