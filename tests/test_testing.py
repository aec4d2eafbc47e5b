"""The contract of a cell holds for all published cells, and finds each way of breaking it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gatework import engine, testing
from gatework.cells import GRU, Cell, Gate
from gatework.engine import ENGINES, loop
from gatework.testing import check_cell

I, H = 3, 7


class Own(Cell):
    """A cell as somebody else might write it, with a state of its own width and a parameter of its own."""

    states = ("h", "trace")

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.drive = Gate(input_size, hidden_size)
        self.decay = nn.Parameter(torch.rand(11))

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return self.hidden_size, 11

    def step(self, x, h, trace):
        h = torch.tanh(self.drive(x, h) + trace[:, : self.hidden_size])
        return h, self.decay * trace + x.sum(1, keepdim=True)


def test_all_published_cells_pass(make_cell):
    check_cell(make_cell())


def test_a_cell_of_ones_own_passes_and_stays_as_it_was():
    cell = Own(I, H)
    before = {name: value.clone() for name, value in cell.state_dict().items()}
    check_cell(cell)
    assert all(torch.equal(value, before[name]) for name, value in cell.state_dict().items())
    assert cell.training
    assert {parameter.dtype for parameter in cell.parameters()} == {torch.float32}
    assert all(parameter.grad is None for parameter in cell.parameters())


class WrongWidth(Own):
    def step(self, x, h, trace):
        return super().step(x, h, trace)[0], trace[:, :5]


class OutputIsNotFirst(Own):
    @property
    def state_sizes(self):
        return 11, self.hidden_size

    def step(self, x, trace, h):
        h, trace = super().step(x, h, trace)
        return trace, h


class WrongGradient(Own):
    def step(self, x, h, trace):
        h, trace = super().step(x, h, trace)
        return h + h.detach(), trace


class Remembers(Own):
    ticks = 0

    def step(self, x, h, trace):
        self.ticks += 1
        return super().step(x, h + self.ticks, trace)


class Hides(Own):
    """Its state dict does not bring back all weights."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.drive.register_load_state_dict_pre_hook(lambda module, state, prefix, *_: state.pop(f"{prefix}W"))
        self.drive.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())


class Shares(Own):
    """Its copies are itself."""

    def __deepcopy__(self, memo):
        return self


class Miscounts(Own):
    """A cell whose docstring forgets its bias.

    Parameters: hidden * (input + hidden) + 11
    """


class MixesRows(Own):
    def step(self, x, h, trace):
        return super().step(x - x.mean(0), h, trace)


@pytest.mark.parametrize(
    ("broken", "law"),
    [
        (WrongWidth, "step must give h, trace of"),
        (OutputIsNotFirst, "the first state, h, is the output"),
        (WrongGradient, "the derivatives of step are wrong"),
        (Remembers, "step remembers something between calls"),
        (Hides, "the state dict does not hold all that was learned"),
        (Miscounts, "the docstring counts 81 parameters, there are 88"),
        (MixesRows, "a row depends on the others of its batch"),
    ],
)
def test_a_broken_cell_is_found(broken, law):
    with pytest.raises(AssertionError, match=law):
        check_cell(broken(I, H))


def own_in_numpy(p, x, h, trace):
    h = np.tanh(x @ p["drive.W"].T + h @ p["drive.U"].T + p["drive.b"] + trace[:, :H])
    return h, p["decay"] * trace + x.sum(1, keepdims=True)


def test_an_oracle_is_asked():
    check_cell(Own(I, H), oracle=own_in_numpy)
    with pytest.raises(AssertionError, match="the cell differs from its oracle"):
        check_cell(Own(I, H), oracle=lambda p, x, h, trace: own_in_numpy(p, x, 0.99 * h, trace))


def test_copies_share_nothing():
    testing.copies_are_independent(Own(I, H).double())
    with pytest.raises(AssertionError, match="a cell changes with its deep copy"):
        testing.copies_are_independent(Shares(I, H).double())


def test_autocast_must_not_reach_the_products(monkeypatch):
    """As when an engine would let torch choose its types."""
    testing.autocast_changes_nothing(GRU(I, H))

    def run(cell, x, state, **options):
        result = engine.run(cell, x, state, **options)
        narrow = torch.is_autocast_enabled("cpu")
        return result._replace(outputs=result.outputs.bfloat16().float()) if narrow else result

    monkeypatch.setattr(testing, "run", run)
    with pytest.raises(AssertionError, match="autocast changes the numbers"):
        testing.autocast_changes_nothing(GRU(I, H))


class Broken:
    """An engine that gives every state half."""

    name = "broken"
    refuses = staticmethod(loop.refuses)

    @staticmethod
    def run(call):
        result = loop.run(call)
        return result._replace(state=type(result.state)(*(part / 2 for part in result.state)))


def test_a_broken_engine_is_found(monkeypatch):
    monkeypatch.setitem(ENGINES, "broken", Broken)
    with pytest.raises(AssertionError, match=r"broken differs from the loop at time 5, batch 2, \[\]"):
        check_cell(GRU(I, H))


@pytest.mark.parametrize(
    "law",
    [
        testing.split_in_time_equals_the_whole,
        testing.rows_are_independent,
        testing.the_future_is_unseen,
        testing.padding_is_not_read,
    ],
)
def test_each_law_of_running_can_be_broken(monkeypatch, law):
    """A run in which every output sees all inputs, padding too, breaks each."""
    cell = GRU(I, H).double()
    law(cell, "loop")

    def run(cell, x, *rest, **options):
        result = engine.run(cell, x, *rest, **options)
        return result._replace(outputs=result.outputs + x.sum())

    monkeypatch.setattr(testing, "run", run)
    with pytest.raises(AssertionError):
        law(cell, "loop")
