"""Learning to predict the next character of streams, the state being carried on, and the share that is predicted."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.cells import Cell
from gatework.layers import Recurrent, detached
from gatework.studies.networks import update
from gatework.studies.sources.characters import Part, streams

WINDOW = 35
STREAMS = 20
JUDGED = 2000
CLIP = 1.0


class CharacterReader(nn.Module):
    """One-hot characters, a recurrent layer that must be compiled, a linear map to all characters.

    Args:
        cell: the recurrence; its input is as wide as the alphabet.
    """

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        self.symbols = cell.input_size
        self.recurrent = Recurrent(cell, engine="compiled")
        self.head = nn.Linear(cell.hidden_size, self.symbols)

    def forward(self, numbers: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Characters (time, batch) to logits (time, batch, symbols) and the detached state after the last."""
        result = self.recurrent(F.one_hot(numbers, self.symbols).float(), state)
        return self.head(result.outputs), detached(result.state)


def learn_characters(model: CharacterReader, task: str, updates: int, rate: float, seed: int) -> None:
    """Adam, windows of 35 characters of 20 streams; each is read once.

    Raises:
        DivergedError: the loss is no finite number.
        EngineError: the cell cannot be compiled.
    """
    numbers, _ = (torch.from_numpy(rows) for rows in streams(task, updates * WINDOW + 1, STREAMS, seed))
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    state: Any = None
    for begin in range(0, updates * WINDOW, WINDOW):
        window = numbers[begin : begin + WINDOW + 1]
        answers, state = model(window[:-1], state)
        update(model, F.cross_entropy(answers.flatten(0, 1), window[1:].flatten()), optimizer, CLIP)


def accuracy(model: CharacterReader, task: str, part: Part, seed: int) -> tuple[float, float]:
    """The share of judged characters of a part that is predicted, and their cross-entropy in nats."""
    numbers, judged = (torch.from_numpy(rows) for rows in streams(task, JUDGED + 1, STREAMS, seed, part))
    with torch.no_grad():
        answers, _ = model(numbers[:-1])
    wanted, chosen = numbers[1:][judged[1:]], answers[judged[1:]]
    return (chosen.argmax(-1) == wanted).float().mean().item(), F.cross_entropy(chosen, wanted).item()
