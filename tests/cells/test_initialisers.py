"""How gates start: against the formulas that torch and Keras document."""

from __future__ import annotations

import math

import pytest
import torch

from gatework.cells import Elman, Gate

I, H = 97, 101
pytestmark = pytest.mark.usefixtures("exact")


def fills(values: torch.Tensor, bound: float) -> None:
    """Assert that values are spread evenly over ±bound."""
    assert values.abs().max() <= bound
    assert values.max() > 0.99 * bound
    assert values.min() < -0.99 * bound
    assert values.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)


def test_uniform_is_as_torch_documents():
    """torch.nn.RNN: all weights and biases from U(-sqrt(k), sqrt(k)), k = 1 / hidden_size."""
    gate = Gate(I, H)
    fills(gate.W, math.sqrt(1 / H))
    fills(gate.U, math.sqrt(1 / H))
    assert gate.b.abs().max() <= math.sqrt(1 / H)
    assert gate.b.unique().numel() == H


def test_glorot_is_as_keras_documents():
    """keras.layers.RNN: glorot_uniform, limit sqrt(6 / (fan_in + fan_out)); orthogonal; zeros."""
    gate = Gate(I, H, init="glorot")
    fills(gate.W, math.sqrt(6 / (I + H)))
    torch.testing.assert_close(gate.U @ gate.U.T, torch.eye(H), rtol=0, atol=1e-12)
    assert (gate.U - torch.eye(H)).norm() > 1
    assert torch.equal(gate.b, torch.zeros(H))


@pytest.mark.parametrize(("hidden", "state"), [(101, 53), (53, 101)])
def test_orthogonal_between_unequal_widths(hidden, state):
    """The shorter of rows and columns is orthonormal."""
    U = Gate(I, hidden, state_size=state, init="glorot").U
    gram = U @ U.T if hidden < state else U.T @ U
    torch.testing.assert_close(gram, torch.eye(53), rtol=0, atol=1e-12)


def test_each_head_is_orthogonal_by_itself():
    U = Gate(I, 12, recurrence="block", heads=4, init="glorot").U
    assert U.shape == (4, 3, 3)
    for matrix in U:
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(3), rtol=0, atol=1e-12)
    assert not torch.allclose(U[0], U[1])


def test_an_orthogonal_diagonal_is_one_of_signs():
    U = Gate(I, H, recurrence="diagonal", init="glorot").U
    assert sorted(U.unique().tolist()) == [-1, 1]


def test_identity_is_as_le_2015():
    """The identity, biases 0, non-recurrent weights from N(0, 0.001^2)."""
    gate = Gate(I, H, init="identity")
    assert torch.equal(gate.U, torch.eye(H))
    assert torch.equal(gate.b, torch.zeros(H))
    assert gate.W.std().item() == pytest.approx(0.001, rel=0.05)
    assert abs(gate.W.mean()) < 1e-4


def test_identity_of_heads_and_diagonals():
    assert torch.equal(Gate(I, 12, recurrence="block", heads=4, init="identity").U, torch.eye(3).expand(4, 3, 3))
    assert torch.equal(Gate(I, H, recurrence="diagonal", init="identity").U, torch.ones(H))


@pytest.mark.parametrize("init", ["uniform", "glorot", "identity"])
def test_a_gate_starts_with_the_parts_that_it_has(init):
    assert Gate(I, H, recurrence=None, bias=False, init=init).W.isfinite().all()
    assert Gate(0, H, bias=False, init=init).U.isfinite().all()


def test_gains_start_at_one():
    gate = Gate(I, H, layer_norm=True, init="glorot")
    assert torch.equal(gate.input_gain, torch.ones(H))
    assert torch.equal(gate.state_gain, torch.ones(H))


@pytest.mark.parametrize("init", ["uniform", "glorot"])
def test_reset_draws_anew(init):
    cell = Elman(I, H, init=init)
    before = {name: value.clone() for name, value in cell.state_dict().items()}
    cell.reset_parameters()
    assert not torch.equal(before["h.W"], cell.h.W)
    assert not torch.equal(before["h.U"], cell.h.U)
