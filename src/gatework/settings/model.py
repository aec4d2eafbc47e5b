"""The shape of a language model. Field descriptions are the help texts of the command line."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from gatework.settings.regularizers import Regularizers


class LanguageModelConfig(Regularizers):
    """Embedding, recurrent stack and output of a language model."""

    cell: str = Field("lstm", description="Recurrent cell; `gatework cells` lists them.")
    cell_options: dict[str, Any] = Field(
        {}, examples=["activation=relu"], description="An option of the cell as NAME=VALUE; may be repeated."
    )
    hidden_size: int = Field(384, ge=1, le=65536, description="Width of each recurrent layer.")
    layers: int = Field(1, ge=1, le=64, description="Number of recurrent layers.")
    embedding_size: int = Field(
        128, ge=0, le=65536, description="Width of the learned embedding of the symbols; 0: they enter one-hot."
    )
    dropout: float = Field(
        0.0, ge=0, lt=1, description="Share of activations dropped between layers and before the output."
    )
    variational: bool = Field(False, description="Let dropout between layers drop the same units at all steps.")
    layer_norm: bool = Field(False, description="Normalise what each layer but the first reads.")
    connection: Literal["residual", "highway", "skip"] | None = Field(
        None,
        description="What goes past each layer: its input added (residual), gated (highway) or side by side (skip).",
    )
    learn_initial: bool = Field(False, description="Learn the state that a document starts from, instead of zeros.")
    tied: bool = Field(False, description="Use the embedding as output weights too; needs embedding = hidden size.")

    @property
    def regularizers(self) -> Regularizers:
        """What disturbs the recurrent layers while they train."""
        return Regularizers(**{name: getattr(self, name) for name in Regularizers.model_fields})

    @model_validator(mode="after")
    def _tied_sizes_agree(self) -> LanguageModelConfig:
        if self.tied and self.embedding_size != self.hidden_size:
            raise ValueError(
                f"tied weights need an embedding of the hidden size: "
                f"--embedding-size {self.hidden_size}, not {self.embedding_size}"
            )
        if self.tied and self.connection == "skip":
            raise ValueError("tied weights need an output of the hidden size, --connection skip makes it wider")
        return self
