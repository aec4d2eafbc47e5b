"""Sentences say what the intervals say."""

from __future__ import annotations

import math

import pytest

from gatework.studies.comparison.summary import summarised
from gatework.studies.comparison.words import about_quality, about_size, about_speed, about_time, digits, shown
from gatework.studies.statistics import Interval
from gatework.studies.trials import Trial, Trials


@pytest.mark.parametrize(
    ("value", "count"), [(0.0, 3), (1.71, 3), (0.845, 4), (34.3, 2), (-123.4, 1), (98765.0, 0), (math.nan, 3)]
)
def test_digits(value, count):
    assert digits(value) == count


def test_an_interval_is_shown_as_finely_as_what_it_is_held_against():
    assert shown(Interval(0.01234, 0.002, 3), 34.3) == "0.01 ± 0.00"
    assert shown(Interval(math.nan, math.nan, 0)) == "-"


def found(figures, updates=100, name="loss"):
    """Trials of arms: figure by seed; parameters are 100 a letter of the name."""
    trials = Trials(
        [
            Trial(
                {"cell": cell, "seed": seed},
                {
                    name: value,
                    "loss": value,
                    "figures": [name],
                    "parameters": 100 * len(cell),
                    "updates": updates,
                    "training_seconds": 1.0,
                    "validation": [[updates // 2, 0.0, value + 1], [updates, 0.0, value]],
                },
                1.0,
            )
            for cell, values in figures.items()
            for seed, value in enumerate(values)
        ]
    )
    return trials, {cell: trials.where(cell=cell) for cell in figures}


def test_the_best_and_who_can_be_told_from_it():
    trials, groups = found({"aa": [1.0, 2.0, 3.0], "bb": [1.5, 2.52, 3.49], "cc": [1.4, 1.7, 3.0]})
    summary = summarised("cell", list(groups), trials, {})
    text = about_quality(summary, groups, "loss", False, "test")
    assert text.startswith("Best by loss on the test part: **aa**, 2.000 ± 2.484. ")
    assert "bb is worse, by 0.503 ± 0.038" in text
    assert "cc is not told apart from it: 0.033 ± 0.872" in text


def test_higher_can_be_better():
    trials, groups = found({"aa": [0.5, 0.6, 0.7], "bb": [0.8, 0.91, 0.99]}, name="word_accuracy")
    text = about_quality(summarised("cell", list(groups), trials, {}), groups, "word_accuracy", True, "validation")
    assert text.startswith("Best by word accuracy on the validation part: **bb**, 0.9000")
    assert "aa is worse, by -0.3000" in text


def test_one_seed_tells_no_chance():
    trials, groups = found({"aa": [1.0], "bb": [1.5]})
    text = about_quality(summarised("cell", list(groups), trials, {}), groups, "loss", False, "test")
    assert text.endswith("bb differs by 0.500. With one seed nothing tells how much of this is chance.")


def test_speeds_and_the_same_time():
    trials, groups = found({"aa": [1.0, 1.2], "bb": [2.0, 2.2]})
    speeds = {
        "aa": {"speed": 500.0, "turns": [500.0, 560.0, 220.0], "update_seconds": 0.2},
        "bb": {"speed": 1000.0, "turns": [1000.0, 1000.0, 500.0], "update_seconds": 0.1},
    }
    summary = summarised("cell", list(groups), trials, speeds)
    assert about_speed(summary, "step") == (
        "Fastest: **bb**, 1,000 steps a second in training; aa 0.50 ± 0.15 times as many (95 % interval over turns)."
    )
    assert about_time(summary, groups).startswith("After the 10 seconds in which the fastest learnt all")
    assert "aa 2.100 ± 1.271, bb 2.100 ± 1.271" in about_time(summary, groups)  # aa was half through
    slower = {**speeds, "aa": {**speeds["aa"], "update_seconds": 1.0}}
    assert about_time(summarised("cell", list(groups), trials, slower), groups) == ""
    assert about_speed(summarised("cell", list(groups), trials, {}), "step") == ""


def test_sizes_that_are_not_equal_are_said():
    trials, groups = found({"aa": [1.0], "bb": [1.0], "ccc": [1.0]})
    summary = summarised("cell", list(groups), trials, {})
    assert about_size(summary) == "Not of equal size: ccc 1.50 times as many parameters as aa."
    assert about_size(summary[:2]) == ""
