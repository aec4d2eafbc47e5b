"""The step graph run in PyTorch gives what the cell's own step gives, for every published cell that has one."""

from __future__ import annotations

import pytest
import torch

from gatework.cells import CELLS
from gatework.engine import run
from gatework.engine.compiled import Compiled, weights_of
from gatework.engine.derive import operations
from gatework.engine.interpret import OPERATIONS, interpret
from gatework.engine.ragged import Ragged
from gatework.engine.tensors import Inputs
from gatework.engine.trace import trace

B, T, I, H = 2, 5, 3, 6
pytestmark = pytest.mark.usefixtures("exact")


UNTRACED = {"BatchNormLSTM", "TauGRU"}  # statistics over the batch; a state cut into pieces


@pytest.mark.parametrize("name", sorted(CELLS.keys() - UNTRACED))
def test_equals_the_loop(name):
    cell = CELLS[name](I, H).eval()
    traced = trace(cell)
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    x, state = torch.randn(T, B, I), tuple(torch.randn(B, size) for size in cell.state_sizes)
    initial = tuple(torch.randn(B, size) for size in cell.state_sizes)
    lengths, resets = torch.tensor([3, T]), torch.rand(T, B) < 0.3
    resets &= torch.arange(T)[:, None] < lengths
    ragged = Ragged(lengths, T)
    hoisted = traced.hoisted.values(cell, ragged.packed(x))
    ordered = (tuple(map(ragged.sorted, parts)) for parts in (state, initial))
    inputs = Inputs(*map(tuple, hoisted), *ordered, ragged, ragged.packed(resets), T)
    gates = tuple(cell.get_submodule(slot.gate) for slot in traced.step.slots)
    weights = weights_of(Compiled(traced, None, gates))
    every = range(len(cell.states))
    found = interpret(traced.step, inputs, weights, every)
    found = (*map(ragged.padded, found[: len(every)]), *map(ragged.unsorted, found[len(every) :]))
    expected = run(cell, x, state, initial=initial, lengths=lengths, resets=resets, every_state=True, engine="loop")
    torch.testing.assert_close(found, (*expected.states, *expected.state), rtol=1e-10, atol=1e-10)


def test_knows_every_operation():
    assert set(OPERATIONS) | {"kept_sigmoid", "kept_tanh"} == set(operations())
