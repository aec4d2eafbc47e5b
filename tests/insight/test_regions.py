"""Attention over pictures: bright where the model looked, one small picture a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from gatework.insight.regions import COLUMNS, lit, plot_regions, regions_figure

PICTURE = np.random.default_rng(3).integers(1, 256, (3, 12, 12), np.uint8)


def test_a_picture_is_lit_where_the_weights_are() -> None:
    weights = np.zeros((3, 3))
    weights[2, 1], weights[0, 0] = 0.5, 0.25
    shown = lit(PICTURE.transpose(1, 2, 0), weights)
    upright = PICTURE.transpose(1, 2, 0).astype(float)
    np.testing.assert_allclose(shown[8:, 4:8], upright[8:, 4:8])  # the largest weight: as it is
    np.testing.assert_allclose(shown[:4, :4], upright[:4, :4] * 0.575, atol=0.51)
    np.testing.assert_allclose(shown[:8, 4:], upright[:8, 4:] * 0.15, atol=0.51)
    np.testing.assert_allclose(lit(upright, np.zeros((2, 2))), upright * 0.15, atol=0.51)


def test_each_word_has_its_picture(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(COLUMNS + 1)]
    weights = torch.softmax(torch.randn(len(words), 16), dim=1)
    figure = regions_figure([(PICTURE, weights, words), (PICTURE, weights[:2], ["$a", "b"])])
    drawn = [axis for axis in figure.axes if axis.images]
    assert [axis.get_title() for axis in drawn] == ["", *words, "", r"\$a", "b"]
    np.testing.assert_array_equal(drawn[0].images[0].get_array(), PICTURE.transpose(1, 2, 0))
    expected = lit(PICTURE.transpose(1, 2, 0), weights[4].reshape(4, 4).numpy())
    np.testing.assert_array_equal(drawn[5].images[0].get_array(), expected)
    path = plot_regions([(PICTURE, weights[:1], ["a"])], tmp_path / "plots" / "attention.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_drawn_is_said() -> None:
    for looked in ([], [(PICTURE, np.ones((2, 6)), ["a", "b"])], [(PICTURE, np.ones((2, 4)), ["a"])]):
        with pytest.raises(ValueError, match=r"no picture|weights must be"):
            regions_figure(looked)
