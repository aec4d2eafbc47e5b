"""Every cell against NumPy, written a second time from its paper."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from papers import ROWS

from gatework.cells import CELLS
from gatework.engine import run

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def _named(row):
    cls, options, *_ = row
    return "-".join([cls.__name__, *(f"{name}={value}" for name, value in options.items())])


@pytest.mark.parametrize("row", ROWS, ids=_named)
def test_equals_the_paper(row):
    cls, options, paper, *sizes = row
    cell = cls(**({"input_size": I, "hidden_size": H} | (sizes[0] if sizes else {})), **options)
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    p = {name: parameter.detach().numpy() for name, parameter in cell.named_parameters()}
    x = torch.randn(T, B, cell.input_size)
    state = tuple(torch.randn(B, size) for size in cell.state_sizes)

    expected, outputs = tuple(part.numpy() for part in state), []
    for x_t in x.numpy():
        expected = paper(p, x_t, *expected)
        outputs.append(expected[0])

    result = run(cell, x, state, engine="loop")
    np.testing.assert_allclose(result.outputs.detach(), outputs, rtol=1e-12, atol=1e-12)
    for ours, theirs in zip(result.state, expected, strict=True):
        np.testing.assert_allclose(ours.detach(), theirs, rtol=1e-12, atol=1e-12)


def test_no_cell_lacks_an_oracle():
    assert {row[0] for row in ROWS} == set(CELLS.values())
