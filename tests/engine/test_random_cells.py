"""Cells drawn at random from the operations a step may use: what no one thought of writing."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import torch
from comparing import compare
from torch import Tensor
from torch.nn import functional as F

from gatework.cells import Cell, Gate

UNARY: list[Callable[[Tensor], Tensor]] = [
    torch.sigmoid,
    torch.tanh,
    F.silu,
    F.softplus,
    torch.sin,
    F.elu,
    lambda a: a.square() * 0.1,
    lambda a: torch.exp(-a * a),
    lambda a: a.clamp(-1.5, 1.2),
    lambda a: torch.softmax(a, -1),
    lambda a: a - a.mean(-1, keepdim=True),
    F.hardtanh,
]
BINARY: list[Callable[[Tensor, Tensor], Tensor]] = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - b,
    lambda a, b: a / (2 + b * b),
    torch.maximum,
    lambda a, b: torch.where(a > b, a, 0.5 * b),
]


class Drawn(Cell):
    """A cell whose gates and step follow from a seed; gates that nobody reads included."""

    states = ("h", "c")

    def __init__(self, input_size: int, hidden_size: int, seed: int) -> None:
        super().__init__(input_size, hidden_size)
        draw = random.Random(seed)
        self.seed = seed
        self.kinds = tuple(draw.choice(("dense", "dense", "diagonal", None)) for _ in range(draw.randint(1, 4)))
        for k, kind in enumerate(self.kinds):
            seen = input_size if kind is None or draw.random() < 0.7 else 0
            setattr(self, f"g{k}", Gate(seen, hidden_size, recurrence=kind, bias=draw.random() < 0.8))
        self.p = torch.nn.Parameter(torch.randn(hidden_size) / 2)

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        draw, pool = random.Random(self.seed), [h, c]
        for k, kind in enumerate(self.kinds):
            gate, e = getattr(self, f"g{k}"), draw.choice(pool)
            if draw.random() < 0.4:
                e = draw.choice(BINARY)(e, draw.choice(pool))
            sees = gate.input_size > 0
            pool.append(draw.choice(UNARY)(gate(x if sees else None, e if kind else None)))
            for _ in range(draw.randint(0, 2)):
                pool.append(draw.choice(BINARY)(draw.choice(pool), draw.choice(pool)))
                if draw.random() < 0.4:
                    pool.append(draw.choice(UNARY)(pool[-1]))
                if draw.random() < 0.3:
                    pool.append(pool[-1] * self.p)
        first, second = (torch.tanh(draw.choice(pool[-4:]) + 0.1 * draw.choice(pool)) for _ in range(2))
        return first, second


@pytest.mark.parametrize("seed", range(16))
def test_a_random_cell_equals_the_loop(seed: int) -> None:
    torch.manual_seed(seed)
    draw = random.Random(seed)
    time, batch, hidden = draw.randint(1, 6), draw.randint(1, 7), draw.choice([1, 3, 8, 17, 40, 128])
    lengths = torch.randint(0, time + 1, (batch,)) if draw.random() < 0.4 else None
    resets = torch.rand(time, batch) < 0.3 if draw.random() < 0.4 else None
    options = {"lengths": lengths, "resets": resets, "initial": resets is not None}
    compare(Drawn(3, hidden, seed), time=time, batch=batch, every_state=draw.random() < 0.5, **options)
