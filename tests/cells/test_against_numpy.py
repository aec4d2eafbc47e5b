"""Every cell against NumPy, written a second time from its paper."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gatework.cells import CELLS, GRU, LSTM, Cell, Elman, GRUResetAfter
from gatework.engine import run

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def logistic(a):
    return 1 / (1 + np.exp(-a))


def elman_1990(p, x, h, activation=np.tanh):
    return (activation(x @ p["h.W"].T + h @ p["h.U"].T + p["h.b"]),)


def gers_2000(p, x, h, c):
    a = {k: x @ p[f"{k}.W"].T + h @ p[f"{k}.U"].T + p[f"{k}.b"] for k in "ifgo"}
    c = logistic(a["f"]) * c + logistic(a["i"]) * np.tanh(a["g"])
    return logistic(a["o"]) * np.tanh(c), c


def cho_2014(p, x, h):
    """Equations 5 to 8: z scales the old state."""
    r = logistic(x @ p["r.W"].T + h @ p["r.U"].T + p["r.b"])
    z = logistic(x @ p["z.W"].T + h @ p["z.U"].T + p["z.b"])
    candidate = np.tanh(x @ p["n.W"].T + (r * h) @ p["n.U"].T + p["n.b"])
    return (z * h + (1 - z) * candidate,)


def chung_2014(p, x, h):
    """Equations 4 to 7: z scales the candidate."""
    z = logistic(x @ p["z.W"].T + h @ p["z.U"].T + p["z.b"])
    r = logistic(x @ p["r.W"].T + h @ p["r.U"].T + p["r.b"])
    candidate = np.tanh(x @ p["n.W"].T + (r * h) @ p["n.U"].T + p["n.b"])
    return ((1 - z) * h + z * candidate,)


def cudnn_gru(p, x, h):
    """NVIDIA's documentation of CUDNN_GRU with its second bias of the candidate."""
    i = logistic(x @ p["z.W"].T + h @ p["z.U"].T + p["z.b"])
    r = logistic(x @ p["r.W"].T + h @ p["r.U"].T + p["r.b"])
    candidate = np.tanh(x @ p["n.W"].T + r * (h @ p["m.U"].T + p["m.b"]) + p["n.b"])
    return ((1 - i) * candidate + i * h,)


# one row for each published cell
PAPERS = [
    (Elman, {}, elman_1990),
    (Elman, {"activation": "relu"}, lambda p, x, h: elman_1990(p, x, h, lambda a: np.maximum(a, 0))),
    (Elman, {"activation": "logistic"}, lambda p, x, h: elman_1990(p, x, h, logistic)),
    (LSTM, {}, gers_2000),
    (GRU, {"z_scales": "old"}, cho_2014),
    (GRU, {}, chung_2014),
    (GRUResetAfter, {}, cudnn_gru),
]


@pytest.mark.parametrize(("cls", "options", "paper"), PAPERS)
def test_equals_the_paper(cls: type[Cell], options, paper):
    cell = cls(I, H, **options)
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    p = {name: parameter.detach().numpy() for name, parameter in cell.named_parameters()}
    x, state = torch.randn(T, B, I), tuple(torch.randn(B, H) for _ in cell.states)

    expected, outputs = tuple(part.numpy() for part in state), []
    for x_t in x.numpy():
        expected = paper(p, x_t, *expected)
        outputs.append(expected[0])

    result = run(cell, x, state, engine="loop")
    np.testing.assert_allclose(result.outputs.detach(), outputs, rtol=1e-12, atol=1e-12)
    for ours, theirs in zip(result.state, expected, strict=True):
        np.testing.assert_allclose(ours.detach(), theirs, rtol=1e-12, atol=1e-12)


def test_no_cell_lacks_an_oracle():
    assert {cls for cls, _, _ in PAPERS} == set(CELLS.values())
