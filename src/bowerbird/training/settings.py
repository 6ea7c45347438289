"""How a net is trained: declared once, checked before anything is computed."""

from collections.abc import Mapping
from math import inf
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from bowerbird.config import Settings, Span, refuse_idle

Unset = BeforeValidator(lambda value: None if value in (inf, "none") else value)
"""TOML has no None: where a number may be None it writes inf, where a word may be it writes "none"."""

Devices = int | Literal["auto"]


class TrainSettings(Settings):
    """The settings of the one trainer that every deep model uses.

    optimizer        "adam", "adamw" (weight decay apart from the gradient; Loshchilov & Hutter, 2019) or "sgd"
    learning_rate    at its highest, after the warm-up
    momentum         of "sgd"
    weight_decay     pulls all weights towards 0
    schedule         of the learning rate after the warm-up, epoch by epoch: "constant", or towards 0 after the last by "linear" or "cosine"
    warmup_steps     the learning rate rises from 0 over so many steps
    clip             the gradient is shortened to this Euclidean length; None = never
    batch_events     how many events one gradient is computed from
    accumulate       how many gradients are added up to one step
    epochs           at most; an epoch reads every event once
    patience         validations in a row without a better one, after which it ends; None = all epochs are run
    holdout          share of the users whose last event is hidden from training and asked for in validation, at most 2,000 users;
                     0 = no validation: all epochs are run, and the last weights are kept
    precision        of the arithmetic: "32", or mixed with "bf16" or "16"
    accelerator, devices, strategy  as Lightning names them: "gpu", 2, "ddp" …
    tracker          where losses and validation figures go besides the run's folder: "tensorboard", "wandb", "mlflow" or None
    runs             folder of the runs' folders; None = nothing is written. A run that was killed goes on where it was when the same fit is
                     started again: its folder is named by the settings, the data and the seed

    In TOML, None is `inf` for clip and patience, and "none" for tracker and runs.
    """

    optimizer: Literal["adam", "adamw", "sgd"] = "adamw"
    learning_rate: float = Field(default=1e-3, gt=0)
    momentum: float = Field(default=0.0, ge=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    warmup_steps: int = Field(default=0, ge=0)
    clip: Span = 1.0
    batch_events: int = Field(default=1024, ge=1)
    accumulate: int = Field(default=1, ge=1)
    epochs: int = Field(default=100, ge=1)
    patience: Annotated[Annotated[int, Field(ge=1)] | None, Unset] = 10
    holdout: float = Field(default=0.1, ge=0, lt=1)
    precision: Literal["32", "bf16", "16"] = "32"
    accelerator: str = "auto"
    devices: Devices = "auto"
    strategy: str = "auto"
    tracker: Annotated[Literal["tensorboard", "wandb", "mlflow"] | None, Unset] = "tensorboard"
    runs: Annotated[str | None, Unset] = "runs"

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> Self:
        refuse_idle(self, f"optimizer {self.optimizer!r}", momentum=self.optimizer == "sgd")
        return self


def over(own: TrainSettings) -> BeforeValidator:
    """For a recipe with defaults of its own: what a table of settings does not name is as in `own`."""
    return BeforeValidator(lambda raw: {**own.model_dump(), **raw} if isinstance(raw, Mapping) else raw)
