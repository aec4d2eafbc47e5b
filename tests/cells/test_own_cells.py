"""What goes wrong in a cell of one's own is said where it is written."""

from __future__ import annotations

import pytest
import torch

from gatework.cells import Cell, Gate
from gatework.layers import Recurrent, Regularizers

B, T, I, H = 2, 5, 3, 7


class Mean(Cell):
    """A running mean: no parameters at all."""

    def step(self, x, h):
        return 0.9 * h + 0.1 * self.drop(x)


def test_a_cell_needs_no_parameters():
    x, h = torch.randn(T, B, I), torch.zeros(B, I)
    for step, output in zip(x, Recurrent(Mean(I, I))(x).outputs, strict=True):
        h = 0.9 * h + 0.1 * step
        torch.testing.assert_close(output, h)
    regularizers = Regularizers(recurrent_dropout=0.5, recurrent_dropout_on="candidate")
    dropped = Recurrent(Mean(61, 61), regularizers=regularizers)(torch.ones(T, B, 61)).outputs == 0
    assert 0.3 < dropped.double().mean() < 0.7


def test_step_and_states_must_agree():
    class Forgotten(Cell):
        def step(self, x, h, c):
            return h, c

    with pytest.raises(TypeError, match=r"^step of Forgotten takes the states \(h, c\), its states are \('h',\)"):
        Forgotten(I, H)


def test_step_returns_a_tensor_or_a_tuple():
    class Listed(Cell):
        def __init__(self) -> None:
            super().__init__(I, H)
            self.n = Gate(I, H)

        def step(self, x, h):
            return [torch.tanh(self.n(x, h))]

    with pytest.raises(TypeError, match=r"^step of Listed returns a list: return a tensor or a tuple$"):
        Recurrent(Listed())(torch.zeros(T, B, I))


@pytest.mark.parametrize(
    ("states", "kind", "message"),
    [
        ("hc", TypeError, "states must be a tuple of names such as \\('h',\\), not 'hc'"),
        ((), TypeError, "states must be a tuple of names"),
        (("h", "count"), ValueError, "a state cannot have the name 'count'"),
        (("keys",), ValueError, "a state cannot have the name 'keys'"),
    ],
)
def test_names_of_states(states, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        type("Named", (Cell,), {"states": states})
