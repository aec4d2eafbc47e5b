"""Music written by a music model, step by step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from gatework.data.music.piano_rolls import checked_roll, roll_of
from gatework.errors import DivergedError
from gatework.generation.ranges import check_ranges
from gatework.models.music import MusicModel


def generate_roll(
    model: MusicModel,
    primer: np.ndarray | None = None,
    *,
    length: int = 64,
    temperature: float = 1.0,
    seed: int | None = None,
) -> np.ndarray:
    """Write a piece.

    Args:
        model: the writer.
        primer: what is continued, (time, 88) bool; without one the piece begins as a training piece did.
        length: steps to write, after the primer.
        temperature: the logits are divided by it; 0 plays what is likelier than not.
        seed: the same seed gives the same piece; drawn anew where None.

    Returns:
        (steps, 88) bool, the primer first.

    Raises:
        InputError: a number is out of range.
        ValueError: the primer is no piano roll.
        DivergedError: the model's output is no finite number.
    """
    return np.stack(list(sample_steps(model, primer, length=length, temperature=temperature, seed=seed)))


def sample_steps(
    model: MusicModel,
    primer: np.ndarray | None = None,
    *,
    length: int,
    temperature: float = 1.0,
    seed: int | None = None,
    poll: Callable[[], None] = lambda: None,
) -> Iterator[np.ndarray]:
    """The steps of ``generate_roll`` as they are drawn, (88,) bool each; ``poll`` is called before each."""
    check_ranges(
        ("length", length, length >= 1, "at least 1"),
        ("temperature", temperature, 0 <= temperature < math.inf, "0 or larger, and finite"),
        ("seed", seed, seed is None or 0 <= seed < 2**63, "at least 0 and fit 63 bits"),
    )
    return _drawn(model, None if primer is None else checked_roll(primer, "primer"), length, temperature, seed, poll)


def _drawn(
    model: MusicModel,
    primer: np.ndarray | None,
    length: int,
    temperature: float,
    seed: int | None,
    poll: Callable[[], None],
) -> Iterator[np.ndarray]:
    randomness = torch.Generator()
    randomness.seed() if seed is None else randomness.manual_seed(seed)
    if primer is None:
        number = int(torch.randint(len(model.codec.openings), (), generator=randomness))
        primer, length = roll_of([model.codec.openings[number]])[0], length - 1  # the opening is written too
    yield from primer
    for keys in _continued(model, torch.from_numpy(primer), length, temperature, randomness, poll):
        yield keys.numpy()


def _continued(
    model: MusicModel,
    primer: Tensor,
    length: int,
    temperature: float,
    randomness: torch.Generator,
    poll: Callable[[], None],
) -> Iterator[Tensor]:
    device = next(model.parameters()).device
    training = model.training
    model.eval()
    try:
        rolls, state = primer[:, None], None
        for _ in range(length):
            poll()
            with torch.no_grad():
                logits, state = model(rolls.to(device), state)
            keys = draw_keys(logits[-1, 0].cpu(), temperature, randomness)
            yield keys
            rolls = keys[None, None]
    finally:
        model.train(training)


def draw_keys(logits: Tensor, temperature: float, randomness: torch.Generator) -> Tensor:
    """Draw which keys sound, each for itself: logits (88,) to (88,) bool.

    Raises:
        DivergedError: a logit is no finite number.
    """
    if not bool(logits.isfinite().all()):
        raise DivergedError("the model's output is no finite number", "train it anew, with a lower rate")
    if temperature == 0:
        return logits > 0
    return torch.rand(logits.shape, generator=randomness) < torch.sigmoid(logits / temperature)
