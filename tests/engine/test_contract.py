"""Wrong calls are refused with the argument's name, what it was and what was expected."""

from __future__ import annotations

import pytest
import torch

from gatework.cells import GRU, LSTM
from gatework.engine import Noise, checked_call, run

B, T, I, H = 2, 5, 3, 7


@pytest.mark.parametrize(
    ("wrong", "kind", "message"),
    [
        ({"x": (T, I)}, ValueError, "x must be (time, batch, 3), not (5, 3)"),
        ({"x": (T, B, 4)}, ValueError, "x must be (time, batch, 3), not (5, 2, 4)"),
        ({"x": (0, B, I)}, ValueError, "x must have at least one step and one row, not (0, 2, 3)"),
        ({"x": (T, 0, I)}, ValueError, "x must have at least one step and one row, not (5, 0, 3)"),
        (
            {"x": torch.zeros(T, B, I, dtype=torch.float64)},
            TypeError,
            "x is torch.float64, the cell torch.float32: convert one of them",
        ),
        (
            {"x": torch.zeros(T, B, I, device="meta")},
            TypeError,
            "x is on meta, the cell on cpu: move one of them",
        ),
        ({"state": torch.zeros(B, H)}, TypeError, "the state of LSTM is a tuple (h, c), not one tensor"),
        ({"state": (torch.zeros(B, H),)}, TypeError, "the state of LSTM is a tuple (h, c), not 1 tensors"),
        ({"state": (torch.zeros(B, H), torch.zeros(B, 6))}, ValueError, "state c must be (2, 7), not (2, 6)"),
        ({"state": (torch.zeros(1, B, H), torch.zeros(B, H))}, ValueError, "state h must be (2, 7), not (1, 2, 7)"),
        (
            {"state": (torch.zeros(B, H), torch.zeros(B, H, dtype=torch.float64))},
            TypeError,
            "state c is torch.float64, the cell torch.float32: convert one of them",
        ),
        (
            {"state": (torch.zeros(B, H), torch.zeros(B, H, device="meta"))},
            TypeError,
            "state c is on meta, the cell on cpu: move one of them",
        ),
        ({"lengths": torch.tensor([5.0, 3.0])}, TypeError, "lengths must be integers, not torch.float32"),
        ({"lengths": torch.tensor([True, False])}, TypeError, "lengths must be integers, not torch.bool"),
        ({"lengths": torch.tensor([5, 3, 1])}, ValueError, "lengths must be (2,), not (3,)"),
        (
            {"lengths": torch.tensor([6, 3])},
            ValueError,
            "lengths must lie between 0 and 5 (the steps of x), not [6, 3]",
        ),
        (
            {"lengths": torch.tensor([5, -1])},
            ValueError,
            "lengths must lie between 0 and 5 (the steps of x), not [5, -1]",
        ),
        (
            {"lengths": torch.zeros(B, dtype=torch.int64, device="meta")},
            TypeError,
            "lengths is on meta, where no values are: make it on another device",
        ),
        (
            {"resets": torch.zeros(T, B, dtype=torch.bool, device="meta")},
            TypeError,
            "resets is on meta, where no values are: make it on another device",
        ),
        ({"initial": (torch.zeros(B, H),)}, TypeError, "the initial of LSTM is a tuple (h, c), not 1 tensors"),
        ({"initial": (torch.zeros(3, H), torch.zeros(3, H))}, ValueError, "initial h must be (2, 7), not (3, 7)"),
        ({"resets": torch.zeros(T, B)}, TypeError, "resets must be bool, not torch.float32"),
        ({"resets": torch.zeros(B, T, dtype=torch.bool)}, ValueError, "resets must be (5, 2), not (2, 5)"),
    ],
)
def test_wrong_calls(wrong, kind, message):
    arguments = {"x": (T, B, I)} | wrong
    x = arguments.pop("x")
    with pytest.raises(kind) as caught:
        checked_call(LSTM(I, H), torch.zeros(x) if isinstance(x, tuple) else x, **arguments)
    assert str(caught.value) == message


def test_a_complete_call_is_what_engines_are_promised():
    cell = GRU(I, H)
    x = torch.randn(T, B, I)
    state = torch.randn(B, H)
    resets = torch.ones(T, B, dtype=torch.bool)
    call = checked_call(cell, x, [state], lengths=torch.tensor([5, 2], dtype=torch.int32), resets=resets)
    assert call.state == cell.State(state)
    assert torch.equal(call.initial.h, torch.zeros(B, H))
    assert call.lengths.tolist() == [5, 2]
    assert call.lengths.dtype == torch.int64
    assert torch.equal(call.clean_x[:, 0], x[:, 0])
    assert torch.equal(call.clean_x[:2, 1], x[:2, 1])
    assert torch.equal(call.clean_x[2:, 1], torch.zeros(3, I))
    assert call.resets.int().tolist() == [[1, 1], [1, 1], [1, 0], [1, 0], [1, 0]]


def test_under_autocast_types_may_differ():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        call = checked_call(LSTM(I, H), torch.zeros(T, B, I, dtype=torch.bfloat16))
    assert call.x.dtype == torch.bfloat16


@pytest.mark.parametrize("lengths", [torch.tensor([5, 0, 2])[::2], torch.tensor(3).expand(B)])
def test_lengths_may_lie_in_memory_as_they_like(lengths):
    cell, x = GRU(I, H), torch.randn(T, B, I)
    found = run(cell, x, lengths=lengths, engine="compiled")
    torch.testing.assert_close(found.outputs, run(cell, x, lengths=lengths.clone(), engine="loop").outputs)


@pytest.mark.parametrize("engine", ["compiled", "loop"])
@pytest.mark.parametrize(
    ("refilled", "options"),
    [
        (lengths := torch.tensor([5, 3]), {"lengths": lengths}),
        (resets := torch.eye(T, B, dtype=torch.bool), {"resets": resets}),
        (mask := torch.ones(B, H), {"noise": Noise(recurrent={H: mask})}),
        (mask := torch.ones(B, H), {"noise": Noise(candidate=mask)}),
        (kept := torch.eye(T * B, H).reshape(T, B, H).bool(), {"noise": Noise(zoneout=(kept,))}),
    ],
)
def test_options_may_be_refilled_before_the_gradient(refilled, options, engine):
    cell, x, before = GRU(I, H), torch.randn(T, B, I, requires_grad=True), refilled.clone()
    expected = torch.autograd.grad(run(cell, x, engine=engine, **options).outputs.square().sum(), x)[0]
    outputs = run(cell, x, engine=engine, **options).outputs
    refilled.fill_(0)
    found = torch.autograd.grad(outputs.square().sum(), x)[0]
    refilled.copy_(before)
    assert torch.equal(found, expected)


def test_options_that_do_not_exist():
    with pytest.raises(TypeError, match=r"^a run has no option length, reset$"):
        run(GRU(I, H), torch.zeros(T, B, I), length=3, reset=None)


def test_a_packed_sequence_is_for_the_drop_in_layers():
    packed = torch.nn.utils.rnn.pack_sequence([torch.zeros(2, I), torch.zeros(1, I)])
    with pytest.raises(TypeError, match=r"^x must be a tensor, not PackedSequence$"):
        run(GRU(I, H), packed)
