"""How an encoder is tuned on behaviour."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bowerbird.config import Settings, Span, refuse_idle
from bowerbird.training.settings import TrainSettings, over

OWN = TrainSettings(learning_rate=1e-3, weight_decay=0.01, schedule="linear", warmup_steps=5, epochs=3, patience=2)


class ReaderSettings(Settings):
    """LoRA on the upper layers of the encoder, and on a head that evens out its vectors, trained to rank the next item of a history first.

    layers            how many of the topmost layers are tuned besides the head; what those below say of a text is computed once and kept;
                      0 = the head alone
    rank              of the matrices that are added to each weight matrix of these layers
    strength          what the added product is multiplied with, before it is divided by `rank`
    dropout           on what goes into the added matrices, in training
    max_tokens        longer texts lose their ends, in training and in the encoder that comes out
    half_life_events  a history is the sum of its items' vectors, each newer event worth twice the one so many events before it;
                      None = all alike
    temperature       cosines are divided by it before the softmax; too low, and what is learned is above all to be less sure
    batch_items       texts that are read for one gradient, and that compete with each other; other items of a history take part with
                      their vectors of the last reading
    most_items        only so many items, those with the most events, are trained on; what was learned goes for all texts
    holdout_items     share of the items whose events are hidden from training and asked for in validation, at most 2,000 events;
                      0 = no validation: all epochs are run
    int8              weights of 8 bits where NDCG@10 in validation stays within 0.5 %; the arithmetic is float32 all the same
    train             of the trainer; an epoch reads every item once

    source  Hu et al., ICLR 2022 (LoRA); Vančura et al., RecSys 2024 (beeFormer: gradients through items that stand in one catalogue)
    """

    kind: Literal["reader"] = "reader"
    layers: int = Field(default=1, ge=0)
    rank: int = Field(default=16, ge=1)
    strength: float = Field(default=32.0, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    max_tokens: int = Field(default=64, ge=8)
    half_life_events: Span = 1.0
    temperature: float = Field(default=0.15, gt=0)
    batch_items: int = Field(default=256, ge=2)
    most_items: int = Field(default=20_000, ge=2)
    holdout_items: float = Field(default=0.1, ge=0, lt=1)
    int8: bool = True
    train: Annotated[TrainSettings, over(OWN)] = OWN

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> Self:
        refuse_idle(self.train, "a reader, which has batch_items and holdout_items", batch_events=False, holdout=False)
        return self
