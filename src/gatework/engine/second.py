"""Gradients of a kernel's gradients: computed in PyTorch, and only when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Recomputed = Callable[[Sequence[Tensor | None]], tuple[Tensor, ...]]
"""From what entered a run to its results, in operations that PyTorch differentiates as often as one likes."""


def differentiable(
    found: Sequence[Tensor | None],
    tensors: Sequence[Tensor | None],
    gradients: Sequence[Tensor | None],
    recomputed: Recomputed,
) -> tuple[Tensor | None, ...]:
    """Gradients as they were found, that can be differentiated themselves.

    Args:
        found: the gradient of each of the tensors, or None.
        tensors: what entered the run, or None.
        gradients: the gradient of each result of the run, or None.
        recomputed: the same run in PyTorch.
    """
    return _Gradient.apply(recomputed, len(found), *found, *tensors, *gradients)


class _Gradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, recomputed: Recomputed, count: int, *tensors: Tensor | None) -> tuple[Tensor | None, ...]:
        ctx.recomputed, ctx.count = recomputed, count
        ctx.save_for_backward(*tensors[count:])
        ctx.set_materialize_grads(False)
        return tensors[:count]

    @staticmethod
    def backward(ctx: Any, *second: Tensor | None) -> tuple[Any, ...]:
        create_graph = torch.is_grad_enabled()
        with torch.enable_grad():
            # views of their own, through which no gradient finds the way that led to the first ones
            own = [None if part is None else part.view_as(part) for part in ctx.saved_tensors]
            tensors, gradients = own[: ctx.count], own[ctx.count :]
            first = _slopes(ctx.recomputed(tensors), gradients, tensors, create_graph=True)
            found = _slopes(first, second, own, create_graph=create_graph)
        return None, None, *[None] * ctx.count, *found


def _slopes(
    results: Sequence[Tensor | None],
    gradients: Sequence[Tensor | None],
    tensors: Sequence[Tensor | None],
    *,
    create_graph: bool,
) -> list[Tensor | None]:
    """The gradients of tensors from those of results; None for what is None itself or has no part in them."""
    pairs = [
        (result, gradient)
        for result, gradient in zip(results, gradients, strict=True)
        if result is not None and gradient is not None and result.requires_grad
    ]
    chosen = [tensor for tensor in tensors if tensor is not None and tensor.requires_grad]
    if not pairs or not chosen:
        return [None] * len(tensors)
    given = tuple(zip(*pairs, strict=True))
    found = iter(torch.autograd.grad(given[0], chosen, given[1], create_graph=create_graph, allow_unused=True))
    return [next(found) if tensor is not None and tensor.requires_grad else None for tensor in tensors]
