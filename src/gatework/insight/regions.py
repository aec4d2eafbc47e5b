"""Pictures of attention over a picture: where a model looked for each word that it wrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from torch import Tensor

from gatework.insight.figure import literal, new_figure, save_figure

INCHES = 1.05  # of each small picture
COLUMNS = 10  # small pictures beside each other; a longer caption goes on below
MOST = 40  # words

Looked: TypeAlias = tuple[np.ndarray, np.ndarray | Tensor, Sequence[str]]
"""A picture (3, height, width) uint8, weights (words, rows * columns of regions), and the words."""


def plot_regions(looked: Sequence[Looked], path: str | Path) -> Path:
    """Draw pictures with, for each word, where the model looked: what it did not look at is dark.

    Each picture stands first, as it is. At most ``MOST`` words of each are drawn.

    Args:
        looked: pictures with weights and words; regions form a square grid, row by row.
        path: the PNG file.

    Raises:
        ValueError: there is no picture, or the weights are not (words, regions of a square grid).
        StorageError: the file cannot be written.
    """
    return save_figure(regions_figure(looked), Path(path))


def regions_figure(looked: Sequence[Looked]) -> Any:
    """The figure of ``plot_regions``."""
    if not looked:
        raise ValueError("there is no picture to draw")
    lines = [-(-(1 + min(len(words), MOST)) // COLUMNS) for _, _, words in looked]
    figure = new_figure(INCHES * COLUMNS, (INCHES + 0.25) * sum(lines))
    axes = figure.subplots(sum(lines), COLUMNS, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    first = 0
    for count, (picture, weights, words) in zip(lines, looked, strict=True):
        places = axes[first : first + count].flat
        first += count
        upright = picture.transpose(1, 2, 0)
        next(places).imshow(upright, interpolation="nearest")
        for axis, weight, word in zip(places, _grids(weights, words), words, strict=False):
            axis.imshow(lit(upright, weight), interpolation="nearest")
            axis.set_title(literal(word), fontsize=9, pad=2)
    return figure


def lit(picture: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """A picture (height, width, 3) uint8, bright where the weights (rows, columns) are largest and dark where small."""
    height, width = picture.shape[:2]
    rows = np.minimum(np.arange(height) * len(weights) // height, len(weights) - 1)
    columns = np.minimum(np.arange(width) * weights.shape[1] // width, weights.shape[1] - 1)
    share = (weights / max(float(weights.max()), np.finfo(np.float32).tiny))[rows][:, columns, None]
    return np.rint(picture * (0.15 + 0.85 * share)).astype(np.uint8)


def _grids(weights: np.ndarray | Tensor, words: Sequence[str]) -> np.ndarray:
    values = np.asarray(weights.detach().cpu().float() if isinstance(weights, Tensor) else weights)
    side = round(values.shape[-1] ** 0.5)
    if values.shape != (len(words), side * side):
        raise ValueError(f"weights must be ({len(words)}, regions of a square grid), not {values.shape}")
    return values[:MOST].reshape(-1, side, side)
