"""Pictures of attention: which part of the source each target symbol looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from gatework.insight.figure import literal, new_figure, save_figure, visible

CELL = 0.3  # inches
MOST = 60  # symbols on each side


def plot_attention(
    weights: np.ndarray | Tensor,
    source: Sequence[str],
    target: Sequence[str],
    path: str | Path,
    *,
    title: str = "",
) -> Path:
    """Draw how much each target symbol (down) attended to each source symbol (across).

    At most ``MOST`` symbols are drawn on each side.

    Args:
        weights: (target, source), each row a distribution.
        source: symbols that were read.
        target: symbols that were written.
        path: the PNG file.
        title: above.

    Raises:
        ValueError: the weights are not (target, source), or there are no symbols.
        StorageError: the file cannot be written.
    """
    return save_figure(attention_figure(weights, source, target, title=title), Path(path))


def attention_figure(
    weights: np.ndarray | Tensor, source: Sequence[str], target: Sequence[str], *, title: str = ""
) -> Any:
    """The figure of ``plot_attention``."""
    values = np.asarray(weights.detach().cpu().float() if isinstance(weights, Tensor) else weights)
    if values.shape != (len(target), len(source)) or not values.size:
        raise ValueError(f"weights must be ({len(target)}, {len(source)}), target by source, not {values.shape}")
    values, source, target = values[:MOST, :MOST], source[:MOST], target[:MOST]
    widest, longest = (max(map(len, symbols)) for symbols in (target, source))
    figure = new_figure(
        max(4.0, CELL * len(source) + 0.09 * widest + 1.2), max(2.5, CELL * len(target) + 0.07 * longest + 0.9)
    )
    axis = figure.subplots()
    shown = axis.imshow(values, cmap="Blues", vmin=0, vmax=max(1.0, float(values.max())), interpolation="nearest")
    axis.xaxis.tick_top()
    axis.set_xticks(
        range(len(source)), [visible(symbol) for symbol in source], rotation=50, ha="left", rotation_mode="anchor"
    )
    axis.set_yticks(range(len(target)), [visible(symbol) for symbol in target])
    axis.set_xticks(np.arange(-0.5, len(source)), minor=True)
    axis.set_yticks(np.arange(-0.5, len(target)), minor=True)
    axis.grid(which="minor", color="0.92", linewidth=0.6)
    axis.tick_params(which="both", length=0)
    axis.spines[:].set_color("0.7")
    figure.colorbar(shown, ax=axis, fraction=0.03, pad=0.02, label="attention")
    if title:
        figure.suptitle(literal(title))
    return figure
