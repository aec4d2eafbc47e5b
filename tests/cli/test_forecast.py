"""Forecasting from the command line: trained, stopped and resumed, measured, asked; bad input is one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from gatework.cli.main import status_of
from gatework.storage import read_tensors

SMALL = ["--hidden-size", "7", "--windows", "60", "--warmup", "2", "--batch", "13", "--horizon", "4"]


def months(count: int = 96, *, blank: int = -1, promo: int = 0) -> str:
    generator = np.random.default_rng(3)
    lines = ["month,sold,promo"]
    for number in range(count + promo):
        sold = f"{50 + number + 20 * (number % 12 > 8) + generator.integers(9)}" if number < count else ""
        lines.append(f"{np.datetime64('2001-01') + number},{'' if number == blank else sold},{number % 5}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def original_forecast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forecast")
    (folder / "sales.csv").write_text(months())
    words = ["train", str(folder / "sales.csv"), "--task", "forecast", "--run", str(folder / "run"), "--steps", "20"]
    assert status_of([*words, "--target-columns", "sold", *SMALL]) == 0
    return folder


@pytest.fixture
def run(place: Path, original_forecast: Path) -> Path:
    shutil.copytree(original_forecast / "run", place / "run")
    return place / "run"


def test_a_run_is_measured_asked_and_drawn(run: Path, command: Callable) -> None:
    said = command("evaluate", run, "--part", "test")
    assert (said.status, said.err) == (0, "")
    assert "11 forecasts of 4 steps, rolling origins, no refit" in said.out
    assert "\nseasonal naive (12) " in said.out
    assert "\nnaive (1) " in said.out
    found = json.loads(command("evaluate", run, "--part", "test", "--json").out)
    assert found["points"] == 44
    assert {"mase", "seasonal_naive_mase", "naive_mase", "coverage_80", "weighted_quantile_loss"} <= found.keys()
    lines = [json.loads(line) for line in command("predict", run).out.splitlines()]
    assert [line["time"] for line in lines] == ["2009-01", "2009-02", "2009-03", "2009-04"]
    assert {line["series"] for line in lines} == {"sold"}
    for line in lines:
        quantiles = list(line["quantiles"].values())
        assert list(line["quantiles"]) == ["0.025", "0.1", "0.25", "0.5", "0.75", "0.9", "0.975"]
        assert quantiles == sorted(quantiles)
        assert quantiles[0] < line["mean"] < quantiles[-1]
    drawn = command("plot", run).out.splitlines()
    assert drawn[1].endswith("forecast-1-sold.png")


def test_another_file_is_forecast_and_measured(run: Path, place: Path, command: Callable) -> None:
    (place / "other.csv").write_text(months(50))
    words = ["predict", run, "other.csv", "--format", "text", "--quantiles", "0.5", "--samples", "20"]
    said = command(*words, "--seed", "3")
    assert said.status == 0, said.err
    assert [line.split("\t")[1] for line in said.out.splitlines()] == ["2005-03", "2005-04", "2005-05", "2005-06"]
    assert all(len(line.split("\t")) == 4 for line in said.out.splitlines())
    assert command(*words, "--seed", "3").out == said.out != command(*words, "--seed", "4").out
    assert "10 forecasts of 4 steps" in command("evaluate", run, "other.csv").out  # 50 - 24 - 12 - 1 - 4 + 1


def test_another_series_of_the_name_is_told_from_the_trained_one(
    run: Path, place: Path, original_forecast: Path, command: Callable
) -> None:
    assert command("predict", run, original_forecast / "sales.csv").err == ""
    (place / "other.csv").write_text(months().replace(",1", ",91").replace(",6", ",76"))
    for words in (["predict", run, "other.csv"], ["evaluate", run, "other.csv"]):
        said = command(*words)
        assert said.status == 0
        assert "note: sold is called as a series of the training but" in said.err
    days = np.arange("2024-01-01", "2024-04-01", dtype="datetime64[D]")
    (place / "days.csv").write_text("day,sold\n" + "".join(f"{day},{n}\n" for n, day in enumerate(days)))
    said = command("predict", run, "days.csv")
    assert (said.status, said.out) == (2, "")


def test_a_stopped_run_goes_on_bit_for_bit(run: Path, place: Path, original_forecast: Path, command: Callable) -> None:
    half = ["train", original_forecast / "sales.csv", "--task", "forecast", "--target-columns", "sold", *SMALL]
    assert command(*half, "--run", "half", "--steps", "10", "--schedule", "constant").status == 0
    assert command(*half, "--run", "whole", "--steps", "20", "--schedule", "constant").status == 0
    assert command("train", "--resume", "half", "--steps", "20").status == 0
    ends = [max(place.glob(f"{name}/checkpoints/step-*.safetensors")) for name in ("half", "whole")]
    (stopped, _), (never, _) = map(read_tensors, ends)
    assert all(torch.equal(stopped[name], tensor) for name, tensor in never.items())
    losses = [
        [
            (row["step"], row["loss"])
            for row in map(json.loads, (place / name / "metrics.jsonl").read_text().splitlines())
        ]
        for name in ("half", "whole")
    ]
    assert losses[0] == losses[1]
    assert losses[0][-1][0] == 20


def test_what_is_known_ahead_must_reach_the_horizon(place: Path, command: Callable) -> None:
    words = ["train", "-", "--task", "forecast", "--target-columns", "sold", "--future-columns", "promo"]
    (place / "sales.csv").write_text(months())
    words[1] = "sales.csv"
    assert command(*words, *SMALL, "--steps", "3", "--run", "run", "--strategy", "decoder").status == 0
    for ahead, wanted in ((0, "0 steps"), (3, "3 steps")):
        (place / "new.csv").write_text(months(60, promo=ahead))
        said = command("predict", "run", "new.csv")
        assert (said.status, said.out) == (2, "")
        assert f"sold: promo known for {wanted} after its end, not for the 4 of the horizon" in said.err
    (place / "new.csv").write_text(months(60, promo=4))
    assert len(command("predict", "run", "new.csv").out.splitlines()) == 4
    (place / "new.csv").write_text("month,sold\n2001-01,3\n")
    assert "no column 'promo'" in command("predict", "run", "new.csv").err


BAD = {
    "blank": (months(blank=40), [], "column 'sold': 1 value is missing (line 42)"),
    "backwards": (months() + "2001-01,3,1\n", [], "line 98: the time '2001-01' goes back behind"),
    "column": (months(), ["--past-columns", "weather"], "has no column 'weather', only 'month', 'sold', 'promo'"),
    "horizon": (months(), ["--horizon", "15"], "Take a horizon of up to 14"),
    "short": (months(40), [], "needs 41: --context 24, the --season 12 before it, one more, and --horizon 4"),
    "negative": (
        months().replace("2001-05,", "2001-05,-"),
        ["--distribution", "negative-binomial", "--difference", "none", "--scaling", "absolute"],
        "sold holds -55 in its row 5, and --distribution negative-binomial is for counts",
    ),
    "fraction": (
        months().replace("2001-05,55", "2001-05,7.5"),
        ["--distribution", "negative-binomial", "--difference", "none", "--scaling", "absolute"],
        "sold holds 7.5 in its row 5, and --distribution negative-binomial is for counts",
    ),
    "counts": (
        months(),
        ["--distribution", "negative-binomial"],
        "not with --difference season and --scaling standard. Add --difference none --scaling absolute",
    ),
    "logarithm": (months().replace("2001-05,", "2001-05,-"), ["--transform", "log"], "--transform log is for values"),
    "twice": (months(), ["--future-columns", "sold"], "has two roles"),
    "empty": ("", [], "is empty"),
    "words": ("month,what\n2001-01,rain\n", [], "has no column of numbers"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(place: Path, command: Callable, name: str) -> None:
    text, options, wanted = BAD[name]
    (place / "bad.csv").write_text(text)
    targets = [] if name == "words" else ["--target-columns", "sold"]
    said = command("train", "bad.csv", "--task", "forecast", *targets, *SMALL, "--steps", "2", *options)
    assert said.status == 2
    assert wanted in said.err
    assert len(said.err.splitlines()) == 1
    assert not [*place.glob("runs/*")]


def test_blanks_are_interpolated_when_asked(place: Path, command: Callable) -> None:
    (place / "gap.csv").write_text(months(blank=40))
    words = ["train", "gap.csv", "--task", "forecast", "--target-columns", "sold", *SMALL, "--steps", "2"]
    said = command(*words, "--missing", "interpolate", "--run", "run")
    assert said.status == 0
    assert "1 missing value interpolated (line 42)" in said.out
    assert command("predict", "run", "gap.csv").status == 0  # as in training
    said = command("predict", "run", "gap.csv", "--missing", "refuse")
    assert (said.status, said.out) == (2, "")
    assert "column 'sold': 1 value is missing (line 42)" in said.err


def test_counts_are_wanted_of_what_is_forecast_and_measured_too(place: Path, command: Callable) -> None:
    (place / "counts.csv").write_text(months())
    counts = ["--distribution", "negative-binomial", "--difference", "none", "--scaling", "absolute"]
    words = ["train", "counts.csv", "--task", "forecast", "--target-columns", "sold", *SMALL, *counts]
    assert command(*words, "--steps", "2", "--run", "run").status == 0
    (place / "shares.csv").write_text(months().replace("2008-12,", "2008-12,0."))
    for words in (["predict", "run", "shares.csv"], ["evaluate", "run", "shares.csv"]):
        said = command(*words)
        assert (said.status, said.out) == (2, "")
        assert "in its row 96, and --distribution negative-binomial is for counts" in said.err
        assert len(said.err.splitlines()) == 1


def test_what_is_forecast_from_may_be_interpolated_too(run: Path, place: Path, command: Callable) -> None:
    blank = 94  # November 2008, within what is read
    rows = [row.split(",") for row in months().splitlines()]
    before, after = float(rows[blank][1]), float(rows[blank + 2][1])
    rows[blank + 1][1] = repr(float(before + (after - before) * 31 / 61))  # October has 31 days, both together 61
    (place / "filled.csv").write_text("\n".join(map(",".join, rows)))
    (place / "gap.csv").write_text(months(blank=blank))
    said = command("predict", run, "gap.csv", "--missing", "interpolate")
    means = [
        [json.loads(line)["mean"] for line in one.out.splitlines()]
        for one in (said, command("predict", run, "filled.csv"))
    ]
    assert means[0] == pytest.approx(means[1], rel=1e-6)
    assert len(means[0]) == 4
    assert "1 missing value interpolated (line 96)" in said.err
    said = command("predict", run, "gap.csv")
    assert (said.status, said.out) == (2, "")
    assert "column 'sold': 1 value is missing (line 96). Fill it in, or ask for --missing interpolate" in said.err
    gap, filled = (
        command("evaluate", run, name, "--missing", "interpolate", "--json") for name in ("gap.csv", "filled.csv")
    )
    assert json.loads(gap.out)["loss"] == pytest.approx(json.loads(filled.out)["loss"], rel=1e-6)


def test_a_constant_series_is_learnt(place: Path, command: Callable) -> None:
    (place / "flat.csv").write_text("y\n" + "7\n" * 80)
    said = command("train", "flat.csv", "--task", "forecast", *SMALL, "--steps", "3", "--run", "run")
    assert said.status == 0, said.err
    assert "y is constant in its training part: its errors are scaled by 1" in said.out
    assert json.loads(command("evaluate", "run", "--part", "test", "--json").out)["seasonal_naive_mase"] == 0


def test_standard_input_is_kept_for_the_run(place: Path, command: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "piped.csv").write_text(months())
    with (place / "piped.csv").open() as file:
        monkeypatch.setattr("sys.stdin", file)
        said = command("train", "-", "--task", "forecast", *SMALL, "--steps", "2", "--run", "run")
    assert said.status == 0, said.err
    assert command("evaluate", "run", "--part", "test").status == 0
