"""Probabilities over time as a picture: curves are the probabilities, names are what a greedy decoder hears."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from gatework.insight.spectrogram import phonemes_figure, plot_phonemes

NAMES = ["<blank>", "AH", "N", "$W$", "T"]
BEST = [0, 3, 3, 0, 1, 2, 2, 0, 2, 0, 0]  # $W$ AH N N
LOGITS = torch.randn(11, 5, generator=torch.Generator().manual_seed(3)) / 9
LOGITS[range(11), BEST] += 5
LOGITS[:, 4] -= 9  # T is never probable
LOG_PROBABILITIES = torch.log_softmax(LOGITS, dim=1)
FEATURES = torch.randn(22, 7, generator=torch.Generator().manual_seed(5))


def test_curves_are_the_probabilities() -> None:
    figure = phonemes_figure(LOG_PROBABILITIES, NAMES, features=FEATURES, transcript=["$W$", "AH", "N"], step_ms=20)
    above, below = figure.axes
    curves = np.stack([line.get_ydata() for line in below.lines], axis=1)
    np.testing.assert_allclose(curves, LOG_PROBABILITIES.exp()[:, :4], rtol=1e-5)
    np.testing.assert_allclose(below.lines[0].get_xdata(), (np.arange(11) + 0.5) * 0.04)
    assert below.get_xlim() == above.get_xlim() == pytest.approx((0, 0.44))
    np.testing.assert_array_equal(above.images[0].get_array(), FEATURES.T)
    assert above.images[0].get_extent() == pytest.approx([0, 0.44, 0, 7])
    assert "<blank>" in below.get_ylabel()


def test_names_are_what_is_heard() -> None:
    figure = phonemes_figure(LOG_PROBABILITIES.numpy(), NAMES, transcript=["$W$", "AH", "N"])
    (axis,) = figure.axes
    assert [text.get_text() for text in axis.texts] == [r"\$W\$", "AH", "N", "N"]
    times = [text.xy[0] / 0.01 - 0.5 for text in axis.texts]
    assert [BEST[round(time)] for time in times] == [3, 1, 2, 2]
    assert times == sorted(times)
    assert figure.get_suptitle() == "said   \\$W\\$ AH N\nheard  \\$W\\$ AH N N"


def test_another_blank_and_nothing_heard(tmp_path: Path) -> None:
    figure = phonemes_figure(torch.log(torch.tensor([[0.2, 0.8], [0.1, 0.9]])), ["a", "-"], blank=1)
    assert len(figure.axes[0].texts) == 0
    assert figure.get_suptitle() == "heard  "
    target = plot_phonemes(LOG_PROBABILITIES, NAMES, tmp_path / "plots" / "heard.png", features=FEATURES)
    assert target.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("probabilities", "options", "words"),
    [
        (torch.zeros(3, 4), {}, r"log_probabilities must be \(time, 5\)"),
        (torch.zeros(0, 5), {}, "log_probabilities"),
        (torch.zeros(5), {}, "log_probabilities"),
        (torch.zeros(3, 5), {"blank": 5}, "blank must be one of 5"),
        (torch.zeros(3, 5), {"features": torch.zeros(2, 7)}, "features must be"),
        (torch.zeros(3, 5), {"features": torch.zeros(3)}, "features must be"),
    ],
)
def test_what_does_not_agree_is_said(probabilities: torch.Tensor, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        phonemes_figure(probabilities, NAMES, **options)
