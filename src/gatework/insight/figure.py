"""Figures without a screen, saved whole."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gatework.storage import replacing


def new_figure(width: float, height: float) -> Any:
    """An empty figure of so many inches; it belongs to no window and needs no closing."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: Any, target: Path) -> Path:
    """Write a figure as PNG; return where. Characters that no font has are drawn as boxes, without a warning.

    Raises:
        StorageError: it cannot be written.
    """
    with replacing(target) as beside, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(beside, format="png", dpi=130)
    return target


def add_legend(axes: Any, size: float = 8) -> None:
    """A legend, where something in the axes has a label: of nothing matplotlib warns."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=size)


def add_levels(axes: Any, levels: Mapping[str, float]) -> None:
    """Dotted lines across the axes, each with its name at its right end."""
    for name, level in levels.items():
        axes.axhline(level, color="grey", linewidth=0.8, linestyle=":")
        axes.annotate(name, (1, level), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8)


def plain_log_ticks(axis: Any) -> None:
    """Numbers without powers at the ticks of a logarithmic axis, those between the powers where they have room."""
    from matplotlib.ticker import LogFormatter

    class Plain(LogFormatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return f"{x:g}" if super().__call__(x, pos) else ""

    axis.set_major_formatter(Plain())
    axis.set_minor_formatter(Plain(labelOnlyBase=False))


def literal(text: str) -> str:
    """A text that matplotlib shows as it is: no mathematics."""
    return text.replace("$", r"\$")


def visible(label: str) -> str:
    """A label that matplotlib shows as it is: white space as signs, no mathematics."""
    signs = {
        " ": "\N{OPEN BOX}",
        "\n": "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}",
        "\t": "\N{RIGHTWARDS ARROW TO BAR}",
    }
    return literal(signs.get(label, label))
