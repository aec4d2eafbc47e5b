"""What a user can say about what a model writes. Field descriptions are the help texts of the command line."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# types with their descriptions: a task gives them other defaults
Seed = Annotated[int | None, Field(description="The same seed writes the same.")]


class GenerationConfig(BaseModel):
    """How a trained model writes; what is out of range is refused where it is used, in Python too."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
