"""Layers upon layers: against torch.nn with transplanted weights, and against the same done by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from gatework.cells import GRU, LSTM, GRUResetAfter
from gatework.layers import Recurrent, Stack

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def close(ours, theirs) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def lstm_pair() -> tuple[Stack, nn.LSTM]:
    """Two bidirectional layers and torch.nn's of the same weights; its gates stand in the order i f g o."""
    ours = Stack(LSTM, I, H, layers=2, bidirectional=True)
    theirs = nn.LSTM(I, H, num_layers=2, bidirectional=True)
    for layer in range(2):
        for direction, suffix in enumerate(("", "_reverse")):
            cell = ours.layers[layer][direction].cell
            rows = {
                name: getattr(theirs, f"{name}_l{layer}{suffix}").data.chunk(4)
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            }
            for k, gate in enumerate((cell.i, cell.f, cell.g, cell.o)):
                gate.W.data.copy_(rows["weight_ih"][k])
                gate.U.data.copy_(rows["weight_hh"][k])
                gate.b.data.copy_(rows["bias_ih"][k] + rows["bias_hh"][k])
    return ours, theirs


def test_equals_a_bidirectional_lstm_of_torch():
    ours, theirs = lstm_pair()
    x_ours = torch.randn(T, B, I, requires_grad=True)
    x_theirs = x_ours.detach().clone().requires_grad_()
    h, c = torch.randn(4, B, H), torch.randn(4, B, H)
    weights = torch.randn(T, B, 2 * H)

    result = ours(x_ours, tuple(zip(h, c, strict=True)))
    outputs, (last_h, last_c) = theirs(x_theirs, (h, c))
    close(result.outputs, outputs)
    close(torch.stack([state.h for state in result.state]), last_h)
    close(torch.stack([state.c for state in result.state]), last_c)

    (result.outputs * weights).sum().backward()
    (outputs * weights).sum().backward()
    close(x_ours.grad, x_theirs.grad)
    deepest = torch.cat([getattr(ours.layers[0][1].cell, gate).U.grad for gate in "ifgo"])
    close(deepest, theirs.weight_hh_l0_reverse.grad)


def test_equals_torch_on_packed_sequences():
    ours, theirs = lstm_pair()
    x, lengths = torch.randn(T, B, I), torch.tensor([3, 5])
    outputs, (last_h, last_c) = theirs(pack_padded_sequence(x, lengths, enforce_sorted=False))
    result = ours(x, lengths=lengths)
    close(result.outputs, pad_packed_sequence(outputs, total_length=T)[0])
    close(torch.stack([state.h for state in result.state]), last_h)
    close(torch.stack([state.c for state in result.state]), last_c)


def test_batch_first():
    time_first = Stack(GRU, I, H, layers=2, bidirectional=True)
    batch_first = Stack(GRU, I, H, layers=2, bidirectional=True, batch_first=True)
    batch_first.load_state_dict(time_first.state_dict())
    x, lengths = torch.randn(T, B, I), torch.tensor([3, 5])
    ours = batch_first(x.transpose(0, 1), lengths=lengths).outputs
    assert torch.equal(ours, time_first(x, lengths=lengths).outputs.transpose(0, 1))


def by_hand(stack: Stack, x: torch.Tensor, between) -> torch.Tensor:
    for depth, (layer,) in enumerate(stack.layers):
        x = Recurrent(layer.cell)(between(x) if depth else x).outputs
    return x


def test_dropout_acts_between_layers_only_and_only_while_training():
    stack = Stack(GRU, I, H, layers=3, dropout=0.5)
    x = torch.randn(T, B, I)

    torch.manual_seed(7)
    dropped = stack(x).outputs
    torch.manual_seed(7)
    close(dropped, by_hand(stack, x, nn.Dropout(0.5)))  # the same draws in the same places: none before or after
    assert not torch.allclose(dropped, by_hand(stack, x, nn.Identity()))

    stack.eval()
    close(stack(x).outputs, by_hand(stack, x, nn.Identity()))


def test_a_single_layer_drops_nothing():
    stack = Stack(LSTM, I, H, dropout=0.9)
    x = torch.randn(T, B, I)
    assert torch.equal(stack(x).outputs, Recurrent(stack.layers[0][0].cell)(x).outputs)


def test_state_carried_over_a_cut_is_the_whole():
    stack = Stack(LSTM, I, H, layers=3)
    x = torch.randn(T, B, I)
    whole, first = stack(x), stack(x[:2])
    second = stack(x[2:], first.state)
    close(torch.cat([first.outputs, second.outputs]), whole.outputs)
    close([tuple(s) for s in second.state], [tuple(s) for s in whole.state])


def test_resets_reach_every_layer():
    stack = Stack(GRUResetAfter, I, H, layers=2)
    x = torch.randn(T, B, I)
    resets = torch.zeros(T, B, dtype=torch.bool)
    resets[2] = True
    outputs = stack(x, resets=resets).outputs
    close(outputs[:2], stack(x[:2]).outputs)
    close(outputs[2:], stack(x[2:]).outputs)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_every_state(bidirectional):
    stack = Stack(LSTM, I, H, layers=2, bidirectional=bidirectional)
    directions = 1 + bidirectional
    x = torch.randn(T, B, I)
    result = stack(x, every_state=True)
    assert len(result.states) == len(result.state) == 2 * directions
    close(result.outputs, stack(x).outputs)
    close(torch.cat([states.h for states in result.states[-directions:]], dim=-1), result.outputs)
    for position, (every, final) in enumerate(zip(result.states, result.state, strict=True)):
        assert every.c.shape == (T, B, H)
        last = 0 if position % directions else -1
        close(every.c[last], final.c)
        close(every.h[last], final.h)
    assert stack(x).states is None


def test_a_cell_may_be_any_function_of_two_sizes():
    stack = Stack(lambda i, h: GRU(i, h, z_scales="old", bias=False), I, H, layers=2)
    assert [layer[0].cell.input_size for layer in stack.layers] == [I, H]
    assert {layer[0].cell.z_scales for layer in stack.layers} == {"old"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": 0}, "layers must be at least 1, not 0"),
        ({"dropout": 1.0}, r"dropout must lie in \[0, 1\), not 1.0"),
        ({"dropout": -0.1}, r"dropout must lie in \[0, 1\), not -0.1"),
    ],
)
def test_impossible_options(options, message):
    with pytest.raises(ValueError, match=message):
        Stack(LSTM, I, H, **options)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"cell": GRU(I, H)}, TypeError, "cell must be a class or function that makes a cell from its sizes, not GRU"),
        ({"cell": "gru"}, TypeError, "cell must be a class or function that makes a cell from its sizes, not 'gru'"),
        ({"layers": 2.0}, TypeError, r"layers must be an integer, not 2\.0"),
        ({"reduce_time": 1.5}, TypeError, r"reduce_time must be an integer, not 1\.5"),
        ({"projection": 0}, ValueError, "projection must be at least 1, not 0"),
    ],
)
def test_arguments_of_another_kind(options, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        Stack(**{"cell": GRU, "input_size": I, "hidden_size": H, **options})


def test_layers_share_no_initial_state():
    with pytest.raises(ValueError, match=r"^initial is of one cell: a stack takes a state"):
        Stack(GRU, I, [H, 11], layers=2)(torch.zeros(T, B, I), initial=(torch.zeros(B, H),))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_wrong_number_of_states(count):
    stack = Stack(GRU, I, H, layers=2)
    state = tuple((torch.zeros(B, H),) for _ in range(count))
    with pytest.raises(ValueError, match=f"state must be a tuple of 2 states, one a layer and direction, not {count}"):
        stack(torch.zeros(T, B, I), state)
