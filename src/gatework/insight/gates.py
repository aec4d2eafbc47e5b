"""A picture of gates and states over a piece of text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gatework.errors import InputError
from gatework.insight.figure import new_figure, save_figure, visible
from gatework.insight.record import Record, record_gates
from gatework.models.language import LanguageModel

STEPS = 80
UNITS = 40


def plot_gates(model: LanguageModel, text: str, target: str | Path, *, layer: int = 0) -> Path:
    """Draw every gate and state of a layer while the model reads a text: units down, symbols across.

    At most ``STEPS`` symbols are drawn, and of wide layers ``UNITS`` units, the quickest on top.

    Raises:
        InputError: the text is empty or has symbols that the model does not know; there is no such layer.
        StorageError: the file cannot be written.
    """
    missing = model.vocabulary.missing(text)
    if missing or not text:
        what = (
            f"has symbols that the model has never seen ({' '.join(map(repr, missing[:10]))})" if text else "is empty"
        )
        raise InputError(f"the text {what}", "give another text")
    tokens = torch.as_tensor(model.vocabulary.encode(text)[:STEPS])[:, None].to(next(model.parameters()).device)
    records = record_gates(model, tokens)
    if not 0 <= layer < len(records):
        raise InputError(f"there is no layer {layer}", f"the model has layers 0 to {len(records) - 1}")
    labels = [model.vocabulary.decode([int(token)]) for token in tokens[:, 0]]
    return save_figure(_draw(records[layer], labels, layer), Path(target))


def _draw(record: Record, labels: list[str], layer: int) -> Any:
    panels = _panels(record)
    memory = list(record.states.values())[-1]
    units = _quick_to_slow(memory)
    figure = new_figure(max(6.0, 0.16 * len(labels) + 2), 1.75 * len(panels) + 0.7)
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axis, (name, values) in zip(axes, panels.items(), strict=True):
        alike = values.shape[2] == memory.shape[2]  # else its units are others, as of a projected output
        drawn = values[:, 0, units if alike else _quick_to_slow(values)].T.cpu().float()
        low, high, colours = _scale(drawn)
        shown = axis.imshow(drawn.numpy(), aspect="auto", cmap=colours, vmin=low, vmax=high, interpolation="nearest")
        axis.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=12)
        axis.set_yticks([])
        figure.colorbar(shown, ax=axis, fraction=0.02, pad=0.01)
    axes[-1].set_xticks(range(len(labels)), [visible(label) for label in labels], family="monospace", fontsize=9)
    figure.suptitle(f"layer {layer}: gates and states, {len(units)} units from quick (top) to slow")
    return figure


def _panels(record: Record) -> dict[str, Tensor]:
    """Gates, then states; a state of a gate's name is the same thing after the step."""
    return {f"gate {name}": values for name, values in record.gates.items()} | {
        f"state {name}": values for name, values in record.states.items()
    }


def _quick_to_slow(memory: Tensor) -> Tensor:
    """Units (units,) from the quickest to the slowest, evenly chosen from the livelier half.

    How quick a unit is: its mean change from step to step against how much it varies at all.
    """
    path = memory[:, 0]
    spread = path.std(dim=0, correction=0)
    lively = spread.topk(max(min(UNITS, len(spread)), len(spread) // 2)).indices
    change = path.diff(dim=0).abs().mean(dim=0) if len(path) > 1 else spread
    ordered = lively[(change / spread.clamp_min(1e-12))[lively].argsort(descending=True)]
    return ordered[torch.linspace(0, len(ordered) - 1, min(UNITS, len(ordered))).round().long()]


def _scale(values: Tensor) -> tuple[float, float, str]:
    """Gates between 0 and 1 from shut to open; all else symmetric about 0, clipped at the 98th percentile."""
    if float(values.min()) >= 0 and float(values.max()) <= 1:
        return 0.0, 1.0, "viridis"
    reach = max(float(values.abs().flatten().quantile(0.98)), 1e-6)
    return -reach, reach, "RdBu_r"
