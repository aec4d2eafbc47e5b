"""The loss curves of a training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gatework.errors import InputError
from gatework.insight.figure import literal, new_figure, save_figure


def plot_curves(rows: Sequence[dict[str, Any]], target: str | Path, *, title: str = "") -> Path:
    """Draw training and validation loss and the learning rate over the updates.

    Losses of a language model are in nats and bits a symbol.

    Raises:
        InputError: there is nothing to draw yet.
        StorageError: the file cannot be written.
    """
    training = [row for row in rows if row["kind"] == "train"]
    validation = [row for row in rows if row["kind"] == "validation"]
    if not training and not validation:
        raise InputError("there are no metrics to draw yet", "train for a few more updates")
    of_text = "bits" in rows[0]
    figure = new_figure(9, 5)
    losses, rates = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    losses.plot(*_points(training, "loss"), color="tab:blue", linewidth=1, label="training")
    if validation:
        losses.plot(*_points(validation, "loss"), color="tab:red", marker="o", markersize=4, label="validation")
        best = min(validation, key=lambda row: row["loss"])
        losses.annotate(
            f"best {best['loss']:.4f} nats = {best['bits']:.4f} bits" if of_text else f"lowest {best['loss']:.4f}",
            (best["step"], best["loss"]),
            xytext=(-8, 24),
            textcoords="offset points",
            ha="right",
            arrowprops={"arrowstyle": "->", "color": "tab:red"},
        )
    losses.set(title=literal(title), ylabel="loss (nats a symbol)" if of_text else "loss")
    losses.grid(alpha=0.3)
    losses.legend(loc="upper right")
    if of_text:
        in_bits = (lambda nats: nats / math.log(2), lambda bits: bits * math.log(2))
        losses.secondary_yaxis("right", functions=in_bits).set_ylabel("bits a symbol")
    rates.plot(*_points(training, "learning_rate"), color="tab:gray", linewidth=1)
    rates.set(xlabel="update", ylabel="learning rate")
    rates.grid(alpha=0.3)
    return save_figure(figure, Path(target))


def _points(rows: Sequence[dict[str, Any]], name: str) -> tuple[list[int], list[float]]:
    return [row["step"] for row in rows], [row[name] for row in rows]
