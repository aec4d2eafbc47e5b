"""Sequences as vectors, against each row alone and against the states of the layers that wrote them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from gatework.cells import GRU, LSTM
from gatework.layers import Pooling, Stack

B, T, I, H = 5, 7, 3, 2
SIZE = 2 * H
LENGTHS = torch.tensor([7, 0, 3, 1, 6])
KINDS = ("last", "mean", "max", "attention")
pytestmark = pytest.mark.usefixtures("exact")


def yang_2016(pooling: Pooling, h: np.ndarray) -> np.ndarray:
    p = {name: value.detach().numpy() for name, value in pooling.named_parameters()}
    u = np.tanh(h @ p["W_w.weight"].T + p["W_w.bias"])
    alpha = np.exp(u @ p["u_w.weight"][0])
    return (alpha / alpha.sum()) @ h


@pytest.mark.parametrize(
    ("kind", "alone"),
    [
        ("last", lambda pooling, h: h[-1]),
        ("mean", lambda pooling, h: h.mean(0)),
        ("max", lambda pooling, h: h.max(0)),
        ("attention", yang_2016),
    ],
)
def test_equals_each_row_alone(kind, alone):
    pooling, outputs = Pooling(kind, SIZE), torch.randn(T, B, SIZE) - 2  # all below 0: a padding of 0 would show
    pooled, whole = pooling(outputs, LENGTHS).detach(), pooling(outputs).detach()
    for row, length in enumerate(LENGTHS.tolist()):
        expected = alone(pooling, outputs[:length, row].numpy()) if length else np.zeros(SIZE)
        np.testing.assert_allclose(pooled[row], expected, rtol=1e-12)
        np.testing.assert_allclose(whole[row], alone(pooling, outputs[:, row].numpy()), rtol=1e-12)


@pytest.mark.parametrize("cell", [GRU, LSTM])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_last_is_what_each_direction_ends_with(cell, bidirectional):
    stack = Stack(cell, I, H, layers=2, bidirectional=bidirectional)
    pooling = Pooling("last", stack.output_size, directions=1 + bidirectional)
    lengths = LENGTHS.clamp(min=1)
    result = stack(torch.randn(T, B, I), lengths=lengths)
    final = torch.cat([state.h for state in result.state[-1 - bidirectional :]], dim=1)
    torch.testing.assert_close(pooling(result.outputs, lengths), final)


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_in_the_padding_is_never_seen(kind):
    pooling, clean = Pooling(kind, SIZE, directions=2), torch.randn(T, B, SIZE)
    found = []
    for poison in (torch.nan, 0.0):
        outputs = clean.clone()
        for row, length in enumerate(LENGTHS.tolist()):
            outputs[length:, row] = poison
        inputs = [outputs.requires_grad_(), *pooling.parameters()]
        pooled = pooling(outputs, LENGTHS)
        found.append([pooled, *torch.autograd.grad(pooled.exp().sum(), inputs)])
    for poisoned, zero in zip(*found, strict=True):
        assert torch.equal(poisoned, zero)
    for row, length in enumerate(LENGTHS.tolist()):
        assert not found[0][1][length:, row].any()
    assert not found[0][0][1].any()


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives(kind):
    pooling = Pooling(kind, SIZE, directions=2)
    outputs = torch.randn(T, B, SIZE, requires_grad=True)
    assert gradcheck(lambda outputs, *_: pooling(outputs, LENGTHS), (outputs, *pooling.parameters()))


def test_weights_are_those_of_the_mean():
    pooling, outputs = Pooling("attention", SIZE), torch.randn(T, B, SIZE)
    weights = pooling.weights(outputs, LENGTHS)
    torch.testing.assert_close(weights.sum(1), (LENGTHS > 0).double())
    torch.testing.assert_close(torch.einsum("bt,tbs->bs", weights, outputs), pooling(outputs, LENGTHS))


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="kind must be 'last', 'mean', 'max' or 'attention', not 'sum'"):
        Pooling("sum", 3)
    with pytest.raises(ValueError, match="not 2 with the size 3"):
        Pooling("last", 3, directions=2)
    with pytest.raises(ValueError, match=r"outputs must be \(time, batch, 3\), not \(7, 5, 4\)"):
        Pooling("mean", 3)(torch.zeros(T, B, SIZE))
    with pytest.raises(ValueError, match="only attention has weights, not 'mean'"):
        Pooling("mean", 3).weights(torch.zeros(T, B, 3))
