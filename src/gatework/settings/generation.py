"""What a user can say about what a model writes. Field descriptions are the help texts of the command line."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# types with their descriptions: a task gives them other defaults
Seed = Annotated[int | None, Field(description="The same seed writes the same.")]
Prompt = Annotated[str, Field(description="What the text goes on from.")]
Temperature = Annotated[float, Field(description="Below 1 more cautious, above more daring; 0: greedy.")]
TopK = Annotated[int | None, Field(description="Consider only the K likeliest symbols.")]
TopP = Annotated[float, Field(description="Consider only the likeliest symbols that make up this probability.")]
Samples = Annotated[int, Field(description="Texts to write, at once as one batch.")]


class GenerationConfig(BaseModel):
    """How a trained model writes; what is out of range is refused where it is used, in Python too."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
