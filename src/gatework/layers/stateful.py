"""State that outlives a call: carried by a module, or cut where backpropagation is truncated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gatework.engine import RunOptions
from gatework.engine.pieces import piece_of
from gatework.layers.recurrent import Recurrent
from gatework.layers.stack import Stack


def detached(state: Any) -> Any:
    """The same state, nested in whatever tuples, cut from the graph that made it."""
    return _mapped(Tensor.detach, state)


def select_rows(state: Any, rows: Tensor) -> Any:
    """The same state, nested in whatever tuples, of other rows: those of these indices (n,), each as often as named."""
    return _mapped(lambda part: part.index_select(0, rows), state)


def _mapped(change: Callable[..., Tensor], state: Any, *others: Any) -> Any:
    """A state of what ``change`` makes of each tensor, and of those in the same places of other states."""
    if state is None:
        return None
    if isinstance(state, Tensor):
        return change(state, *others)
    parts = [_mapped(change, *parts) for parts in zip(state, *others, strict=True)]
    return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)


class Stateful(nn.Module):
    """A recurrent module that goes on where its last call ended, as Keras' ``stateful=True``.

    No gradient crosses from one call to the next. Another batch needs ``reset`` first: rows are streams, and another
    number of them cannot be the same streams. The state moves and changes its type with the module.

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
        self._batched = True

    def forward(self, x: Tensor, **options: Any) -> Any:
        """Run the module from the state that the last call left.

        Args:
            x: as the module takes it, with the same rows in the same order as in the last call.
            options: what else the module takes.

        Raises:
            TypeError: x is no tensor.
            ValueError: the batch has another number of rows than the state.
        """
        if not isinstance(x, Tensor):
            raise TypeError(
                f"x must be a tensor, not {type(x).__name__}: the rows of a stateful run stand in one order"
            )
        held, rows = self._rows(), None
        if x.ndim == 3:
            rows = x.shape[0 if getattr(self.module, "batch_first", False) else 1]
        if self.state is not None and held != rows:
            raise ValueError(f"the state is {_of(held)}, x {_of(rows)}: call reset() before other streams begin")
        result = self.module(x, self.state, **options)
        self.state = detached(result[1])
        self._batched = rows is not None
        return result

    def reset(self, rows: Tensor | None = None) -> None:
        """Return to the initial state, a learned one where the module has it; only in some rows, if they are given.

        Args:
            rows: (batch,) bool, true where to return.

        Raises:
            TypeError, ValueError: rows are not as many truths as the state has rows.
        """
        if rows is None:
            self.state = None
            return
        if not isinstance(rows, Tensor) or rows.dtype != torch.bool:
            raise TypeError(f"rows must be a tensor of bool, not {getattr(rows, 'dtype', type(rows).__name__)}")
        if self.state is None:
            return
        held = self._rows()
        if held is None:
            raise ValueError("the state is of one sequence: reset() it as a whole")
        if rows.shape != (held,):
            raise ValueError(f"rows must be ({held},), as many as the state has, not {tuple(rows.shape)}")
        zeros = _mapped(torch.zeros_like, self.state)
        starts = self.module.initial_state(held) if isinstance(self.module, Recurrent | Stack) else zeros
        chosen = rows[:, None].to(next(_tensors(zeros)).device)
        self.state = detached(_mapped(lambda old, new: torch.where(chosen, new, old), self.state, starts))

    def _rows(self) -> int | None:
        """How many rows the state has; None where it is of a single sequence."""
        return next(_tensors(self.state)).shape[-2] if self.state is not None and self._batched else None

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Stateful:
        super()._apply(fn, recurse)
        self.state = _mapped(fn, self.state)
        return self


def _of(rows: int | None) -> str:
    return "of one sequence" if rows is None else f"of {rows} rows"


def _tensors(state: Any) -> Iterator[Tensor]:
    if isinstance(state, Tensor):
        yield state
    elif state is not None:
        for part in state:
            yield from _tensors(part)


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
        TypeError: k1 or k2 is no integer.
        ValueError: k1 is not positive, k2 is smaller, or the module takes the batch first, reads backward or in both
            directions, or makes one step of several.
    """
    if not (isinstance(k1, int) and isinstance(k2, int)):
        raise TypeError(f"k1 and k2 must be integers, not k1={k1!r}, k2={k2!r}")
    if not 1 <= k1 <= k2:
        raise ValueError(f"k1 must be at least 1 and k2 at least k1, not k1={k1}, k2={k2}")
    if getattr(module, "batch_first", False):
        raise ValueError("truncated runs over (time, batch, input): make the module without batch_first")
    for part in module.modules():
        if getattr(part, "reverse", False) is True or getattr(part, "bidirectional", False) is True:
            raise ValueError("truncated cannot run what reads backward: it would need the steps that come later")
        if getattr(part, "reduce_time", 1) != 1:
            raise ValueError("truncated cannot run what makes one step of several: make it without reduce_time")
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
