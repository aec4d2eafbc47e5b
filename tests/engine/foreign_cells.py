"""Cells that gatework does not publish, to test engines with: each needs something that LSTM and GRU do not."""

from __future__ import annotations

import torch
from torch import Tensor, nn, sigmoid, tanh
from torch.nn import functional as F

from gatework.cells import Cell, Gate


class Peephole(Cell):
    """Parameters used elementwise, one of them on the new state."""

    states = ("h", "c")

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.i, self.f, self.g, self.o = (Gate(input_size, hidden_size) for _ in range(4))
        self.p = nn.ParameterList(nn.Parameter(torch.randn(hidden_size)) for _ in range(3))

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        i = sigmoid(self.i(x, h) + self.p[0] * c)
        f = sigmoid(self.f(x, h) + self.p[1] * c)
        c = f * c + i * tanh(self.g(x, h))
        o = sigmoid(self.o(x, h) + self.p[2] * c)
        return o * tanh(c), c


class MinimalGate(Cell):
    """Two products a step, one gate each."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.f, self.n = Gate(input_size, hidden_size), Gate(input_size, hidden_size, bias=False)

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        f = sigmoid(self.f(x, h))
        return (1 - f) * h + f * tanh(self.n(x, f * h))


class Independent(Cell):
    """Diagonal recurrence: no product in the loop."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.h = Gate(input_size, hidden_size, recurrence="diagonal")

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        return torch.relu(self.h(x, h))


class Normalised(Cell):
    """Row means: several stages, nn modules inside."""

    states = ("h", "c")

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.i, self.f, self.g, self.o = (Gate(input_size, hidden_size, bias=False) for _ in range(4))
        self.norms = nn.ModuleList(nn.LayerNorm(hidden_size) for _ in range(5))

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        gates = (self.i, self.f, self.g, self.o)
        i, f, g, o = (norm(gate(x, h)) for norm, gate in zip(self.norms, gates, strict=False))
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(self.norms[4](c)), c


class Multiplicative(Cell):
    """A product of a product."""

    states = ("h", "c")

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.mx = Gate(input_size, hidden_size, recurrence=None, bias=False)
        self.mh = Gate(0, hidden_size, bias=False)
        self.i, self.f, self.g, self.o = (Gate(input_size, hidden_size) for _ in range(4))

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        m = self.mx(x) * self.mh(e=h)
        c = sigmoid(self.f(x, m)) * c + sigmoid(self.i(x, m)) * tanh(self.g(x, m))
        return sigmoid(self.o(x, m)) * tanh(c), c


class Coupled(Cell):
    """Three gates, f = 1 - i; a scale that is one number; the product of a state that is not the output."""

    states = ("h", "c")

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.i, self.g, self.o = (Gate(input_size, hidden_size) for _ in range(3))
        self.scale = nn.Parameter(torch.tensor(0.7))

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        i = sigmoid(self.i(x, h))
        c = (1 - i) * c + i * tanh(self.g(x, c))
        return sigmoid(self.o(x, h)) * tanh(c * self.scale), c


class Mutant(Cell):
    """MUT3 with the input used bare and through tanh, and a parameter expression; needs input = hidden."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.z, self.r, self.n = (Gate(input_size, hidden_size) for _ in range(3))
        self.slope = nn.Parameter(torch.randn(hidden_size))

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        z = sigmoid(self.z(tanh(x), tanh(h)))
        r = sigmoid(x + self.r(x, h))
        return tanh(self.n(x, r * h) + torch.exp(-self.slope) * x) * z + h * (1 - z)


class Carousel(Cell):
    """No product, no bias, two states of which one is handed on unchanged in half the units."""

    states = ("h", "n")

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.f = Gate(input_size, hidden_size, recurrence=None)
        self.w = Gate(0, hidden_size, recurrence="diagonal")

    def step(self, x: Tensor, h: Tensor, n: Tensor) -> tuple[Tensor, Tensor]:
        f = sigmoid(self.f(x))
        return f * h + (1 - f) * tanh(self.w(e=h)), torch.where(h > 0, n, n * 0.5 + f)


class Projected(Cell):
    """An LSTM whose output is narrower than its memory (Sak, Senior and Beaufays 2014)."""

    states = ("h", "c")

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.memory = 2 * hidden_size + 5
        self.i, self.f, self.g, self.o = (Gate(input_size, self.memory, state_size=hidden_size) for _ in range(4))
        self.r = Gate(0, hidden_size, state_size=self.memory, bias=False)
        self.p = nn.Parameter(torch.randn(self.memory))

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return (self.hidden_size, self.memory)

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        c = sigmoid(self.f(x, h) + self.p * c) * c + sigmoid(self.i(x, h)) * tanh(self.g(x, h))
        return self.r(e=sigmoid(self.o(x, h)) * tanh(c)), c


class SlowAndFast(Cell):
    """Three widths that see one another, one of them a single unit that gates all others; normalised too."""

    states = ("h", "s", "u")

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.slow = hidden_size // 2 + 2
        self.h = Gate(input_size, hidden_size, layer_norm=True)
        self.hs = Gate(0, hidden_size, state_size=self.slow)
        self.s = Gate(input_size, self.slow, state_size=hidden_size)
        self.u = Gate(input_size, 1, state_size=hidden_size, bias=False)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return (self.hidden_size, self.slow, 1)

    def step(self, x: Tensor, h: Tensor, s: Tensor, u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        u = 0.5 * u + sigmoid(self.u(x, h))
        s = u * s + (1 - u) * tanh(self.s(x, h)) * x.mean(1, keepdim=True)
        return tanh(self.h(x, h) + self.hs(e=s) * u), s, u


class Deep(Cell):
    """A gate used twice in a step, a gate whose x is a state, a buffer, a choice by the input (a highway of two)."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.x = Gate(input_size, hidden_size)
        self.n = Gate(hidden_size, hidden_size)
        self.register_buffer("decay", torch.linspace(0.1, 0.9, hidden_size))

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        a = tanh(self.x(x, h))
        a = self.decay * tanh(self.n(a, h)) + (1 - self.decay) * a
        a = torch.where(x[:, :1] > 0, a, tanh(self.n(a, a * h)))
        return F.layer_norm(a, (self.hidden_size,)) * 0.5


class Dictionary(Cell):
    """Every word a step may use, each applied to the state where it is smooth enough to compare."""

    def __init__(self, input_size: int, hidden_size: int, word: str) -> None:
        super().__init__(input_size, hidden_size)
        self.g = Gate(input_size, hidden_size)
        self.word = word

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        return 0.5 * torch.sin(WORDS_BY_NAME[self.word](self.g(x, h), h))


WORDS_BY_NAME = {
    "add": lambda a, b: torch.add(a, b, alpha=2) + a.add(1),
    "sub": lambda a, b: torch.sub(a, b) - torch.rsub(a, b) - (3 - a),
    "mul": lambda a, b: a * b * 2,
    "div": lambda a, b: a / (2 + b * b) + 1 / (3 + a.square()),
    "relu": lambda a, b: F.relu(a) + torch.relu(b),
    "leaky_relu": lambda a, b: F.leaky_relu(a, 0.2),
    "elu": lambda a, b: F.elu(a * 3, alpha=0.5),
    "softplus": lambda a, b: F.softplus(a * 30) + F.softplus(b, beta=2, threshold=1),
    "logsigmoid": lambda a, b: F.logsigmoid(a * 9),
    "silu": lambda a, b: F.silu(a),
    "gelu": lambda a, b: F.gelu(a) + F.gelu(b, approximate="tanh"),
    "hardsigmoid": lambda a, b: F.hardsigmoid(a * 4),
    "hardtanh": lambda a, b: F.hardtanh(a * 2) + F.hardtanh(b, -0.1, 0.2),
    "exp_log": lambda a, b: torch.exp(a) + torch.log(1.5 + b.tanh()) + torch.expm1(a) + torch.log1p(b * b),
    "roots": lambda a, b: torch.sqrt(a * a + 1) + torch.rsqrt(b * b + 1) + torch.reciprocal(2 + a * a),
    "powers": lambda a, b: a**2 + b**3 + (a * a + 1) ** -1.5 + (b * b + 1).pow(0.5) + 2**a + a**-0 * b,
    "abs": lambda a, b: a.abs() + torch.abs(b),
    "circular": lambda a, b: torch.sin(a) * torch.cos(b) + torch.erf(a),
    "extrema": lambda a, b: torch.maximum(a, b) + torch.minimum(a, 0.5 * b) + a.clamp(-0.3, 0.4) + b.clamp(min=0),
    "where": lambda a, b: torch.where((a > b) & ~(a <= 0.1) | (b == 0), a, 2 * b) + (a < b) * a,
    "compare": lambda a, b: torch.where(a.ge(b), a, b) + torch.where(a != b, a * 0.1, b) + (b >= 0) * 1.5,
    "mean": lambda a, b: a - a.mean(-1, keepdim=True) + torch.sum(b, dim=1, keepdim=True) * 0.1,
    "amax": lambda a, b: a - a.amax(-1, keepdim=True) * b,
    "var": lambda a, b: a / (1 + a.var(-1, keepdim=True)) + b * b.var(1, unbiased=False, keepdim=True),
    "row_choice": lambda a, b: torch.where(a.mean(-1, keepdim=True) > 0, a, b) + (b.amax(1, keepdim=True) < 1) * a,
    "softmax": lambda a, b: torch.softmax(a, -1) + F.softmax(b, dim=1),
    "layer_norm": lambda a, b: F.layer_norm(a, (7,)) * b,
    "detach": lambda a, b: a.detach() * b + torch.zeros_like(a) + torch.ones_like(b),
}
