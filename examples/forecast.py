"""Daily sales of two shops, forecast two weeks ahead by one model that knows the planned promotions.

    python examples/forecast.py [--epochs 6] [--draw fans/]

Makes its own data: sales with weekly and yearly patterns, promotions that are planned ahead, and visitors who are only
counted afterwards. Prints the error of the model beside that of the seasonal naive forecast, how often its intervals
held, and the coming days; ``--draw`` leaves a picture of each series in a folder.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import gatework as gw
from gatework.data.series.series_dataset import load_series
from gatework.settings.tasks.forecast import ForecastData, ForecastPrediction
from gatework.tasks.forecast import TASK

HORIZON = 14


def main(words: Sequence[str] | None = None) -> None:
    """Make data, train, measure, forecast."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--epochs", type=float, default=6)
    parser.add_argument("--draw", type=Path, help="folder for pictures of the last forecasts")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "sales.csv"
        table.write_text(sales(arguments.days), encoding="utf-8")
        config = ForecastData(
            sources=[str(table)],
            horizon=HORIZON,
            series_column="shop",
            target_columns=["sold"],
            past_columns=["visitors"],
            future_columns=["promotion"],
        )
        data = load_series(config)
    model = gw.ForecastModel.build(data.codec, strategy="decoder", hidden_size=24)
    gw.fit(model, data, epochs=arguments.epochs)
    score = TASK.score(model, data, "test", name="test part")
    print("\n".join(TASK.score_lines(model, score, "test part")))
    for answer in TASK.answer(model, TASK.inputs([], "utf-8"), ForecastPrediction(quantiles=[0.1, 0.5, 0.9])):
        print(TASK.as_text(answer))
    if arguments.draw:
        for picture in TASK.pictures(model, data, arguments.draw):
            print(picture)


def sales(days: int) -> str:
    """A table in long form, whose last rows hold nothing but the promotions that are planned."""
    generator = np.random.default_rng(1)
    dates = np.datetime64("2022-01-03") + np.arange(days + HORIZON)
    lines = ["day,shop,sold,visitors,promotion"]
    for shop, size in (("North", 60), ("South", 25)):
        promotion = generator.random(len(dates)) < 0.12
        week = np.array([1.0, 0.9, 0.9, 1.0, 1.3, 1.7, 0.4])[np.arange(len(dates)) % 7]
        year = 1 + 0.25 * np.sin(2 * np.pi * np.arange(len(dates)) / 365)
        sold = generator.poisson(size * week * year * (1 + 0.8 * promotion))
        visitors = generator.poisson(3 * sold + 10)
        for day, date in enumerate(dates):
            known = f"{sold[day]},{visitors[day]}" if day < days else ","
            lines.append(f"{date},{shop},{known},{int(promotion[day])}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
