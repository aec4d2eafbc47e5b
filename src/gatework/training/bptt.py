"""Truncated backpropagation through time: how far a gradient goes back, and how often it does.

A property of training, not of a model (Williams and Peng 1990, doi:10.1162/neco.1990.2.4.490).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gatework.data import Split, Streams, Window
from gatework.layers import detached
from gatework.models.language import LanguageModel


@dataclass(frozen=True)
class TruncatedBPTT:
    """Every ``k1`` steps, backpropagate through the last ``k2``.

    With ``k1 = k2`` windows lie side by side: the state is carried, its gradient is not, and a step can
    learn from as few as one step before it. With ``k1 < k2`` windows overlap: each loss is counted once,
    in the window whose last ``k1`` steps it belongs to, and its gradient reaches at least ``k2 - k1``
    steps back; the overlap is computed again, with the present weights.
    """

    k1: int
    k2: int

    def streams(self, split: Split, batch: int, name: str = "training text") -> Streams:
        """Cut a part of a corpus into the windows that this needs."""
        return Streams(split.tokens, split.starts, batch=batch, window=self.k2, stride=self.k1, name=name)

    def loss(self, model: LanguageModel, window: Window, state: Any) -> tuple[Tensor, Any]:
        """Mean loss of a window's scored steps, in nats, and the detached state that the next one starts from."""
        cut = window.advance
        if cut == len(window.inputs):
            hidden, carried = model.read(window.inputs, state, resets=window.resets)
        else:
            hidden, carried = self._in_two(model, window, state, cut)
        return model.nats(hidden[-window.scored :], window.targets[-window.scored :]), detached(carried)

    def _in_two(self, model: LanguageModel, window: Window, state: Any, cut: int) -> tuple[Tensor, Any]:
        """Run the window with a stop where the next one begins, to take the state there."""
        head, tail = slice(None, cut), slice(cut, None)
        resets = window.resets
        parts, middle = [], state
        if cut:
            first, middle = model.read(window.inputs[head], state, resets=None if resets is None else resets[head])
            parts.append(first)
        second, _ = model.read(window.inputs[tail], middle, resets=None if resets is None else resets[tail])
        return torch.cat([*parts, second]), middle
