"""Texts whose words are shaded by how much each counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gatework.insight.figure import literal, new_figure, save_figure

LETTER = 0.085
"""Inches of a letter in the monospaced type that is used."""
LINE = 0.3
"""Inches from line to line."""
WIDTH = 9.0


class Highlighted(NamedTuple):
    """A text with its weights: a heading, the symbols, and how much each counts, (symbols,), not negative."""

    heading: str
    symbols: Sequence[str]
    weights: np.ndarray


class _Word(NamedTuple):
    line: int
    left: float
    text: str
    shade: float


def plot_highlighted(texts: Sequence[Highlighted], target: str | Path, *, title: str = "", gap: float = LETTER) -> Path:
    """Draw texts one below the other; the darker a symbol's ground, the more it counts in its text.

    Args:
        texts: at least one.
        target: the picture.
        title: of the whole.
        gap: inches between two symbols.

    Raises:
        StorageError: the file cannot be written.
    """
    from matplotlib.patches import Rectangle

    placed, headings, line = [], [], 0
    for text in texts:
        headings.append((line, text.heading))
        words = list(_placed(text, line + 1, gap))
        placed += words
        line = (words[-1].line if words else line) + 2
    height = LINE * (line + 1)
    figure = new_figure(WIDTH, height + 0.4)
    axes = figure.subplots()
    axes.set(xlim=(0, WIDTH), ylim=(height, -LINE))
    axes.set_axis_off()
    axes.set_title(literal(title), fontsize=11)
    for row, heading in headings:
        axes.text(0, row * LINE, literal(heading), fontsize=9, fontweight="bold", va="center")
    for word in placed:
        corner = (word.left, word.line * LINE - 0.42 * LINE)
        ground = Rectangle(corner, LETTER * len(word.text), 0.84 * LINE, color="tab:orange", alpha=word.shade, lw=0)
        axes.add_patch(ground)
        axes.text(word.left, word.line * LINE, literal(word.text), fontsize=9, family="monospace", va="center")
    return save_figure(figure, Path(target))


def _placed(text: Highlighted, line: int, gap: float) -> Iterator[_Word]:
    """Where each symbol stands; a line that is full is broken."""
    left, most = 0.0, max(float(text.weights.max(initial=0)), 1e-12)
    for symbol, weight in zip(text.symbols, text.weights, strict=True):
        width = LETTER * len(symbol)
        if left and left + width > WIDTH:
            line, left = line + 1, 0.0
        yield _Word(line, left, symbol, float(weight) / most)
        left += width + gap
