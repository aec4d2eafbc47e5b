"""The recurrent layers of any model. Field descriptions are the help texts of the command line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from gatework.settings.regularizers import Regularizers

# types with their descriptions: a task gives them other defaults
CellName = Annotated[str, Field(description="Recurrent cell; `gatework cells` lists them.")]
HiddenSize = Annotated[int, Field(ge=1, le=65536, description="Width of each recurrent layer.")]
Layers = Annotated[int, Field(ge=1, le=64, description="Number of recurrent layers.")]
EmbeddingSize = Annotated[
    int,
    Field(ge=0, le=65536, description="Width of the learned embedding of the symbols; 0: they enter one-hot."),
]
Dropout = Annotated[
    float,
    Field(ge=0, lt=1, description="Share of activations dropped between layers and before the output."),
]
LabelSmoothing = Annotated[
    float,
    Field(ge=0, lt=1, description="Share of each target's probability that is spread over all classes in training."),
]


class RecurrentConfig(Regularizers):
    """A stack of recurrent layers."""

    cell: CellName = "lstm"
    cell_options: dict[str, Any] = Field(
        {}, examples=["activation=relu"], description="An option of the cell as NAME=VALUE; may be repeated."
    )
    hidden_size: HiddenSize = 128
    layers: Layers = 1
    dropout: Dropout = 0.0
    variational: bool = Field(False, description="Let dropout between layers drop the same units at all steps.")
    layer_norm: bool = Field(False, description="Normalise what each layer but the first reads.")
    connection: Literal["residual", "highway", "skip"] | None = Field(
        None,
        description="What goes past each layer: its input added (residual), gated (highway) or side by side (skip).",
    )
    learn_initial: bool = Field(False, description="Learn the state that a sequence starts from, instead of zeros.")

    @property
    def regularizers(self) -> Regularizers:
        """What disturbs the recurrent layers while they train."""
        return Regularizers(**{name: getattr(self, name) for name in Regularizers.model_fields})


class EncoderConfig(RecurrentConfig):
    """Recurrent layers that may read a whole sequence in both directions."""

    bidirectional: bool = Field(True, description="Read each sequence in both directions.")
