"""Activation functions by name: the functions of torch, and the formulas of NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gatework.cells import ACTIVATIONS, LSTM

pytestmark = pytest.mark.usefixtures("exact")

erf = np.vectorize(math.erf)

FORMULAS = {
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "logistic": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": lambda a: (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a)),
    "relu": lambda a: np.where(a > 0, a, 0),
    "leaky_relu": lambda a: np.where(a > 0, a, 0.01 * a),
    "elu": lambda a: np.where(a > 0, a, np.exp(a) - 1),
    "softplus": lambda a: np.log(1 + np.exp(a)),
    "silu": lambda a: a / (1 + np.exp(-a)),
    "gelu": lambda a: a * (1 + erf(a / math.sqrt(2))) / 2,
    "hard_sigmoid": lambda a: np.clip(a / 6 + 0.5, 0, 1),
    "hard_tanh": lambda a: np.clip(a, -1, 1),
    "sin": np.sin,
    "identity": lambda a: a,
    "positive": lambda a: np.where(a < 0, 1 / (1 + np.exp(-a)), a + 0.5),
}
MODULES = {
    "sigmoid": torch.nn.Sigmoid(),
    "tanh": torch.nn.Tanh(),
    "relu": torch.nn.ReLU(),
    "leaky_relu": torch.nn.LeakyReLU(),
    "elu": torch.nn.ELU(),
    "softplus": torch.nn.Softplus(),
    "silu": torch.nn.SiLU(),
    "gelu": torch.nn.GELU(),
    "hard_sigmoid": torch.nn.Hardsigmoid(),
    "hard_tanh": torch.nn.Hardtanh(),
    "identity": torch.nn.Identity(),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_equals_its_formula(name):
    a = torch.linspace(-7, 7, 1001)
    np.testing.assert_allclose(ACTIVATIONS[name](a).numpy(), FORMULAS[name](a.numpy()), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", MODULES)
def test_equals_the_module_of_torch(name):
    a = torch.linspace(-7, 7, 1001)
    torch.testing.assert_close(ACTIVATIONS[name](a), MODULES[name](a), rtol=1e-14, atol=1e-14)


def test_a_cell_uses_what_it_is_given():
    """phi for candidates and outputs, sigma for gates."""
    cell = LSTM(3, 7, activation="softplus", gate_activation="hard_sigmoid")
    x, h, c = torch.randn(2, 3), torch.randn(2, 7), torch.randn(2, 7)
    i, f, o = (torch.nn.functional.hardsigmoid(gate(x, h)) for gate in (cell.i, cell.f, cell.o))
    expected = f * c + i * torch.nn.functional.softplus(cell.g(x, h))
    new_h, new_c = cell.step(x, h, c)
    torch.testing.assert_close(new_c, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(new_h, o * torch.nn.functional.softplus(expected), rtol=1e-12, atol=1e-12)
