"""Checkpoints in time: the same outputs and gradients, in pieces that are computed twice."""

from __future__ import annotations

import pytest
import torch

from gatework.cells import GRU, LSTM
from gatework.engine import Noise, run

B, T, I, H = 2, 11, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def everything(cell, x, state, **options):
    result = run(cell, x, tuple(state), **options)
    values = [result.outputs, *result.state, *(result.states or ())]
    generator = torch.Generator().manual_seed(2)
    weights = [torch.randn(value.shape, generator=generator) for value in values]
    wanted = [x, *state, *cell.parameters()]
    return values, list(torch.autograd.grad(values, wanted, weights, allow_unused=True, materialize_grads=True))


@pytest.mark.parametrize("every", [1, 3, 4, 11, 50])
@pytest.mark.parametrize("engine", ["auto", "loop"])
def test_changes_no_value_and_no_gradient(engine, every):
    cell = LSTM(I, H)
    x = torch.randn(T, B, I, requires_grad=True)
    state = [torch.randn(B, H, requires_grad=True) for _ in "hc"]
    initial = tuple(torch.randn(B, H) for _ in "hc")
    zoneout = Noise(zoneout=(torch.rand(T, B, H) < 0.3, 0.2))
    given = {"resets": torch.rand(T, B) < 0.2, "lengths": torch.tensor([7, T]), "initial": initial}
    for options in ({}, {"every_state": True}, given, {**given, "noise": zoneout}):
        whole = everything(cell, x, state, engine=engine, **options)
        pieces = everything(cell, x, state, engine=engine, checkpoint_every=every, **options)
        torch.testing.assert_close(pieces, whole, rtol=1e-10, atol=1e-10)


def test_keeps_little_for_the_gradient():
    cell = GRU(I, H)
    x = torch.randn(1024, B, I)

    def kept(**options) -> int:
        seen: dict[int, int] = {}

        def note(tensor: torch.Tensor) -> torch.Tensor:
            seen[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            run(cell, x, **options)
        return sum(seen.values())

    assert kept(checkpoint_every=32) < kept() / 8


@pytest.mark.parametrize("every", [0, -3])
def test_impossible_pieces(every):
    with pytest.raises(ValueError, match=f"checkpoint_every must be at least 1, not {every}"):
        run(GRU(I, H), torch.zeros(T, B, I), checkpoint_every=every)
