"""How a gate's parameters start."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn


def uniform(gate: nn.Module) -> None:
    """All parameters from ±1/sqrt(hidden), as torch.nn's recurrent modules."""
    bound = 1 / math.sqrt(gate.hidden_size)  # type: ignore[arg-type]
    for name in ("W", "U", "b"):
        if (parameter := getattr(gate, name)) is not None:
            nn.init.uniform_(parameter, -bound, bound)


def glorot(gate: nn.Module) -> None:
    """W from Glorot's uniform distribution, U orthogonal, b zero, in the manner of Keras, but gate by gate.

    Keras draws the weights of all gates of a layer as one matrix, whose bound is smaller. Glorot and Bengio 2010;
    Saxe, McClelland and Ganguli 2013, arXiv:1312.6120.
    """
    _start(gate, _orthogonal)


def identity(gate: nn.Module) -> None:
    """U the identity, W from a normal distribution of standard deviation 0.001, b zero.

    Le, Jaitly and Hinton 2015, arXiv:1504.00941.
    """
    _start(gate, _eye)
    if gate.W is not None:
        nn.init.normal_(gate.W, std=0.001)  # type: ignore[arg-type]


def chrono(longest: int, *, keep: nn.Module | None = None, take: nn.Module | None = None) -> None:
    """Start gates with memories of all lengths up to ``longest`` steps: b = log(u), u uniform on [1, longest - 1].

    Tallec and Ollivier 2018, arXiv:1804.11188.

    Args:
        longest: the longest dependency to expect, T_max.
        keep: the gate that keeps the memory where it is open, as the forget gate does.
        take: the gate that overwrites it, as the input gate does; its b is the negative.

    Raises:
        ValueError: longest is less than 2.
    """
    if longest < 2:
        raise ValueError(f"chrono must be at least 2 steps, not {longest}")
    chosen = [(gate, sign) for gate, sign in ((keep, 1), (take, -1)) if gate is not None and gate.b is not None]
    memory = torch.empty(chosen[0][0].hidden_size if chosen else 0).uniform_(1, longest - 1).log()  # type: ignore[arg-type]
    with torch.no_grad():
        for gate, sign in chosen:
            gate.b.copy_(sign * memory)  # type: ignore[operator]


INITIALISERS: dict[str, Callable[[nn.Module], None]] = {"uniform": uniform, "glorot": glorot, "identity": identity}
"""Name -> what draws a gate's W, U and b."""


def _start(gate: nn.Module, recurrent: Callable[[Tensor], None]) -> None:
    if gate.W is not None:
        nn.init.xavier_uniform_(gate.W)  # type: ignore[arg-type]
    if gate.U is not None:
        recurrent(gate.U)  # type: ignore[arg-type]
    if gate.b is not None:
        nn.init.zeros_(gate.b)  # type: ignore[arg-type]


def _orthogonal(U: Tensor) -> None:
    if U.ndim == 1:  # an orthogonal diagonal is one of signs
        with torch.no_grad():
            U.copy_(torch.randint(0, 2, U.shape) * 2 - 1)
        return
    for matrix in U if U.ndim == 3 else (U,):
        nn.init.orthogonal_(matrix)


def _eye(U: Tensor) -> None:
    if U.ndim == 1:
        nn.init.ones_(U)
        return
    for matrix in U if U.ndim == 3 else (U,):
        nn.init.eye_(matrix)
