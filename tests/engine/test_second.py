"""Second and higher derivatives of a kernel's run: those of the loop, and computed only when asked for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from comparing import a_noise
from torch import Tensor

from gatework.cells import GRU, LSTM, Cell, PeepholeLSTM
from gatework.engine import autograd, run
from gatework.engine.contract import RunOptions

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def given(cell: Cell, kind: str) -> RunOptions:
    """Options of a run, of one kind."""
    if kind == "noise":
        return {"noise": a_noise(cell, "rczs", T, B, torch.float64)}
    if kind == "ragged":
        resets = torch.tensor([[0, 0], [1, 0], [0, 1], [0, 0], [0, 1]]).bool()
        return {"lengths": torch.tensor([3, T]), "resets": resets, "every_state": True}
    return {}


def derivatives(cell: Cell, engine: str, options: RunOptions, order: int) -> list[Tensor]:
    """The gradients, of the wanted order, of random directions through all that a run depends on."""
    generator = torch.Generator().manual_seed(4)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, requires_grad=True)

    leaves: list[Any] = [drawn(T, B, I), *(drawn(B, size) for size in (*cell.state_sizes, *cell.state_sizes))]
    state, initial = leaves[1 : 1 + len(cell.states)], leaves[1 + len(cell.states) :]
    result = run(cell, leaves[0], tuple(state), engine=engine, initial=tuple(initial), **options)
    values = [result.outputs, *result.state, *(result.states or ())]
    leaves += cell.parameters()
    for _ in range(order):
        loss = sum(((value**2) * torch.randn(value.shape, generator=generator)).sum() for value in values)
        values = list(torch.autograd.grad(loss, leaves, create_graph=True, allow_unused=True, materialize_grads=True))
    return values


@pytest.mark.parametrize("kind", ["plain", "ragged", "noise"])
@pytest.mark.parametrize("kind_of_cell", [LSTM, GRU, PeepholeLSTM])
def test_second_and_third_derivatives_are_the_loops(kind_of_cell, kind):
    cell = kind_of_cell(I, H)
    options = given(cell, kind)
    for order in (2, 3):
        expected = derivatives(cell, "loop", options, order)
        found = derivatives(cell, "compiled", options, order)
        assert sum(bool(part.abs().max() > 1e-6) for part in expected) > 5
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


def test_gradgradcheck():
    cell = GRU(2, 3)
    x, state = torch.randn(3, 2, 2, requires_grad=True), torch.randn(2, 3, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x, h: run(cell, x, (h,), engine="compiled").outputs, (x, state))


def test_hvp_of_an_engine_asked_for_by_name():
    cell, x, direction = LSTM(I, H), torch.randn(T, B, I), torch.randn(T, B, I)

    def loss(engine):
        return lambda x: run(cell, x, engine=engine).outputs.square().sum()

    found = torch.autograd.functional.hvp(loss("compiled"), x, direction)
    torch.testing.assert_close(found, torch.autograd.functional.hvp(loss("loop"), x, direction))


def test_the_first_gradient_stays_the_kernels(monkeypatch):
    asked = []
    interpret = autograd.interpret
    monkeypatch.setattr(autograd, "interpret", lambda *arguments: asked.append(1) or interpret(*arguments))
    cell, x = LSTM(I, H), torch.randn(T, B, I, requires_grad=True)
    (slope,) = torch.autograd.grad(run(cell, x, engine="compiled").outputs.sum(), x, create_graph=True)
    assert not asked
    slope.square().sum().backward()
    assert asked
