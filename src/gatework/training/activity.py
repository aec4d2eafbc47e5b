"""Activity regularisation: outputs that are small and change slowly."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from torch import Tensor, nn

from gatework.layers import Stack
from gatework.layers.padding import steps_within


class ActivityRegularization:
    r"""What the outputs of a model's last stack cost, for the loss (Merity, McCann and Socher 2017).

        AR  = alpha mean(h_t ^ 2)
        TAR = beta mean((h_t - h_{t-1}) ^ 2)

    The means are over the features of all real steps, and of all steps that follow one. A stack called with
    ``lengths`` tells which are real; between a piece and the next, where ``resets`` are, nothing is compared.
    Differences from the paper: h is what the stack gives in both terms; the paper drops some of it for AR.

    Watches from its making to ``remove()``, or to the end of a ``with``. Runs of a model in evaluation mode are not
    watched, and neither is a copy of the model.

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
        self._last: Tensor | None = None
        self._begun = model.register_forward_pre_hook(self._begin)
        self._handles = [stack.register_forward_hook(self._watch, with_kwargs=True) for stack in stacks]

    @property
    def penalty(self) -> Tensor:
        """AR + TAR of the model's last forward pass, a scalar with its graph.

        Raises:
            ValueError: none was watched, or the last was of a model in evaluation mode.
        """
        if self._last is None:
            raise ValueError("no forward pass of the model in training mode was watched")
        return self._last
