"""One cell over a sequence: layouts, and reading backward."""

from __future__ import annotations

import itertools
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_sequence

from gatework.cells import GRU, LSTM
from gatework.errors import EngineError
from gatework.layers import Recurrent, Stack

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def close(ours, theirs) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def start(cell):
    return cell.State(*(torch.randn(B, size) for size in cell.state_sizes))


@pytest.mark.parametrize("reverse", [False, True])
def test_batch_first_is_only_a_layout(make_cell, reverse):
    cell = make_cell()
    x, state = torch.randn(T, B, I), start(cell)
    call = {"lengths": torch.tensor([5, 3]), "resets": torch.rand(T, B) < 0.3}
    time_first = Recurrent(cell, reverse=reverse)(x, state, **call, every_state=True)
    call["resets"] = call["resets"].T
    batch_first = Recurrent(cell, reverse=reverse, batch_first=True)(x.transpose(0, 1), state, **call, every_state=True)
    assert torch.equal(batch_first.outputs, time_first.outputs.transpose(0, 1))
    assert batch_first.outputs.shape == (B, T, H)
    for ours, theirs in zip(batch_first.states, time_first.states, strict=True):
        assert torch.equal(ours, theirs.transpose(0, 1))
    for ours, theirs in zip(batch_first.state, time_first.state, strict=True):
        assert torch.equal(ours, theirs)


def test_reading_backward_is_reading_the_mirrored_sequence(make_cell):
    cell = make_cell()
    x, state = torch.randn(T, B, I), start(cell)
    backward = Recurrent(cell, reverse=True)(x, state)
    mirrored = Recurrent(cell)(x.flip(0), state)
    close(backward.outputs, mirrored.outputs.flip(0))
    close(tuple(backward.state), tuple(mirrored.state))


@given(
    lengths=st.lists(st.integers(0, T), min_size=B, max_size=B),
    resets=st.lists(st.lists(st.booleans(), min_size=B, max_size=B), min_size=T, max_size=T),
)
def test_reading_backward_with_lengths_and_resets(lengths, resets):
    """By hand: row by row, piece by piece from the last, each piece mirrored. Only the last is given the state."""
    cell = LSTM(I, H)
    x, state = torch.randn(T, B, I), start(cell)
    result = Recurrent(cell, reverse=True)(
        x, state, lengths=torch.tensor(lengths), resets=torch.tensor(resets), every_state=True
    )
    for row, end in enumerate(lengths):
        cuts = sorted({0, end} | {t for t in range(end) if resets[t][row]})
        now = cell.State(*(part[row : row + 1] for part in state))
        outputs = torch.zeros(T, H)
        for first, last in reversed(list(itertools.pairwise(cuts))):
            now = now if last == end else cell.initial_state(1)
            for t in reversed(range(first, last)):
                now = cell(x[t, row : row + 1], now)
                outputs[t] = now.h[0]
        close(result.outputs[:, row], outputs)
        close(result.states.h[:, row], outputs)
        close([part[row : row + 1] for part in result.state], list(now))


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r"^x must be \(time, batch, 3\), not \(5, 3\)$"):
        Recurrent(LSTM(I, H))(torch.randn(T, I))


def zeros(*sizes: int) -> torch.Tensor:
    return torch.zeros(*sizes, dtype=torch.bool)


BAD = [
    ({"lengths": [5, 3]}, TypeError, "lengths must be a tensor, not list"),
    ({"lengths": torch.tensor([5.0, 3.0])}, TypeError, "lengths must be integers, not torch.float32"),
    ({"lengths": torch.tensor([6, 3])}, ValueError, "lengths must lie between 0 and 5 (the steps of x), not [6, 3]"),
    ({"lengths": torch.tensor([-1, 3])}, ValueError, "lengths must lie between 0 and 5 (the steps of x), not [-1, 3]"),
    ({"lengths": torch.tensor([5])}, ValueError, "lengths must be (2,), not (1,)"),
    ({"resets": [[False]]}, TypeError, "resets must be a tensor, not list"),
    ({"resets": torch.zeros(T, B)}, TypeError, "resets must be bool, not torch.float32"),
    ({"resets": zeros(3, 3)}, ValueError, "resets must be {shape}, not (3, 3)"),
    ({"x": [[1.0]]}, TypeError, "x must be a tensor, not list"),
    ({"x": torch.zeros(T, B, 4).numpy()}, TypeError, "x must be a tensor, not ndarray"),
    ({"x": torch.zeros(5, 2, 4)}, ValueError, "x must be ({order}, 3), not (5, 2, 4)"),
    ({"x": pack_sequence([torch.zeros(T, I)])}, TypeError, "x must be a tensor, not PackedSequence"),
    ({"state": 5}, TypeError, "{state}int"),
    ({"state": {"h": torch.zeros(B, H)}}, TypeError, "{state}dict"),
]


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("kind", ["forward", "reverse", "stack"])
@pytest.mark.parametrize(("given", "error", "message"), BAD)
def test_wrong_arguments_are_named_as_they_were_given(given, error, message, kind, batch_first):
    if kind == "stack":
        layer = Stack(GRU, I, H, layers=2, reduce_time=2, connection="residual", batch_first=batch_first)
        state = "state must be a tuple of 2 states, one a layer and direction, not a "
    else:
        layer = Recurrent(GRU(I, H), reverse=kind == "reverse", batch_first=batch_first)
        state = "the state of GRU is a tuple (h), not "
    shape, order = ((B, T), "batch, time") if batch_first else ((T, B), "time, batch")
    call = {"x": torch.zeros(*shape, I), **given}
    message = message.format(shape=shape, order=order, state=state)
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        layer(**call)


@pytest.mark.parametrize("part", [0.5, None, [1.0]])
def test_a_state_is_made_of_tensors(part):
    with pytest.raises(TypeError, match=f"^state h must be a tensor, not {type(part).__name__}$"):
        Recurrent(GRU(I, H))(torch.zeros(T, B, I), (part,))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Recurrent(GRU), "cell must be of the type Cell, not the class GRU"),
        (lambda: Recurrent(torch.nn.GRUCell(I, H)), "cell must be of the type Cell, not GRUCell"),
        (
            lambda: Recurrent(GRU(I, H), regularizers={"zoneout": 0.1}),
            "regularizers must be of the type Regularizers, not dict",
        ),
    ],
)
def test_layers_of_something_else_are_refused(make, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        make()


def test_the_engine_is_passed_on():
    with pytest.raises(EngineError, match="native"):
        Recurrent(GRU(I, H), engine="native")(torch.randn(T, B, I))


def test_the_cell_s_parameters_are_the_layer_s():
    layer = Recurrent(LSTM(I, H))
    assert {f"cell.{name}" for name, _ in layer.cell.named_parameters()} == {n for n, _ in layer.named_parameters()}
