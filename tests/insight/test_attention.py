"""Attention as a picture: weights stand at their source and target symbols."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from gatework.insight.attention import attention_figure, plot_attention

SOURCE, TARGET = ["a", "$cost$", "\n", "end"], ["ein", " ", "</s>"]
WEIGHTS = torch.softmax(torch.randn(3, 4, generator=torch.Generator().manual_seed(3)), dim=1)


def labels(ticks) -> list[str]:
    return [label.get_text() for label in ticks]


def test_weights_stand_at_their_symbols() -> None:
    axis = attention_figure(WEIGHTS.requires_grad_(), SOURCE, TARGET, title="cost $5").axes[0]
    np.testing.assert_array_equal(axis.images[0].get_array(), WEIGHTS.detach().numpy())
    assert labels(axis.get_xticklabels()) == ["a", r"\$cost\$", "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}", "end"]
    assert labels(axis.get_yticklabels()) == ["ein", "\N{OPEN BOX}", "</s>"]
    assert axis.yaxis_inverted()  # the first symbol is on top
    assert axis.images[0].get_clim() == (0, 1)
    assert axis.figure.get_suptitle() == r"cost \$5"


def test_long_sentences_are_cut(tmp_path: Path) -> None:
    weights = np.full((70, 90), 1 / 90)
    axis = attention_figure(weights, ["s"] * 90, ["t"] * 70).axes[0]
    assert axis.images[0].get_array().shape == (60, 60)
    target = plot_attention(weights[:1, :1], ["s"], ["t"], tmp_path / "plots" / "attention.png")
    assert target.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("shape", [(4, 3), (3, 5), (0, 4), (12,)])
def test_weights_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"weights must be \(3, 4\)"):
        attention_figure(np.zeros(shape), SOURCE, TARGET)
    with pytest.raises(ValueError, match="weights must be"):
        attention_figure(np.zeros((0, 0)), [], [])
