"""How a model is trained. Field descriptions are the help texts of the command line."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

OptimizerName = Literal[
    "sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "rmsprop-momentum", "adam", "adamw"
]
ScheduleName = Literal["cosine", "constant", "step", "plateau"]


# types with their descriptions: a task gives them other defaults
Batch = Annotated[int, Field(ge=1, description="Sequences side by side in an update: streams of text, or examples.")]
Patience = Annotated[int | None, Field(ge=1, description="Stop after so many validations without progress.")]
WeightDecay = Annotated[
    float | None,
    Field(ge=0, description="Weight decay; 0.1 for AdamW, where it is decoupled, and else 0 unless given."),
]


class TrainingConfig(BaseModel):
    """Everything about a training that is neither the data nor the model.

    Attributes:
        usual_epochs: passes where no limit is given.
        rate_scale: a task's usual learning rate as a multiple of the optimizer's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    usual_epochs: ClassVar[float] = 10.0
    rate_scale: ClassVar[float] = 1.0

    epochs: float | None = Field(
        None,
        gt=0,
        le=1e9,
        description="Passes over the training data; the task's usual number unless minutes or steps are given.",
    )
    minutes: float | None = Field(
        None,
        gt=0,
        description="Stop after so many minutes of wall clock, validation included, learning rate annealed.",
    )
    steps: int | None = Field(None, gt=0, description="Stop after so many updates.")

    batch: Batch = 32

    optimizer: OptimizerName = Field("adamw", description="Optimizer.")
    learning_rate: float | None = Field(
        None, gt=0, description="Peak learning rate; the optimizer's usual unless given."
    )
    momentum: float = Field(
        0.9,
        ge=0,
        lt=1,
        description="Momentum of `momentum`, `nesterov` and `rmsprop-momentum`; first decay of Adam and AdamW.",
    )
    second_decay: float = Field(
        0.99, gt=0, lt=1, description="Decay of the squared gradient in RMSprop, Adadelta, Adam and AdamW."
    )
    weight_decay: WeightDecay = None
    clip_norm: float | None = Field(1.0, gt=0, description="Largest norm of the whole gradient.")
    clip_value: float | None = Field(
        None, gt=0, description="Largest absolute value of each gradient; the classic is 5."
    )

    activity: float = Field(
        0.0, ge=0, description="Weight of the mean square of what the last recurrent layer writes (AR)."
    )
    activity_change: float = Field(
        0.0, ge=0, description="Weight of the mean square of its change from step to step (TAR)."
    )

    schedule: ScheduleName = Field("cosine", description="How the learning rate changes over the training.")
    warmup: int = Field(50, ge=0, description="Updates over which the learning rate rises linearly to its peak.")
    decay: float = Field(0.5, gt=0, le=1, description="Factor of each decay of the schedules `step` and `plateau`.")
    decay_every: float = Field(1.0, gt=0, description="Epochs between the decays of the schedule `step`.")
    decay_patience: int = Field(1, ge=0, description="Validations without progress before `plateau` decays.")

    validate_every: int | None = Field(None, ge=1, description="Updates between validations; an epoch unless given.")
    patience: Patience = None
    checkpoint_minutes: float = Field(
        5.0, gt=0, description="Minutes between checkpoints, beside those at validations."
    )
    log_every: int = Field(20, ge=1, description="Updates between two lines of metrics.jsonl.")
    tensorboard: bool = Field(False, description="Also write TensorBoard files (extra `tensorboard`).")

    seed: int = Field(1, ge=0, lt=2**63, description="Seed of all random numbers.")
    device: str = Field("auto", description="Where to train: auto, cpu, cuda, cuda:1 ...")

    @model_validator(mode="after")
    def _momentum_for_nesterov(self) -> Self:
        if self.optimizer == "nesterov" and not self.momentum:
            raise ValueError("nesterov needs a momentum above 0")
        return self


class StreamTraining(TrainingConfig):
    """Training on text that goes on from one update to the next."""

    window: int = Field(32, ge=1, description="Steps that a gradient goes back (k2 of truncated BPTT).")
    stride: int | None = Field(
        None, ge=1, description="Steps between updates (k1); the window unless given, then windows overlap."
    )
    sample_length: int = Field(300, ge=0, description="Symbols written after each validation; 0: none.")
    sample_prompt: str = Field("", description="What the written samples go on from.")

    @model_validator(mode="after")
    def _stride_within_window(self) -> Self:
        if self.stride is not None and self.stride > self.window:
            raise ValueError(f"stride ({self.stride}) must not exceed window ({self.window})")
        return self


class ExampleTraining(TrainingConfig):
    """Training on separate examples, in batches of like length."""

    batch_steps: int | None = Field(
        None, ge=1, description="Most steps in a batch, padding included; long examples then come in smaller batches."
    )
    show: int = Field(3, ge=0, description="Predictions shown after each validation; 0: none.")
