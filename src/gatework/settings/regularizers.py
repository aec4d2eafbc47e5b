"""What disturbs a recurrent layer while it trains. Field descriptions are the help texts of the command line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Share = Annotated[float, Field(ge=0, lt=1)]


class Regularizers(BaseModel):
    """Disturbances of a recurrent layer, drawn anew for every window or sequence while it trains.

    In evaluation nothing is drawn; zoneout then mixes old and new values by its share.

    Sources: zoneout, Krueger et al. 2017, arXiv:1606.01305; recurrent dropout on the state, Gal and Ghahramani 2016,
    arXiv:1512.05287, on the candidate, Semeniuta, Severyn and Barth 2016, arXiv:1603.05118; dropped recurrent
    weights, Merity, Keskar and Socher 2018, arXiv:1708.02182; noise, Graves 2011 and Jim, Giles and Horne 1996.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    zoneout: dict[str, Share] = Field(
        {},
        examples=["all=0.1"],
        description="Share of a state's units that keep their value at a step, as STATE=SHARE (h=0.05) or all=SHARE; "
        "may be repeated.",
    )
    recurrent_dropout: Share = Field(
        0.0, description="Share of units dropped inside the recurrence, the same ones at all steps."
    )
    recurrent_dropout_on: Literal["state", "candidate"] = Field(
        "state", description="What recurrent dropout drops: the state that the gates see, or the candidate."
    )
    weight_dropout: Share = Field(0.0, description="Share of recurrent weights dropped, the same ones at all steps.")
    weight_noise: float = Field(0.0, ge=0, description="Standard deviation of noise added to the cell's weights.")
    input_noise: float = Field(0.0, ge=0, description="Standard deviation of noise added to what a layer reads.")

    @field_validator("zoneout", mode="before")
    @classmethod
    def _for_all_states(cls, value: Any) -> Any:
        return {"all": value} if isinstance(value, int | float) else value
