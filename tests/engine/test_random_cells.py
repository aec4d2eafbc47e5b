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
    """A cell whose gates and step follow from a seed; gates that nobody reads included.

    The memory m is as wide as h or three times; it is reached through gates alone where widths differ.
    """

    states = ("h", "m")

    def __init__(self, input_size: int, hidden_size: int, seed: int) -> None:
        super().__init__(input_size, hidden_size)
        draw = random.Random(seed)
        self.seed = seed
        self.memory = hidden_size * draw.choice((1, 1, 3))
        self.gates_drawn: list[tuple[str, int]] = []
        for k in range(draw.randint(1, 4)):
            kind = draw.choice(("dense", "dense", "block", "diagonal", None))
            width, depth = (draw.choice((hidden_size, self.memory)) for _ in range(2))
            depth = width if kind in ("diagonal", None) else depth
            heads = next(n for n in (5, 4, 3, 2, 1) if hidden_size % n == 0) if kind == "block" else 1
            seen = input_size if kind is None or draw.random() < 0.7 else 0
            options = {"bias": draw.random() < 0.8, "layer_norm": draw.random() < 0.25, "heads": heads}
            gate = Gate(seen, width, state_size=depth, recurrence=kind, **options)
            setattr(self, f"g{k}", gate)
            self.gates_drawn.append((f"g{k}", 1 if kind is None or draw.random() < 0.8 else 2))
        self.p = torch.nn.ParameterList(torch.nn.Parameter(torch.randn(n) / 2) for n in (hidden_size, self.memory))
        for parameter in self.parameters():
            torch.nn.init.normal_(parameter, std=parameter.shape[-1] ** -0.5)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return (self.hidden_size, self.memory)

    def step(self, x: Tensor, h: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
        draw = random.Random(self.seed)
        pools: dict[int, list[Tensor]] = {self.hidden_size: [h]}
        pools.setdefault(self.memory, []).append(m)
        scale = dict(zip((self.hidden_size, self.memory), self.p, strict=True))
        for name, times in self.gates_drawn:
            gate = getattr(self, name)
            for _ in range(times):
                depths, pool = pools[gate.state_size], pools[gate.hidden_size]
                e = draw.choice(depths)
                if draw.random() < 0.4:
                    e = draw.choice(BINARY)(e, draw.choice(depths))
                value = draw.choice(UNARY)(gate(x if gate.input_size else None, e if gate.recurrence else None))
                pool.append(self.drop(value) if gate.hidden_size == self.hidden_size else value)
            for _ in range(draw.randint(0, 2)):
                pool.append(draw.choice(BINARY)(draw.choice(pool), draw.choice(pool)))
                if draw.random() < 0.4:
                    pool.append(draw.choice(UNARY)(pool[-1]))
                if draw.random() < 0.3:
                    pool.append(pool[-1] * scale[gate.hidden_size])
                if draw.random() < 0.2:
                    pool.append(pool[-1] * x.mean(1, keepdim=True))
        first, second = (
            torch.tanh(draw.choice(pools[size][-4:]) + 0.1 * draw.choice(pools[size]))
            for size in (self.hidden_size, self.memory)
        )
        return first, second


@pytest.mark.parametrize("seed", range(24))
def test_a_random_cell_equals_the_loop(seed: int) -> None:
    torch.manual_seed(seed)
    draw = random.Random(seed)
    time, batch, hidden = draw.randint(1, 6), draw.randint(1, 7), draw.choice([1, 3, 8, 17, 40, 128])
    lengths = torch.randint(0, time + 1, (batch,)) if draw.random() < 0.4 else None
    resets = torch.rand(time, batch) < 0.3 if draw.random() < 0.4 else None
    noise = "".join(kind for kind in "rczs" if draw.random() < 0.25)
    options = {"lengths": lengths, "resets": resets, "initial": resets is not None, "noise": noise}
    compare(Drawn(3, hidden, seed), time=time, batch=batch, every_state=draw.random() < 0.5, **options)
