"""A step graph run in PyTorch, operation by operation: slow, and differentiable as often as one likes.

It is what the second derivative of a kernel is computed from, and what kernels can be compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from gatework.engine.graph import Slot, StepGraph
from gatework.engine.tensors import Inputs, Weights

OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "neg": torch.neg,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "exp": torch.exp,
    "expm1": torch.expm1,
    "log": torch.log,
    "log1p": torch.log1p,
    "sqrt": torch.sqrt,
    "sin": torch.sin,
    "cos": torch.cos,
    "erf": torch.erf,
    "detach": Tensor.detach,
    "where": torch.where,
    "row_sum": lambda x: x.sum(-1, keepdim=True),
    "row_max": lambda x: x.amax(-1, keepdim=True),
    "less": torch.lt,
    "less_equal": torch.le,
    "equal": torch.eq,
    "both": torch.logical_and,
    "either": torch.logical_or,
    "opposite": torch.logical_not,
}
"""Every basic operation of a forward graph."""


def interpret(step: StepGraph, inputs: Inputs, weights: Weights, every: Sequence[int]) -> tuple[Tensor, ...]:
    """Run all steps.

    Args:
        step: what the cell computes.
        inputs: what the kernel is given, contiguous or not, on any device.
        weights: the gates' parameters.
        every: the states that are wanted at every step.

    Returns:
        The wanted states (time, batch, width), zero past a row's length, then every state (batch, width) after each
        row's last step.
    """
    state = inputs.start
    history: list[list[Tensor]] = [[] for _ in every]
    for t in range(inputs.time):
        if inputs.resets is not None:
            rows = inputs.resets[t][:, None]
            state = tuple(torch.where(rows, new, old) for new, old in zip(inputs.initial, state, strict=True))
        following = _stepped(step, inputs, weights, t, state)
        shown = following
        if inputs.lengths is not None:
            alive = (inputs.lengths > t)[:, None]
            shown = tuple(torch.where(alive, part, 0) for part in following)
            following = tuple(torch.where(alive, new, old) for new, old in zip(following, state, strict=True))
        state = following
        for kept, k in zip(history, every, strict=True):
            kept.append(shown[k])
    return (*map(torch.stack, history), *state)


def _stepped(step: StepGraph, inputs: Inputs, weights: Weights, t: int, state: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The states after one step."""
    like = inputs.start[0]
    values: list[Tensor] = []
    leaves: dict[str, Callable[[int], Tensor]] = {
        "state": lambda k: state[k],
        "slot": lambda k: _pre_activation(step.slots[k], k, inputs, weights, t, values),
        "sequence": lambda k: inputs.sequences[k][t],
        "parameter": lambda k: inputs.parameters[k],
        "held": lambda k: inputs.held[k],
        "drawn": lambda k: inputs.drawn[k][t],
    }
    needed = step.graph.reached(list(step.following))
    needed |= {operand for operand in step.operands for operand in step.graph.reached([operand])}
    for index, node in enumerate(step.graph.nodes):
        if index not in needed:
            values.append(like)  # computed for nobody
        elif node.op == "constant":
            values.append(like.new_tensor(node.value))
        elif node.op in leaves:
            values.append(leaves[node.op](int(node.value)))
        else:
            values.append(OPERATIONS[node.op](*(values[arg] for arg in node.args)))
    sizes = step.state_sizes
    return tuple(values[node].expand(len(like), size) for node, size in zip(step.following, sizes, strict=True))


def _pre_activation(slot: Slot, k: int, inputs: Inputs, weights: Weights, t: int, values: Sequence[Tensor]) -> Tensor:
    """What W x + U e + b of a slot is, of those parts that it has."""
    W, U, b = weights.W[k], weights.U[k], weights.b[k]
    total = inputs.start[0].new_zeros(len(inputs.start[0]), slot.width)
    if slot.source is not None and W is not None:
        total = total + F.linear(inputs.sources[slot.source][t], W)
    if slot.operand is not None and U is not None:
        operand = values[slot.operand].expand(len(total), slot.depth)
        if U.ndim == 3:
            operand = operand.unflatten(1, (slot.heads, -1))
            total = total + torch.einsum("bhi,hoi->bho", operand, U).flatten(1)
        else:
            total = total + F.linear(operand, U)
    return total if b is None else total + b
