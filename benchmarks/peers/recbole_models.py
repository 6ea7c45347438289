"""RecBole: SASRec by cross-entropy, LightGCN.

Version 1.2.1 does not know numpy 2, pandas 3 nor torch's refusal to unpickle whole objects. The first two are pinned below that in
`recbole_models.txt`; checkpoints, and the quick start with its tuner, are left alone.
"""

import logging
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from answering import Ask, Fitted, Model, Settings, run, top, train
from questions import Events, Questions, Task, Validation
from recbole.config import Config
from recbole.data import create_dataset
from recbole.data.dataloader import TrainDataLoader
from recbole.data.interaction import Interaction
from recbole.sampler import Sampler
from recbole.trainer import Trainer
from recbole.utils import get_model, init_seed


def fit_with(model: str) -> Any:
    """How a model of this name is fitted: its own trainer, epoch by epoch, so that validation can stop it."""

    def fit(settings: Settings, events: Events, task: Task, validation: Validation | None) -> Fitted:
        with tempfile.TemporaryDirectory() as folder:
            config = configured(model, settings, events, task, Path(folder))
            init_seed(config["seed"], config["reproducibility"])
            data = create_dataset(config)
            tokens = data.field2id_token["item_id"]
            built = data.build()[0]
            sampler = None if config["train_neg_sample_args"]["distribution"] == "none" else Sampler(["train"], [built])
            batches = TrainDataLoader(config, built, sampler and sampler.set_phase("train"), shuffle=True)
            net = get_model(model)(config, batches.dataset).to(config["device"])
            trainer = Trainer(config, net)
            ask = asked_by_history(net, tokens, config) if model == "SASRec" else asked_by_number(net, data, tokens)
            return train(lambda: one_epoch(trainer, batches), ask, settings["epochs"], len(batches), validation)

    return fit


def configured(model: str, settings: Settings, events: Events, task: Task, folder: Path) -> Config:
    """The events in the library's own file, and what it is to do with them: learn from all."""
    liked = events.liked
    columns = {"user_id:token": liked.users, "item_id:token": liked.items, "timestamp:float": np.arange(len(liked.users))}
    (folder / "log").mkdir()
    pd.DataFrame(columns).to_csv(folder / "log" / "log.inter", sep="\t", index=False)
    said = {name: value for name, value in settings.items() if name != "epochs"}
    fixed = {
        "data_path": str(folder),
        "checkpoint_dir": str(folder / "saved"),
        "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
        "eval_args": {"split": {"RS": [1.0, 0.0, 0.0]}, "order": "TO", "group_by": "none", "mode": "full"},
        "seed": task.seed,
        "show_progress": False,
        "use_gpu": False,
        "state": "ERROR",
    }
    return Config(model=model, dataset="log", config_dict=fixed | said)


def one_epoch(trainer: Trainer, batches: TrainDataLoader) -> None:
    """One more."""
    trainer.epochs = trainer.start_epoch + 1
    trainer.fit(batches, saved=False, verbose=False)
    trainer.start_epoch += 1


def asked_by_history(net: torch.nn.Module, tokens: np.ndarray, config: Config) -> Ask:
    """The newest events of each history, as many as the net was trained with."""
    length = config["MAX_ITEM_LIST_LENGTH"]
    rows = {token: row for row, token in enumerate(tokens)}

    def ask(questions: Questions, k: int) -> Any:
        sequences, lengths = torch.zeros((len(questions), length), dtype=torch.long), torch.ones(len(questions), dtype=torch.long)
        for query in np.flatnonzero(questions.says):
            known = [rows[str(item)] for item in questions.liked(query) if str(item) in rows][-length:]
            sequences[query, : len(known)] = torch.tensor(known, dtype=torch.long)
            lengths[query] = max(len(known), 1)
        return scored(net, Interaction({net.ITEM_SEQ: sequences, net.ITEM_SEQ_LEN: lengths}), tokens, questions, k)

    return ask


def asked_by_number(net: torch.nn.Module, data: Any, tokens: np.ndarray) -> Ask:
    """Users that it was trained on."""
    rows = {token: row for row, token in enumerate(data.field2id_token["user_id"])}

    def ask(questions: Questions, k: int) -> Any:
        users = [rows.get(str(user), 0) for user in questions.users.tolist()]
        items, scores = scored(net, Interaction({net.USER_ID: torch.tensor(users)}), tokens, questions, k)
        return items, np.where(np.array(users)[:, None] > 0, scores, np.nan)

    return ask


def scored(net: torch.nn.Module, asked: Interaction, tokens: np.ndarray, questions: Questions, k: int) -> Any:
    """Scores of all items, those that training never saw being NaN."""
    net.eval()
    with torch.no_grad():
        said = net.full_sort_predict(asked).view(len(questions), -1).numpy()
    scores = np.full((len(questions), questions.n_items), np.nan, np.float32)
    scores[:, tokens[1:].astype(np.int64)] = said[:, 1:]
    return top(scores, questions, k)


SASREC = {
    "n_layers": 2,
    "n_heads": 2,
    "hidden_size": 64,
    "inner_size": 256,
    "hidden_dropout_prob": 0.5,
    "attn_dropout_prob": 0.5,
    "loss_type": "CE",
    "train_neg_sample_args": None,
    "MAX_ITEM_LIST_LENGTH": 50,
    "learning_rate": 0.001,
    "train_batch_size": 2048,
    "epochs": 300,
}
GRAPH = {"embedding_size": 64, "n_layers": 2, "reg_weight": 1e-5, "learning_rate": 0.001, "train_batch_size": 2048, "epochs": 300}
STOPPED = "epochs stopped by NDCG@10 on validation"
BY_NUMBER = f"asked by the number of a user that it was trained on; nothing for others; {STOPPED}"

MODELS = (
    Model(
        "sasrec",
        fit_with("SASRec"),
        SASREC,
        ({"train_batch_size": 512}, {"hidden_dropout_prob": 0.2, "attn_dropout_prob": 0.2}, {"hidden_size": 128}),
        {"hidden_size": (64, 128), "hidden_dropout_prob": (0.2, 0.3, 0.5), "learning_rate": (0.0005, 0.001), "n_layers": (1, 2)},
        f"cross-entropy over all items for every prefix of a sequence; {STOPPED}",
    ),
    Model(
        "lightgcn",
        fit_with("LightGCN"),
        GRAPH,
        ({"n_layers": 3, "reg_weight": 1e-4}, {"learning_rate": 0.005}, {"n_layers": 3, "learning_rate": 0.005}),
        {"embedding_size": (64, 128), "n_layers": (1, 2, 3), "reg_weight": (1e-5, 1e-3), "learning_rate": (0.002, 0.005)},
        BY_NUMBER,
    ),
)
EPOCHS = Model("sasrec", fit_with("SASRec"), SASREC, note="cross-entropy over all items, one sample a prefix, batches of 2048 prefixes")

if __name__ == "__main__":
    logging.disable(logging.WARNING)
    run("recbole", version("recbole"), MODELS, EPOCHS)
