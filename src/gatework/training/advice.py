"""What the curves say, in plain words, as the README of char-rnn taught it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

GAP = 0.10
"""A validation loss this fraction above the training loss is a sign of overfitting."""
CLOSE = 0.02
"""One within this fraction of it is a sign of underfitting."""
RISE = 0.05
"""A training loss this fraction above its lowest is rising."""
ENOUGH = 20
"""Fewer rows say too little."""


def advise(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Advice on a training from the rows of its metrics.jsonl; empty where the curves call for none."""
    training = [row["loss"] for row in rows if row["kind"] == "train"]
    validation = [row["loss"] for row in rows if row["kind"] == "validation"]
    if not training:
        return []
    found = [_on_rising(training)]
    if validation:
        found += [_on_overfitting(training, validation), _on_underfitting(training, validation)]
    return [text for text in found if text]


def _recent(losses: Sequence[float]) -> float:
    """The mean of the last tenth: single windows differ too much."""
    tail = losses[-max(1, len(losses) // 10) :]
    return sum(tail) / len(tail)


def _on_rising(training: Sequence[float]) -> str:
    quarter = len(training) // 4
    means = [sum(training[i * quarter : (i + 1) * quarter]) / max(1, quarter) for i in range(4)]
    if len(training) < ENOUGH or means[-1] <= min(means) * (1 + RISE):
        return ""
    return (
        f"The training loss rose from {min(means):.3f} to {means[-1]:.3f}: "
        "the learning rate is too high. Try half of it, or a smaller --clip-norm."
    )


def _on_overfitting(training: Sequence[float], validation: Sequence[float]) -> str:
    best, last = min(validation), validation[-1]
    if last > best * (1 + CLOSE):
        return (
            f"The validation loss rose from {best:.3f} to {last:.3f} while training went on: overfitting. "
            "More --dropout, a smaller --hidden-size or more text; --patience stops in time. The best model was kept."
        )
    if last > _recent(training) * (1 + GAP):
        return (
            f"The training loss ({_recent(training):.3f}) is far below the validation loss ({last:.3f}): "
            "the model begins to learn the text by heart. More --dropout, a smaller model, or more text."
        )
    return ""


def _on_underfitting(training: Sequence[float], validation: Sequence[float]) -> str:
    last, recent = validation[-1], _recent(training)
    if len(validation) < 2 or last > recent * (1 + CLOSE):
        return ""
    return (
        f"Training loss ({recent:.3f}) and validation loss ({last:.3f}) are about equal: the model can take more. "
        "A larger --hidden-size, more --layers, or a longer training."
    )
