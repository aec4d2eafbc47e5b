"""The report of a search counts what ended how; pictures show the good trials, whatever the bad ones did."""

from __future__ import annotations

import csv
import math

import pytest

from gatework.studies.search import Dimension, Space, Tried
from gatework.studies.search.pictures import draw_history, draw_importances, draw_slices
from gatework.studies.search.report import write_report

SPACE = Space(
    [
        Dimension("learning_rate", "training", 0.001, 1.0, log=True),
        Dimension("hidden_size", "model", 7, 29, log=True, whole=True),
        Dimension("layers", "model", 1, 3, whole=True),
        Dimension("cell", "model", choices=("lstm", "gru")),
    ]
)


def tried(number, rank, state="done", error=""):
    values = {"learning_rate": 0.01 * number, "hidden_size": 7 + number, "layers": 2, "cell": "gru"}
    return Tried(number, values, rank, state, 2.0, {"parameters": 100 + number}, error, values, [rank])


TRIED = [
    *(tried(number, -0.5 - 0.01 * number) for number in range(1, 7)),
    tried(7, -0.3, "pruned"),
    tried(8, math.nan, "failed", "the loss became nan"),
    tried(9, 5e9),
]


def test_a_report_of_a_figure_that_is_better_when_higher(tmp_path):
    shares = {"learning_rate": 0.7, "cell": 0.2, "layers": 0.06, "hidden_size": 0.04}
    path = write_report(tmp_path, TRIED, SPACE, shares, title="Settings", goal="macro_f1", command="gatework train x")
    text = path.read_text()
    assert "9 trials, 0.3 minutes: 7 done, 1 ended early, 1 failed." in text
    assert "To go on with the best: `gatework train x`" in text
    best = [line for line in text.splitlines() if line.startswith("| 6 |")]
    assert best == ["| 6 | 0.06 | 13 | 2 | gru | 0.5600 | 106 | 2.0 |"]
    rows = [line.split()[1] for line in text.splitlines() if line.startswith("| ") and line.split()[1].isdigit()]
    assert rows == ["6", "5", "4", "3", "2", "1", "9"]
    assert "| learning_rate | 0.700 |" in text
    assert "- trial 8 (learning_rate 0.08, hidden_size 15, layers 2, cell gru): the loss became nan" in text
    table = list(csv.DictReader((tmp_path / "trials.csv").read_text().splitlines()))
    assert [row["state"] for row in table] == ["done"] * 6 + ["pruned", "failed", "done"]
    assert table[5]["validation macro f1"] == "0.56"
    assert table[7]["validation macro f1"] == ""
    assert {file.name for file in tmp_path.glob("*.png")} == {"history.png", "slices.png", "importance.png"}


def test_too_few_trials_are_said(tmp_path):
    text = write_report(tmp_path, TRIED[:2], SPACE, None, title="Settings").read_text()
    assert "Too few trials were done to tell." in text
    assert "validation loss" in text


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_picture_shows_the_good_ones(sign):
    (axes,) = draw_history(TRIED, "loss", sign).axes
    low, high = axes.get_ylim()
    assert low < sign * -0.56 < high
    assert high - low < 1
    (best,) = [line for line in axes.lines if line.get_label() == "best so far"]
    assert list(best.get_ydata()) == [sign * rank for rank in (-0.51, -0.52, -0.53, -0.54, -0.55, -0.56, -0.56)]


def test_slices_span_what_was_searched():
    rate, width, layers, cell = draw_slices(TRIED, SPACE, "loss").axes
    assert rate.get_xscale() == width.get_xscale() == "log"
    assert rate.get_xlim()[0] < 0.001 < 1 < rate.get_xlim()[1]
    assert [label.get_text() for label in cell.get_xticklabels()] == ["lstm", "gru"]
    assert layers.get_xlim() == pytest.approx((0.9, 3.1))


def test_the_most_important_is_on_top():
    (axes,) = draw_importances({"a": 0.9, "b": 0.1}).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["b", "a"]
    assert [bar.get_width() for bar in axes.patches] == [0.1, 0.9]
