"""The cells that torch.nn has too, with weights transplanted by what torch.nn's documentation says.

Its ``weight_ih`` stacks the gates' W, its ``weight_hh`` their U; it adds two biases where we have one.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from gatework.cells import LSTM, Cell, Elman, GRUResetAfter
from gatework.engine import run

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")

# cell, module, gates in the order of weight_ih, gates in the order of weight_hh
PAIRS = {
    "tanh": (lambda bias: Elman(I, H, bias=bias), lambda bias: nn.RNN(I, H, bias=bias), "h", "h"),
    "relu": (
        lambda bias: Elman(I, H, activation="relu", bias=bias),
        lambda bias: nn.RNN(I, H, nonlinearity="relu", bias=bias),
        "h",
        "h",
    ),
    "lstm": (lambda bias: LSTM(I, H, bias=bias), lambda bias: nn.LSTM(I, H, bias=bias), "ifgo", "ifgo"),
    "gru": (lambda bias: GRUResetAfter(I, H, bias=bias), lambda bias: nn.GRU(I, H, bias=bias), "rzn", "rzm"),
}


def transplant(module: nn.RNNBase, cell: Cell, input_gates: str, recurrent_gates: str) -> None:
    """Give the cell the module's weights."""
    for gate, W, U, b in parts(module, lambda p: p.data, input_gates, recurrent_gates):
        for name, value in (("W", W), ("U", U), ("b", None if b is None else sum(b))):
            own = getattr(getattr(cell, gate), name)
            assert (own is None) == (value is None)
            if own is not None:
                own.data.copy_(value)


def parts(module, of, input_gates, recurrent_gates):
    """Yield each gate's W, U and list of biases, of the module's parameters or of their gradients."""

    def rows(parameter: str, gates: str) -> dict[str, Tensor]:
        whole = getattr(module, parameter, None)
        return {} if whole is None else dict(zip(gates, of(whole).chunk(len(gates)), strict=True))

    W, U = rows("weight_ih_l0", input_gates), rows("weight_hh_l0", recurrent_gates)
    b, second = rows("bias_ih_l0", input_gates), rows("bias_hh_l0", recurrent_gates)
    for gate in dict.fromkeys(input_gates + recurrent_gates):
        biases = [bias[gate] for bias in (b, second) if gate in bias]
        yield gate, W.get(gate), U.get(gate), biases or None


@pytest.mark.parametrize("engine", ["loop", "native"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_outputs_states_and_all_gradients(pair, bias, engine):
    make_cell, make_module, input_gates, recurrent_gates = pair
    cell, module = make_cell(bias), make_module(bias)
    transplant(module, cell, input_gates, recurrent_gates)
    x = torch.randn(T, B, I)
    state = [torch.randn(B, H) for _ in cell.states]
    weights = torch.randn(T, B, H), [torch.randn(B, H) for _ in cell.states]

    def loss(outputs: Tensor, last) -> Tensor:
        return (outputs * weights[0]).sum() + sum((a * b).sum() for a, b in zip(last, weights[1], strict=True))

    ours_in = [v.clone().requires_grad_() for v in (x, *state)]
    ours = run(cell, ours_in[0], tuple(ours_in[1:]), engine=engine)
    loss(ours.outputs, ours.state).backward()

    theirs_in = [v.clone().requires_grad_() for v in (x, *state)]
    first = tuple(part[None] for part in theirs_in[1:])
    outputs, last = module(theirs_in[0], first if len(first) > 1 else first[0])
    last = [part[0] for part in (last if isinstance(last, tuple) else (last,))]
    loss(outputs, last).backward()

    close(ours.outputs, outputs)
    for a, b in zip(ours.state, last, strict=True):
        close(a, b)
    for a, b in zip(ours_in, theirs_in, strict=True):
        close(a.grad, b.grad)
    compared = set()
    for gate, W, U, b in parts(module, lambda p: p.grad, input_gates, recurrent_gates):
        for name, gradients in (("W", [W]), ("U", [U]), ("b", b or [None])):
            for gradient in gradients:  # a sum of two biases has the gradient of each
                if gradient is not None:
                    close(getattr(getattr(cell, gate), name).grad, gradient)
                    compared.add(f"{gate}.{name}")
    assert compared == {name for name, _ in cell.named_parameters()}


def close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
