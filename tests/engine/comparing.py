"""One run through two engines: all values and every gradient side by side."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gatework.cells import Cell
from gatework.engine import ENGINES, checked_call
from gatework.engine.contract import Noise, RunOptions


def compare(
    cell: Cell,
    *,
    time: int = 5,
    batch: int = 2,
    dtype: torch.dtype = torch.float64,
    engine: str = "compiled",
    **more: Any,
) -> None:
    """Assert that an engine equals the loop: outputs, final and all states, gradients of everything.

    float64 to 1e-10, float32 to 2e-5 of the largest value, both against the loop in float64.
    """
    tolerance = 1e-10 if dtype == torch.float64 else 2e-5
    expected = everything(cell.double(), "loop", time, batch, torch.float64, **more)
    found = everything(cell.to(dtype), engine, time, batch, dtype, **more)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        assert_near(found[name].double(), value, tolerance, f"{type(cell).__name__}: {name}")


def a_noise(cell: Cell, kinds: str, time: int, batch: int, dtype: torch.dtype) -> Noise:
    """The same noise for every engine: r for recurrent masks, c for candidates, z for zoneout, s for its share."""
    generator = torch.Generator().manual_seed(5)

    def mask(*shape: int) -> Tensor:
        return (torch.rand(*shape, generator=generator) < 0.7).to(dtype) / 0.7

    widths = sorted({gate.state_size for _, gate in cell.gates()} if "r" in kinds else ())
    zoneout: list[Tensor | float | None] = []
    for k, size in enumerate(cell.state_sizes if {"z", "s"} & set(kinds) else ()):
        kept = torch.rand(time, batch, size, generator=generator) < 0.3
        shared = "z" not in kinds or ("s" in kinds and k == 0)
        zoneout.append(0.3 if shared else kept)
    candidate = mask(batch, cell.candidate_size) if "c" in kinds else None
    return Noise({width: mask(batch, width) for width in widths}, candidate, tuple(zoneout))


def assert_near(found: Tensor, expected: Tensor, tolerance: float, name: str) -> None:
    assert found.shape == expected.shape, name
    assert torch.isfinite(found).all(), f"{name} is not finite"
    scale = max(1.0, float(expected.abs().max())) if expected.numel() else 1.0
    error = float((found - expected).abs().max()) / scale if expected.numel() else 0.0
    assert error <= tolerance, f"{name} is off by {error:.2e}"


def everything(
    cell: Cell,
    engine: str,
    time: int,
    batch: int,
    dtype: torch.dtype,
    lengths: Tensor | None = None,
    resets: Tensor | None = None,
    every_state: bool = False,
    initial: bool = False,
    noise: str = "",
) -> dict[str, Tensor]:
    """All results of a run and all gradients of a random function of them; ``noise`` as for ``a_noise``."""
    generator = torch.Generator().manual_seed(3)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)

    x = drawn(time, batch, cell.input_size).requires_grad_()
    states = [drawn(batch, size).requires_grad_() for size in cell.state_sizes]
    drawn_noise = a_noise(cell, noise, time, batch, dtype) if noise else None
    options = RunOptions(lengths=lengths, resets=resets, every_state=every_state, noise=drawn_noise)
    call = checked_call(cell, x, states, **options)
    leaves = {"x": x, **dict(zip((f"start {s}" for s in cell.states), states, strict=True))}
    if initial:
        first = [drawn(batch, size).requires_grad_() for size in cell.state_sizes]
        object.__setattr__(call, "initial", cell.State(*first))
        leaves |= dict(zip((f"initial {s}" for s in cell.states), first, strict=True))
    leaves |= dict(cell.named_parameters())
    chosen = ENGINES[engine]
    assert chosen.refuses(call) is None, chosen.refuses(call)
    result = chosen.run(call)
    values = {"outputs": result.outputs}
    values |= {f"last {name}": part for name, part in zip(cell.states, result.state, strict=True)}
    if every_state:
        values |= {f"all {name}": part for name, part in zip(cell.states, result.states, strict=True)}
    loss = sum((value * drawn(*value.shape)).sum() for value in values.values())
    gradients = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True)
    for (name, leaf), gradient in zip(leaves.items(), gradients, strict=True):
        values[f"gradient of {name}"] = torch.zeros_like(leaf) if gradient is None else gradient
    return {name: value.detach() for name, value in values.items()}
