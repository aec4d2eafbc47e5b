"""What stands around the cells of a layer: against the same written down by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gatework.cells import GRU, LSTM, Elman
from gatework.layers import Layer, Recurrent, Stack

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def close(ours, theirs) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def reading(layer: Layer, x: torch.Tensor, **options) -> list[torch.Tensor]:
    """What each of the layer's cells makes of an input, alone."""
    return [Recurrent(one.cell, reverse=one.reverse)(x, **options).outputs for one in layer]


@pytest.mark.parametrize(
    ("join", "by_hand"),
    [("concat", lambda a, b: torch.cat([a, b], -1)), ("sum", torch.add), ("mean", lambda a, b: (a + b) / 2)],
)
def test_both_directions_are_joined(join, by_hand):
    stack = Stack(GRU, I, H, bidirectional=True, join=join)
    x = torch.randn(T, B, I)
    expected = by_hand(*reading(stack.layers[0], x))
    close(stack(x).outputs, expected)
    assert stack.output_size == expected.shape[-1]


def test_a_residual_is_added_through_a_map_where_widths_differ():
    stack = Stack(GRU, I, H, layers=2, connection="residual")
    x = torch.randn(T, B, I)
    first, second = stack.layers
    hidden = x @ first.past.weight.T + reading(first, x)[0]
    close(stack(x).outputs, hidden + reading(second, hidden)[0])
    assert second.past is None


def test_a_residual_is_neither_normalised_nor_dropped():
    stack = Stack(GRU, H, H, layers=2, connection="residual", layer_norm=True, dropout=0.9)
    for parameter in stack.layers[1][0].cell.parameters():
        nn.init.zeros_(parameter)  # a GRU without weights stays at zero: the layer is its connection
    x = torch.randn(T, B, H)
    close(stack(x).outputs, x + reading(stack.layers[0], x)[0])


def test_a_highway_lets_its_gate_choose():
    stack = Stack(GRU, I, H, layers=2, connection="highway")
    x = torch.randn(T, B, I)
    hidden = x
    for layer in stack.layers:
        gate = torch.sigmoid(hidden @ layer.carry.weight.T + layer.carry.bias)
        past = hidden if layer.past is None else hidden @ layer.past.weight.T
        hidden = gate * reading(layer, hidden)[0] + (1 - gate) * past
    close(stack(x).outputs, hidden)


def test_a_shut_highway_copies():
    layer = Layer(GRU, H, H, connection="highway")
    nn.init.zeros_(layer.carry.weight)
    nn.init.constant_(layer.carry.bias, -1e3)
    x = torch.randn(T, B, H)
    assert torch.equal(layer(x, [None])[0], x)


def test_skip_connections_put_inputs_beside_outputs():
    stack = Stack(GRU, I, H, layers=2, connection="skip")
    x = torch.randn(T, B, I)
    first, second = stack.layers
    hidden = torch.cat([x, reading(first, x)[0]], -1)
    close(stack(x).outputs, torch.cat([hidden, reading(second, hidden)[0]], -1))
    assert stack.output_size == I + H + H


def test_layer_norm_stands_between_layers():
    stack = Stack(LSTM, I, H, layers=2, layer_norm=True)
    x = torch.randn(T, B, I)
    first, second = stack.layers
    close(stack(x).outputs, reading(second, F.layer_norm(reading(first, x)[0], (H,)))[0])
    assert first.norm is None


def test_variational_dropout_drops_the_same_features_at_all_steps():
    stack = Stack(Elman, I, 31, layers=2, dropout=0.5, variational=True)
    seen = []
    stack.layers[1][0].register_forward_pre_hook(lambda module, arguments: seen.append(arguments[0]))
    stack(torch.randn(T, B, I))
    dropped = seen[0] == 0
    assert torch.equal(dropped, dropped[:1].expand_as(dropped))
    assert not torch.equal(dropped[0, 0], dropped[0, 1])
    assert 0.2 < dropped.double().mean() < 0.8


def test_a_projection_narrows_the_outputs():
    stack = Stack(GRU, I, H, layers=2, bidirectional=True, projection=4)
    x = torch.randn(T, B, I)
    hidden = x
    for layer in stack.layers:
        hidden = layer.projection(torch.cat(reading(layer, hidden), -1))
    close(stack(x).outputs, hidden)
    assert stack.output_size == 4
    assert stack.layers[1][0].cell.input_size == 4


def test_the_pyramid_reads_several_steps_as_one():
    stack = Stack(GRU, I, H, layers=2, reduce_time=2)
    x = torch.randn(T, B, I)
    first, second = stack.layers
    pairs = torch.stack([torch.cat([x[0], x[1]], -1), torch.cat([x[2], x[3]], -1), torch.cat([x[4], 0 * x[4]], -1)])
    hidden = reading(first, pairs)[0]
    quads = torch.stack([torch.cat([hidden[0], hidden[1]], -1), torch.cat([hidden[2], 0 * hidden[2]], -1)])
    close(stack(x).outputs, reading(second, quads)[0])
    for kind in (torch.int64, torch.uint8):
        assert stack.lengths_after(torch.tensor([5, 4, 3, 1, 0], dtype=kind)).tolist() == [2, 1, 1, 1, 0]


def test_the_pyramid_keeps_documents_apart():
    """A reset within a group of steps is one of the group."""
    stack = Stack(GRU, I, H, reduce_time=2)
    x = torch.randn(6, B, I)
    resets = torch.zeros(6, B, dtype=torch.bool)
    resets[3, 0] = True
    outputs = stack(x, resets=resets).outputs
    close(outputs[1:, 0], stack(x[2:]).outputs[:, 0])
    close(outputs[:, 1], stack(x).outputs[:, 1])


def test_layers_may_differ():
    stack = Stack([Elman, GRU, LSTM], I, [7, 11, 5], layers=3)
    assert [type(layer[0].cell) for layer in stack.layers] == [Elman, GRU, LSTM]
    assert [layer[0].cell.hidden_size for layer in stack.layers] == [7, 11, 5]
    result = stack(torch.randn(T, B, I), every_state=True)
    assert result.outputs.shape == (T, B, 5)
    assert [state._fields for state in result.states] == [("h",), ("h",), ("h", "c")]


def test_shared_layers_are_one():
    stack = Stack(GRU, I, H, layers=4, shared=True)
    x = torch.randn(T, B, I)
    first, again = stack.layers
    hidden = reading(first, x)[0]
    for _ in range(3):
        hidden = reading(again, hidden)[0]
    result = stack(x)
    close(result.outputs, hidden)
    assert len(result.state) == 4


@pytest.mark.parametrize("connection", [None, "residual", "highway", "skip"])
@pytest.mark.parametrize("reduce_time", [1, 2])
def test_padding_changes_nothing(connection, reduce_time):
    """Whatever is past a row's length, NaN included: the same outputs, which are zero there, and gradients."""
    options = {"connection": connection, "reduce_time": reduce_time, "layer_norm": True, "projection": 4}
    stack = Stack(GRU, I, H, layers=2, bidirectional=True, **options)
    x, lengths = torch.randn(T, B, I), torch.tensor([3, 5])
    found = []
    for filling in (torch.nan, 7.0):
        given = x.clone()
        given[3:, 0] = filling
        given.requires_grad_()
        outputs = stack(given, lengths=lengths).outputs
        found.append([outputs, *torch.autograd.grad(outputs.square().sum(), [given, *stack.parameters()])])
    close(*found)
    assert not found[0][0][stack.lengths_after(lengths)[0] :, 0].any()
    assert not found[0][1][3:, 0].any()
    alone = stack(x[:3, :1]).outputs
    close(found[0][0][: len(alone), :1], alone)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"join": "add"}, "join must be 'concat', 'sum' or 'mean', not 'add'"),
        ({"connection": "res"}, "connection must be 'residual', 'highway', 'skip' or None, not 'res'"),
        ({"reduce_time": 0}, "reduce_time must be at least 1, not 0"),
        ({"hidden_size": [7, 7, 7]}, "hidden_size has 3 entries for 2 layers"),
        ({"cell": [GRU]}, "cell has 1 entries for 2 layers"),
        ({"layers": 3, "hidden_size": [7, 7, 5], "shared": True}, "layers that share their weights must have the same"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(ValueError, match=message):
        Stack(**({"cell": GRU, "input_size": I, "hidden_size": H, "layers": 2} | options))


def test_options_that_do_not_exist():
    with pytest.raises(TypeError, match="a layer has no option residual"):
        Stack(GRU, I, H, residual=True)
