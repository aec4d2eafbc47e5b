"""State carried from call to call, and gradients cut where they should be."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import gatework
from gatework.cells import GRU, LSTM
from gatework.layers import Recurrent, Stack, Stateful, detached, truncated

B, T, I, H = 2, 11, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def close(ours, theirs) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Recurrent(LSTM(I, H)),
        lambda: Stack(GRU, I, H, layers=2),
        lambda: gatework.LSTM(I, H, num_layers=2),
        lambda: nn.GRU(I, H),
    ],
)
def test_goes_on_where_the_last_call_ended(make):
    module = make()
    stateful, x = Stateful(module), torch.randn(T, B, I)
    whole = module(x)[0]
    close(torch.cat([stateful(x[:4])[0], stateful(x[4:5])[0], stateful(x[5:])[0]]), whole)
    stateful.reset()
    close(stateful(x)[0], whole)


def test_rows_are_reset_by_themselves():
    module = Recurrent(LSTM(I, H), batch_first=True)
    stateful, x = Stateful(module), torch.randn(B, T, I)
    stateful(x)
    stateful.reset(torch.tensor([False, True]))
    outputs = stateful(x).outputs
    close(outputs[1:], module(x[1:]).outputs)
    assert not torch.allclose(outputs[:1], module(x[:1]).outputs)


def test_no_gradient_crosses_a_call():
    stateful = Stateful(Recurrent(GRU(I, H)))
    first = torch.randn(T, B, I, requires_grad=True)
    stateful(first)
    stateful(torch.randn(T, B, I)).outputs.sum().backward()
    assert first.grad is None


def test_other_streams_need_a_reset():
    stateful = Stateful(Recurrent(GRU(I, H)))
    stateful(torch.zeros(T, 3, I))
    with pytest.raises(ValueError, match=r"^the state is of 3 rows, x of 2 rows: call reset\(\) before"):
        stateful(torch.zeros(T, B, I))
    stateful.reset()
    stateful(torch.zeros(T, B, I))


def reach(k1: int, k2: int) -> list[tuple[int, int]]:
    """For each piece the first and the last input that its last output's gradient reaches."""
    x = torch.randn(T, B, I, requires_grad=True)
    found = []
    for piece in truncated(Recurrent(GRU(I, H)), x, k1=k1, k2=k2):
        (gradient,) = torch.autograd.grad(piece.outputs[-1].sum(), x)
        touched = gradient.abs().sum((1, 2)).nonzero()[:, 0]
        found.append((int(touched[0]), int(touched[-1])))
    return found


def test_windows_reach_as_far_back_as_they_should():
    assert reach(4, 4) == [(0, 3), (4, 7), (8, 10)]
    assert reach(1, 3) == [(max(0, t - 2), t) for t in range(T)]
    assert reach(3, 5) == [(0, 2), (1, 5), (4, 8), (7, 10)]
    assert reach(4, 100) == [(0, 3), (0, 7), (0, 10)]


@pytest.mark.parametrize(("k1", "k2"), [(1, 1), (4, 4), (1, 3), (3, 5), (2, 100), (100, 100)])
def test_outputs_are_those_of_the_whole(k1, k2):
    layer, x = Recurrent(LSTM(I, H)), torch.randn(T, B, I)
    resets = torch.rand(T, B) < 0.2
    lengths = torch.tensor([T, 7])
    for options in ({}, {"resets": resets}, {"resets": resets, "lengths": lengths}):
        pieces = list(truncated(layer, x, k1=k1, k2=k2, **options))
        whole = layer(x, **options)
        close(torch.cat([piece.outputs for piece in pieces]), whole.outputs)
        close([*pieces[-1].state], [*whole.state])
        assert [piece.start for piece in pieces] == list(range(0, T, k1))
        assert not pieces[-1].state.h.requires_grad


@pytest.mark.parametrize(("k1", "k2"), [(0, 3), (3, 2)])
def test_impossible_truncations(k1, k2):
    with pytest.raises(ValueError, match="k1 must be at least 1 and k2 at least k1"):
        next(truncated(Recurrent(GRU(I, H)), torch.zeros(T, B, I), k1=k1, k2=k2))


def test_detached_keeps_the_shape_of_a_state():
    h = torch.ones(B, H, requires_grad=True)
    state = (LSTM.State(h, h), (h,))
    found = detached(state)
    assert isinstance(found[0], LSTM.State)
    assert not any(part.requires_grad for part in (*found[0], *found[1]))
    assert detached(None) is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Recurrent(GRU(I, H), reverse=True), "cannot run what reads backward"),
        (lambda: Stack(GRU, I, H, bidirectional=True), "cannot run what reads backward"),
        (lambda: Stateful(Stack(GRU, I, H, bidirectional=True)), "cannot run what reads backward"),
        (lambda: gatework.LSTM(I, H, bidirectional=True), "cannot run what reads backward"),
        (lambda: Stack(GRU, I, H, reduce_time=2), "cannot run what makes one step of several"),
    ],
)
def test_what_cannot_be_truncated_is_refused(make, message):
    with pytest.raises(ValueError, match=f"^truncated {message}"):
        next(truncated(make(), torch.zeros(T, B, I), k1=4, k2=8))


def test_window_sizes_are_integers():
    with pytest.raises(TypeError, match=r"^k1 and k2 must be integers, not k1=2\.0, k2=4$"):
        next(truncated(Recurrent(GRU(I, H)), torch.zeros(T, B, I), k1=2.0, k2=4))


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_single_sequences_go_on_too(name, batch_first):
    module = getattr(gatework, name)(I, H, num_layers=2, batch_first=batch_first)
    stateful, x = Stateful(module), torch.randn(T, I)
    close(torch.cat([stateful(x[:4])[0], stateful(x[4:])[0]]), module(x)[0])
    with pytest.raises(ValueError, match=r"^the state is of one sequence, x of 2 rows: call reset\(\)"):
        stateful(torch.zeros(B, B, I))
    with pytest.raises(ValueError, match=r"^the state is of one sequence: reset\(\) it as a whole$"):
        stateful.reset(torch.tensor([True]))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Recurrent(LSTM(I, H), learn_initial=True),
        lambda: Stack(GRU, I, H, layers=2, bidirectional=True, learn_initial=True),
    ],
)
def test_reset_rows_start_where_the_module_starts(make):
    module, x = make(), torch.randn(T, B, I)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    stateful = Stateful(module)
    went_on = [stateful(x)[0], stateful(x)[0]][1]
    stateful.reset()
    stateful(x)
    stateful.reset(torch.tensor([False, True]))
    outputs = stateful(x)[0]
    close(outputs[:, 0], went_on[:, 0])
    close(outputs[:, 1], module(x)[0][:, 1])


@pytest.mark.parametrize(
    ("rows", "kind", "message"),
    [
        (torch.tensor([True]), ValueError, r"^rows must be \(2,\), as many as the state has, not \(1,\)$"),
        ([True, False], TypeError, "^rows must be a tensor of bool, not list$"),
        (torch.tensor([1, 0]), TypeError, r"^rows must be a tensor of bool, not torch\.int64$"),
    ],
)
def test_rows_to_reset_are_checked(rows, kind, message):
    stateful = Stateful(Recurrent(GRU(I, H)))
    stateful(torch.zeros(T, B, I))
    with pytest.raises(kind, match=message):
        stateful.reset(rows)


def test_the_state_changes_its_type_with_the_module():
    stateful, x = Stateful(Recurrent(LSTM(I, H))), torch.randn(T, B, I)
    stateful(x)
    outputs = stateful.float()(x.float()).outputs
    assert outputs.dtype == stateful.state.c.dtype == torch.float32


def test_packed_batches_have_no_rows_to_go_on_with():
    packed = nn.utils.rnn.pack_sequence([torch.zeros(T, I)])
    with pytest.raises(TypeError, match=r"^x must be a tensor, not PackedSequence"):
        Stateful(gatework.GRU(I, H))(packed)
