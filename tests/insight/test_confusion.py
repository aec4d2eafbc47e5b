"""Pictures of classifiers: what they draw is what was counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gatework.insight.confusion import plot_confusion
from gatework.insight.highlight import WIDTH, Highlighted, plot_highlighted
from gatework.models.confusion import Confusion


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that were saved."""
    kept: list[Figure] = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *place, **how: (kept.append(self), save(self, *place, **how)))
    return kept


def test_a_confusion_matrix(tmp_path: Path, drawn: list[Figure]) -> None:
    matrix = np.array([[30, 10, 0], [0, 5, 0], [0, 0, 0]])
    target = plot_confusion(Confusion(["$a$", "b", "c"], matrix), tmp_path / "confusion.png", title="t")
    assert target.read_bytes().startswith(b"\x89PNG")
    axes = drawn[0].axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.75, 0.25, 0], [0, 1, 0], [0, 0, 0]])
    assert sorted(text.get_text() for text in axes.texts) == ["10", "30", "5"]
    assert [label.get_text() for label in axes.get_yticklabels()] == [r"\$a\$", "b", "c"]


def test_many_classes_are_not_written_out(tmp_path: Path, drawn: list[Figure]) -> None:
    plot_confusion(Confusion([str(n) for n in range(101)], np.eye(101, dtype=np.int64)), tmp_path / "confusion.png")
    assert not drawn[0].axes[0].texts


def test_highlighted_words(tmp_path: Path, drawn: list[Figure]) -> None:
    texts = [
        Highlighted("pos", ["very", "good"], np.array([0.2, 0.8], np.float32)),
        Highlighted("neg", ["word"] * 97, np.full(97, 1 / 97, np.float32)),
    ]
    assert plot_highlighted(texts, tmp_path / "attention.png").read_bytes().startswith(b"\x89PNG")
    axes = drawn[0].axes[0]
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert len(boxes) == 99
    assert [round(box.get_alpha(), 6) for box in boxes[:2]] == [0.25, 1]  # shares of the largest
    assert all(box.get_x() + box.get_width() <= WIDTH for box in boxes)
    assert len({box.get_y() for box in boxes[2:]}) > 1  # a full line is broken
