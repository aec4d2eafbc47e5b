"""Texts whose entropy is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gatework.studies.published.greff_2015.text_training import train_on_text

MODEL = {"cell": "elman", "hidden_size": 5}
TRAINING = {"optimizer": "adam", "learning_rate": 0.05, "batch": 4, "window": 8, "steps": 80, "validate_every": 40}


def test_what_repeats_itself_is_learnt(tmp_path):
    (tmp_path / "text.txt").write_text("abc" * 1000)
    measured = train_on_text(tmp_path / "text.txt", MODEL, TRAINING, seed=3)
    assert measured["test"] < 0.1
    assert measured["validation"] < 0.1
    assert measured["recurrent"] == 5 * (4 + 5 + 1)  # three letters and the unknown one
    assert measured["parameters"] == measured["recurrent"] + 4 * (5 + 1)


def test_what_is_drawn_costs_its_entropy(tmp_path):
    (tmp_path / "text.txt").write_text("".join(np.random.default_rng(3).choice(list("abcd"), 20_000)))
    measured = train_on_text(tmp_path / "text.txt", MODEL, TRAINING, seed=3)
    assert measured["test"] == pytest.approx(math.log(4), abs=0.05)
