"""A step graph run in PyTorch, operation by operation: slow, and differentiable as often as one likes.

It is what the second derivative of a kernel is computed from, and what kernels can be compared with.
"""

from __future__ import annotations

import itertools
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
        The wanted states (rows, width) of all steps, then every state (batch, width) after each row's last step.
    """
    state = inputs.start
    batch = len(state[0])
    offsets = range(0, inputs.rows + 1, batch) if inputs.ragged is None else inputs.ragged.offsets.tolist()
    history: list[list[Tensor]] = [[part[:0]] for part in map(state.__getitem__, every)]
    for first, last in itertools.pairwise(offsets):
        alive, rows = last - first, slice(first, last)
        before = tuple(part[:alive] for part in state)
        if inputs.resets is not None:
            reset, initial = inputs.resets[rows, None], (part[:alive] for part in inputs.initial)
            before = tuple(torch.where(reset, new, old) for new, old in zip(initial, before, strict=True))
        after = _stepped(step, inputs, weights, rows, before)
        state = tuple(torch.cat([new, old[alive:]]) for new, old in zip(after, state, strict=True))
        for kept, k in zip(history, every, strict=True):
            kept.append(after[k])
    return (*map(torch.cat, history), *state)


def _stepped(
    step: StepGraph, inputs: Inputs, weights: Weights, rows: slice, state: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    """The states after one step."""
    like = state[0]
    values: list[Tensor] = []
    leaves: dict[str, Callable[[int], Tensor]] = {
        "state": lambda k: state[k],
        "slot": lambda k: _pre_activation(step.slots[k], k, inputs, weights, rows, values),
        "sequence": lambda k: inputs.sequences[k][rows],
        "parameter": lambda k: inputs.parameters[k],
        "held": lambda k: inputs.held[k][: len(like)],
        "drawn": lambda k: inputs.drawn[k][rows],
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


def _pre_activation(
    slot: Slot, k: int, inputs: Inputs, weights: Weights, rows: slice, values: Sequence[Tensor]
) -> Tensor:
    """What W x + U e + b of a slot is, of those parts that it has."""
    W, U, b = weights.W[k], weights.U[k], weights.b[k]
    total = inputs.start[0].new_zeros(rows.stop - rows.start, slot.width)
    if slot.source is not None and W is not None:
        total = total + F.linear(inputs.sources[slot.source][rows], W)
    if slot.operand is not None and U is not None:
        operand = values[slot.operand].expand(len(total), slot.depth)
        if U.ndim == 3:
            operand = operand.unflatten(1, (slot.heads, -1))
            total = total + torch.einsum("bhi,hoi->bho", operand, U).flatten(1)
        else:
            total = total + F.linear(operand, U)
    return total if b is None else total + b
