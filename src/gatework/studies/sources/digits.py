"""Written digits read pixel by pixel, in rows or in an order that is drawn once.

Source: Le, Jaitly and Hinton 2015 (arXiv:1504.00941) have MNIST of 28 x 28 pixels; these are scikit-learn's 8 x 8.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import torch

from gatework.studies.sources.sequences import Batch, SequenceTask, asked_at_end

HELD_OUT = 360
PARTS = {
    "training": slice(-2 * HELD_OUT),
    "validation": slice(-2 * HELD_OUT, -HELD_OUT),
    "test": slice(-HELD_OUT, None),
}
PERMUTATION_SEED = 92916


@functools.cache
def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Pixels (1797, 64) from 0 to 1 and classes (1797,), in an order drawn once."""
    from sklearn.datasets import load_digits  # the extra [studies]

    pixels, classes = load_digits(return_X_y=True)
    order = np.random.default_rng(1).permutation(len(classes))
    return pixels[order] / 16, classes[order]


def draw(permuted: bool, part: str, length: int, batch: int, random: np.random.Generator) -> Batch:
    """Digits of a part, each once as far as they suffice: x (64, batch, 1)."""
    pixels, classes = (rows[PARTS[part]] for rows in pictures())
    chosen = random.permutation(len(classes))[:batch]
    time = pixels.shape[1]
    order = np.random.default_rng(PERMUTATION_SEED).permutation(time) if permuted else np.arange(time)
    wanted = np.broadcast_to(classes[chosen], (time, len(chosen)))
    return Batch(
        torch.from_numpy(pixels[chosen][:, order].T.copy()).float().unsqueeze(-1),
        torch.from_numpy(wanted.copy()).long(),
        asked_at_end(np.full(len(chosen), time - 1), time),
    )


def logistic_accuracy() -> float:
    """The share of the test part that logistic regression on all pixels at once gets right."""
    from sklearn.linear_model import LogisticRegression

    parts = {name: tuple(rows[part] for rows in pictures()) for name, part in PARTS.items()}
    model = LogisticRegression(max_iter=2000).fit(*parts["training"])
    return float(model.score(*parts["test"]))


def _task(name: str, permuted: bool) -> SequenceTask:
    learn, validate, examine = (functools.partial(draw, permuted, part) for part in PARTS)
    return SequenceTask(name, 1, 10, "class", learn, lambda length: math.log(10), validate=validate, examine=examine)


DIGITS = _task("digits", False)
PERMUTED_DIGITS = _task("permuted digits", True)
