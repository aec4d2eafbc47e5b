"""A gate is W x + U e + b, whatever parts of it there are: against NumPy."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
import torch

from gatework.cells import Gate

B, I, H = 2, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def numpy_gate(gate: Gate, x: np.ndarray | None, e: np.ndarray | None) -> np.ndarray:
    """Row by row and unit by unit, as it stands in a textbook."""
    W, U, b = (None if p is None else p.detach().numpy() for p in (gate.W, gate.U, gate.b))
    total = np.zeros((B, H))
    for row, unit in itertools.product(range(B), range(H)):
        if W is not None:
            total[row, unit] += sum(W[unit, k] * x[row, k] for k in range(I))
        if gate.recurrence == "dense":
            total[row, unit] += sum(U[unit, k] * e[row, k] for k in range(H))
        elif gate.recurrence == "diagonal":
            total[row, unit] += U[unit] * e[row, unit]
        if b is not None:
            total[row, unit] += b[unit]
    return total


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("input_size", "recurrence"), [(I, "dense"), (I, "diagonal"), (I, None), (0, "dense"), (0, "diagonal")]
)
def test_equals_numpy(input_size, recurrence, bias):
    gate = Gate(input_size, H, recurrence=recurrence, bias=bias)
    x = torch.randn(B, I) if input_size else None
    e = torch.randn(B, H) if recurrence else None
    expected = numpy_gate(gate, *(None if v is None else v.numpy() for v in (x, e)))
    np.testing.assert_allclose(gate(x, e).detach().numpy(), expected, rtol=1e-12, atol=1e-12)


def test_has_no_parameters_that_it_does_not_use():
    assert [name for name, _ in Gate(0, H, recurrence="diagonal", bias=False).named_parameters()] == ["U"]
    assert [name for name, _ in Gate(I, H, recurrence=None).named_parameters()] == ["W", "b"]


def test_parameters_are_drawn_from_the_documented_range():
    gate = Gate(97, 101)
    bound = 101**-0.5
    for parameter in gate.parameters():
        assert parameter.abs().max() <= bound
        assert parameter.max() > 0.9 * bound
        assert parameter.min() < -0.9 * bound


@pytest.mark.parametrize(
    ("input_size", "recurrence", "given", "wanted"),
    [
        (I, "dense", "x", "an input x and a state expression e"),
        (I, "dense", "e", "an input x and a state expression e"),
        (I, None, "xe", "an input x"),
        (0, "dense", "xe", "a state expression e"),
        (0, "diagonal", "", "a state expression e"),
    ],
)
def test_wrong_operands_are_refused(input_size, recurrence, given, wanted):
    gate = Gate(input_size, H, recurrence=recurrence)
    operands = {name: torch.zeros(B, I if name == "x" else H) for name in given}
    with pytest.raises(ValueError, match=f"^this gate takes {wanted}$"):
        gate(**operands)


def test_impossible_gates_are_refused():
    with pytest.raises(ValueError, match="constant"):
        Gate(0, H, recurrence=None)
    with pytest.raises(ValueError, match="not 'sparse'"):
        Gate(I, H, recurrence="sparse")  # type: ignore[arg-type]


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("input_size", [0, I])
def test_block_and_norm_equal_numpy(input_size, layer_norm):
    """Each head sees its own part of a state of another width; both products are normalised by themselves."""
    gate = Gate(input_size, 6, recurrence="block", heads=2, state_size=10, layer_norm=layer_norm)
    for parameter in gate.parameters():
        torch.nn.init.normal_(parameter)
    x, e = torch.randn(B, I) if input_size else None, torch.randn(B, 10)
    p = {name: value.detach().numpy() for name, value in gate.named_parameters()}

    def normalised(product, gain):
        if not layer_norm:
            return product
        spread = np.sqrt(product.var(axis=1, keepdims=True) + 1e-5)
        return p[gain] * (product - product.mean(axis=1, keepdims=True)) / spread

    heads = [e.numpy()[:, 5 * k : 5 * k + 5] @ p["U"][k].T for k in range(2)]
    expected = normalised(np.concatenate(heads, axis=1), "state_gain") + p["b"]
    if input_size:
        expected = expected + normalised(x.numpy() @ p["W"].T, "input_gain")
    np.testing.assert_allclose(gate(x, e).detach().numpy(), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"recurrence": "block", "heads": 3}, "heads must divide the widths 7 and 7, 3 does not"),
        ({"heads": 7}, "heads belong to recurrence='block', not to 'dense'"),
        (
            {"recurrence": "diagonal", "state_size": 5},
            "a diagonal recurrence maps a state of 5 onto itself, not onto 7",
        ),
        ({"init": "zeros"}, "init must be one of uniform, glorot, identity, not 'zeros'"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, cause):
    with pytest.raises(ValueError, match=f"^{cause}$"):
        Gate(I, H, **options)


@pytest.mark.parametrize(
    ("sizes", "options", "message"),
    [
        ((3, 0), {}, "hidden_size must be an integer of at least 1, not 0"),
        ((-1, 7), {}, "input_size must be an integer of at least 0, not -1"),
        ((3, 7.0), {}, "hidden_size must be an integer of at least 1, not 7.0"),
        ((3, 7), {"state_size": 0}, "state_size must be an integer of at least 1, not 0"),
    ],
)
def test_sizes_are_counts(sizes, options, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Gate(*sizes, **options)
