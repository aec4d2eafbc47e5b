"""What a user can say about forecasts, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from gatework.settings.tasks.forecast import ForecastConfig, ForecastData, ForecastPrediction


def test_settings_come_back_from_json() -> None:
    data = ForecastData(sources=["a.csv"], horizon=7, future_columns=["price"], transform="log1p", difference="last")
    assert ForecastData.model_validate_json(data.model_dump_json()) == data
    assert data.has_validation
    assert ForecastData(validation=0, validation_data=["b.csv"]).has_validation


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        (ForecastData, {"past_columns": ["visits", "visits"]}, "a column is named twice"),
        (ForecastData, {"horizon": 0}, "greater than or equal to 1"),
        (ForecastData, {"validation": 0.5, "test": 0.5}, "leave nothing to train on"),
        (ForecastData, {"transform": "cube"}, "'log1p' or 'sqrt'"),
        (ForecastConfig, {"distribution": "poisson"}, "'negative-binomial' or 'quantile'"),
        (ForecastPrediction, {"quantiles": [0.1, 1.0]}, "lie between 0 and 1"),
        (ForecastPrediction, {"samples": 1}, "greater than or equal to 2"),
    ],
)
def test_what_is_refused(kind: type[BaseModel], options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        kind(**options)
