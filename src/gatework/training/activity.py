"""Activity regularisation: outputs that are small and change slowly."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn

from gatework.engine import RunOptions
from gatework.layers import Stack
from gatework.layers.padding import steps_within


class ActivityRegularization:
    r"""What the outputs of a model's last stack cost, to be added to the loss (Merity, McCann and Socher 2017).

        AR  = alpha mean(h_t ^ 2)
        TAR = beta mean((h_t - h_{t-1}) ^ 2)

    The means are over all features of all real steps, and of all real steps that follow one. A stack that is called
    with ``lengths`` says which are real; nothing is compared across ``resets``. The last stack is the one that
    was called last; if one pass calls it several times, as decoders do step by step, a call that is given a state
    goes on where the call before it ended.
    Differences from the paper: h is what the stack gives in both terms; the paper drops some of it for AR.

    Watches, in training mode, from its making to ``remove()`` or the end of a ``with``. Copies of the model are not
    watched.

    Args:
        model: any module that runs at least one ``Stack``.
        alpha: weight of AR, at least 0; the paper takes 2.
        beta: weight of TAR, at least 0; the paper takes 1.

    Raises:
        ValueError: a weight is negative, or the model has no stack.
    Reference: arXiv:1708.01009
    """

    def __init__(self, model: nn.Module, *, alpha: float = 0.0, beta: float = 0.0) -> None:
        if not (alpha >= 0 and beta >= 0):
            raise ValueError(f"alpha and beta must be at least 0, not {alpha} and {beta}")
        stacks = [module for module in model.modules() if isinstance(module, Stack)]
        if not stacks:
            raise ValueError(f"{type(model).__name__} has no Stack whose outputs could be regularised")
        self.alpha, self.beta = alpha, beta
        self._watching = True
        self._pieces: dict[nn.Module, list[_Piece]] = {}
        self._last: nn.Module | None = None
        self._handles = [stack.register_forward_hook(self._watch, with_kwargs=True) for stack in stacks]
        self._handles.append(model.register_forward_pre_hook(self._begin))

    def penalty(self) -> Tensor:
        """AR + TAR of the model's last forward pass, a scalar with its graph.

        Raises:
            ValueError: none was watched, or the last was in evaluation mode.
        """
        if self._last is None:
            raise ValueError("no forward pass of the model was watched: it must have been in training mode")
        pieces = self._pieces[self._last]
        activity = self.alpha * _mean([(piece.outputs, piece.real) for piece in pieces])
        changes = [piece.changes() for piece in pieces]
        borders = [piece.change_from(before) for before, piece in itertools.pairwise(pieces) if piece.goes_on]
        return activity + self.beta * _mean(changes + borders)

    def forget(self) -> None:
        """Begin a new pass; needed where a model is not called as a whole, but by a method of its own."""
        self._pieces, self._last = {}, None

    def remove(self) -> None:
        """Watch no longer, and forget the last pass."""
        self._watching = False
        self.forget()
        for handle in self._handles:
            handle.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def __deepcopy__(self, memo: dict[int, Any]) -> ActivityRegularization:
        """What the hooks of a copied model call: it watches nothing, since a graph has no copy."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, _watching=False, _pieces={}, _last=None, _handles=[])
        return other

    def _begin(self, model: nn.Module, arguments: tuple[Any, ...]) -> None:
        self.forget()

    def _watch(self, stack: Stack, arguments: tuple[Any, ...], options: dict[str, Any], result: Any) -> None:
        if not self._watching or not stack.training:
            return
        state = arguments[1] if len(arguments) > 1 else options.get("state")
        self._last = stack
        self._pieces.setdefault(stack, []).append(_Piece.of(stack, options, result.outputs, goes_on=state is not None))


@dataclass(frozen=True)
class _Piece:
    """One call of a stack.

    Attributes:
        outputs: (time, batch, output).
        real: (time, batch) bool, false in the padding.
        resets: (time, batch) bool, true where a step has nothing to do with the one before.
        goes_on: whether it began with the state of a call before.
    """

    outputs: Tensor
    real: Tensor
    resets: Tensor
    goes_on: bool

    @classmethod
    def of(cls, stack: Stack, options: dict[str, Any], outputs: Tensor, *, goes_on: bool) -> _Piece:
        lengths, resets = options.get("lengths"), options.get("resets")
        if stack.batch_first:
            outputs = outputs.transpose(0, 1)
            resets = None if resets is None else resets.transpose(0, 1)
        steps: RunOptions = {"lengths": lengths, "resets": resets}
        for layer in stack:
            steps = layer.reduced(steps)
        lengths, resets = steps["lengths"], steps["resets"]
        time, device = len(outputs), outputs.device
        everywhere = torch.ones(outputs.shape[:2], dtype=torch.bool, device=device)
        real = everywhere if lengths is None else steps_within(lengths, time, device)
        return cls(outputs, real, ~everywhere if resets is None else resets.to(device), goes_on)

    def changes(self) -> tuple[Tensor, Tensor]:
        """From each step to the next (time - 1, batch, output), and which are real."""
        return self.outputs[1:] - self.outputs[:-1], self.real[1:] & ~self.resets[1:]

    def change_from(self, before: _Piece) -> tuple[Tensor, Tensor]:
        """From the last step of an earlier call (1, batch, output), and which are real."""
        outputs, real = before.outputs[-1:], before.real[-1:]
        return self.outputs[:1] - outputs, real & self.real[:1] & ~self.resets[:1]


def _mean(parts: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Mean square of values (time, batch, output) where they are real (time, batch); 0 where none is."""
    total = torch.stack([torch.where(real[:, :, None], values, 0).square().sum() for values, real in parts]).sum()
    count = torch.stack([real.sum() for _, real in parts]).sum() * parts[0][0].shape[2]
    return total / count.clamp(min=1)
