"""State that outlives a call: carried by a module, or cut where backpropagation is truncated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gatework.engine import RunOptions
from gatework.engine.pieces import piece_of


def detached(state: Any) -> Any:
    """The same state, nested in whatever tuples, cut from the graph that made it."""
    if state is None or isinstance(state, Tensor):
        return state if state is None else state.detach()
    parts = [detached(part) for part in state]
    return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)


class Stateful(nn.Module):
    """A recurrent module that goes on where its last call ended, as Keras' ``stateful=True``.

    No gradient crosses from one call to the next. Another batch needs ``reset`` first: rows are streams, and another
    number of them cannot be the same streams.

    Args:
        module: called as ``module(x, state, ...)``, with a result whose second entry is the state: ``Recurrent``,
            ``Stack``, the drop-in layers, modules of torch.nn.

    Attributes:
        state: what the next call starts from; None for the initial state.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.state: Any = None

    def forward(self, x: Tensor, **options: Any) -> Any:
        """Run the module from the state that the last call left.

        Args:
            x: as the module takes it, with the same rows in the same order as in the last call.
            options: what else the module takes.

        Raises:
            ValueError: the batch has another number of rows than the state.
        """
        held = next(_tensors(self.state), None)
        rows = x.shape[0 if getattr(self.module, "batch_first", False) else 1]
        if held is not None and held.shape[-2] != rows:
            raise ValueError(
                f"the state is of {held.shape[-2]} rows, x has {rows}: call reset() before other streams begin"
            )
        result = self.module(x, self.state, **options)
        self.state = detached(result[1])
        return result

    def reset(self, rows: Tensor | None = None) -> None:
        """Return to the initial state; only in some rows (batch,) bool, if given, which then start from zeros."""
        if rows is None or self.state is None:
            self.state = None
        else:
            self.state = _zeroed(self.state, rows)


def _tensors(state: Any) -> Iterator[Tensor]:
    if isinstance(state, Tensor):
        yield state
    elif state is not None:
        for part in state:
            yield from _tensors(part)


def _zeroed(state: Any, rows: Tensor) -> Any:
    if isinstance(state, Tensor):
        return torch.where(rows[:, None], 0, state)
    parts = [_zeroed(part, rows) for part in state]
    return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)


@dataclass(frozen=True)
class Piece:
    """One step of truncated backpropagation through time.

    Attributes:
        start, stop: the steps whose losses belong to this piece.
        outputs: the module's outputs at these steps, (stop - start, batch, output); their gradient reaches back to
            at least ``k2 - k1`` steps before start.
        state: what follows the last step, detached.
    """

    start: int
    stop: int
    outputs: Tensor
    state: Any


def truncated(module: nn.Module, x: Tensor, state: Any = None, *, k1: int, k2: int, **options: Any) -> Iterator[Piece]:
    """Run a module over a long sequence for truncated backpropagation (Williams and Peng 1990).

    Every ``k1`` steps one piece is given, whose loss is to be differentiated before the next is asked for; its
    gradient goes through the last ``k2`` steps. ``k1 = k2`` carries the state from window to window and computes each
    step once; ``k1 < k2`` computes the overlap again, with the weights as they then are.

    Args:
        module: called as ``module(x, state, ...)``, time first, with a result of outputs and state.
        x: (time, batch, input).
        state: what the first step starts from.
        k1: steps from one piece to the next.
        k2: steps that a gradient goes through; at least k1.
        options: as ``gatework.engine.run``: lengths, resets ...

    Raises:
        ValueError: k1 is not positive, k2 is smaller, or the module takes the batch first.
    """
    if not 1 <= k1 <= k2:
        raise ValueError(f"k1 must be at least 1 and k2 at least k1, not k1={k1}, k2={k2}")
    if getattr(module, "batch_first", False):
        raise ValueError("truncated runs over (time, batch, input): make the module without batch_first")
    given: RunOptions = {**options}  # type: ignore[typeddict-item]  # checked by the module

    def run(start: int, stop: int, state: Any) -> Any:
        return module(x[start:stop], state, **piece_of(given, start, stop))

    begin = 0
    for start in range(0, len(x), k1):
        stop = min(start + k1, len(x))
        following = min(stop, max(0, start + 2 * k1 - k2))  # where the next window begins
        parts, middle = [], state
        if begin < following < stop:
            outputs, middle, *_ = run(begin, following, state)
            parts.append(outputs)
        outputs, final, *_ = run(max(begin, following) if following < stop else begin, stop, middle)
        joined = torch.cat([*parts, outputs])
        yield Piece(start, stop, joined[-(stop - start) :], detached(final))
        state, begin = detached(final if following >= stop else middle), min(following, stop)
