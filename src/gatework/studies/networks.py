"""The small network of most studies: one recurrent layer and a linear output at each step, and one update of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gatework.cells import make_cell
from gatework.errors import DivergedError
from gatework.layers import Recurrent, detached


class StepReader(nn.Module):
    """A recurrent layer with a linear map of its outputs.

    Args:
        cell: its name.
        inputs: width of what it reads at each step.
        hidden: width of the layer.
        outputs: width of what it answers at each step.
        options: of the cell.
    """

    def __init__(self, cell: str, inputs: int, hidden: int, outputs: int, **options: Any) -> None:
        super().__init__()
        self.recurrent = Recurrent(make_cell(cell, inputs, hidden, options))
        self.head = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """X (time, batch, inputs) to answers (time, batch, outputs) and the detached state after the last step."""
        result = self.recurrent(x, state)
        return self.head(result.outputs), detached(result.state)


def update(model: nn.Module, loss: Tensor, optimizer: torch.optim.Optimizer, clip_norm: float | None = None) -> float:
    """One update; the loss before it.

    Raises:
        DivergedError: the loss is no finite number.
    """
    value = loss.item()
    if not torch.isfinite(loss):
        raise DivergedError(f"the loss is {value}", "a lower learning rate")
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    if clip_norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
    optimizer.step()
    return value
