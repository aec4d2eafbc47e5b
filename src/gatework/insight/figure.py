"""Figures without a screen, saved whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatework.storage import replacing


def new_figure(width: float, height: float) -> Any:
    """An empty figure of so many inches; it belongs to no window and needs no closing."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: Any, target: Path) -> Path:
    """Write a figure as PNG; return where.

    Raises:
        StorageError: it cannot be written.
    """
    with replacing(target) as beside:
        figure.savefig(beside, format="png", dpi=130)
    return target
