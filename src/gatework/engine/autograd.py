"""A run of a kernel as a function that autograd knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gatework.engine.interpret import interpret
from gatework.engine.program import Program
from gatework.engine.ragged import Ragged, Whole
from gatework.engine.second import differentiable
from gatework.engine.tensors import Inputs, Trace, Weights
from gatework.errors import EngineError


class Flat:
    """The tensors of a run in one list, as autograd wants them, and the way back."""

    def __init__(self, *groups: Sequence[Tensor | None]) -> None:
        self.tensors = [tensor for group in groups for tensor in group]
        self.sizes = tuple(map(len, groups))


@dataclass(frozen=True)
class KernelRun:
    """A run but for the tensors that have gradients.

    Attributes:
        program: the kernel.
        rows: how the batch is laid out.
        resets: (rows,) bool, or None.
        every: the states that are wanted at every step.
        sizes: how many of the tensors each group of ``Inputs`` and ``Weights`` has.
        held, drawn: as in ``Inputs``.
        ready: what the same run left before; None if it is still to be done.
    """

    program: Program
    rows: Whole | Ragged
    resets: Tensor | None
    every: tuple[int, ...]
    sizes: tuple[int, ...]
    held: tuple[Tensor, ...]
    drawn: tuple[Tensor, ...]
    ready: Trace | None

    def inputs(self, tensors: Sequence[Tensor | None]) -> tuple[Inputs, Weights]:
        """The tensors of a run, each in its group."""
        groups, at = [], 0
        for size in self.sizes:
            groups.append(tuple(tensors[at : at + size]))
            at += size
        sources, sequences, parameters, start, initial, W, U, b = groups
        rest = (self.rows.ragged, self.resets, self.rows.steps, self.held, self.drawn)
        inputs = Inputs(sources, sequences, parameters, start, initial, *rest)  # type: ignore[arg-type]
        return inputs, Weights(W, U, b)

    def interpreted(self, tensors: Sequence[Tensor | None]) -> tuple[Tensor, ...]:
        """The results of the run in PyTorch's own operations."""
        return interpret(self.program.step, *self.inputs(tensors), self.every)


def forward(run: KernelRun, tensors: Sequence[Tensor | None], *, keep: bool) -> tuple[tuple[Tensor, ...], Trace]:
    """Returns: the wanted states at all steps, then every state after the last step; and the trace."""
    inputs, weights = run.inputs(tensors)
    trace = run.ready or run.program.forward(inputs, weights, keep=keep, every=run.every)
    return (*(trace.states[k] for k in run.every), *last_states(inputs, trace)), trace


def last_states(inputs: Inputs, trace: Trace) -> tuple[Tensor, ...]:
    """Each row's states after its last step."""
    return tuple(_last(inputs, states, start) for states, start in zip(trace.states, inputs.start, strict=True))


def _last(inputs: Inputs, states: Tensor, start: Tensor) -> Tensor:
    if inputs.ragged is not None:
        return inputs.ragged.last(states, start)
    steps = states.view(-1, *start.shape)
    return steps[(inputs.time - 1) % len(steps)].clone()


class Recurrence(torch.autograd.Function):
    """A run whose trace is kept for the gradient."""

    @staticmethod
    def forward(ctx: Any, run: KernelRun, *tensors: Tensor | None) -> tuple[Tensor, ...]:
        """Results as of the function ``forward``."""
        results, trace = forward(run, tensors, keep=True)
        ctx.run, ctx.counts = run, (len(tensors), len(trace.buffers), len(trace.states))
        ctx.save_for_backward(*tensors, *trace.buffers, *trace.states, *trace.operands)
        ctx.set_materialize_grads(False)
        return results

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        """The gradient of every tensor."""
        check_gradients(gradients)
        run: KernelRun = ctx.run
        saved = ctx.saved_tensors
        count, buffers, states = ctx.counts
        tensors, rest = saved[:count], saved[count:]
        trace = Trace(rest[:buffers], rest[buffers : buffers + states], rest[buffers + states :])
        inputs, weights = run.inputs(tensors)
        shown = len(run.every)
        found = run.program.backward(
            inputs,
            weights,
            trace,
            given_to_states(run, gradients, states),
            gradients[shown:],
            overwrite=run.ready is None and not _is_kept(),
            want_sources=ctx.needs_input_grad[1 : 1 + len(inputs.sources)],
        )
        parts = found.flat
        if torch.is_grad_enabled():
            parts = differentiable(parts, tensors, gradients, run.interpreted)
        return None, *parts


def check_gradients(gradients: Sequence[Tensor | None]) -> None:
    """See that gradients are numbers in memory.

    Raises:
        EngineError: a transform of torch.func holds them.
    """
    if not all(torch._C._has_storage(part) for part in gradients if part is not None):
        raise EngineError("the compiled engine knows no vmap over its gradient", "use engine='loop'")


def given_to_states(run: KernelRun, gradients: Sequence[Tensor | None], states: int) -> list[Tensor | None]:
    """For each state the gradient of its values at all steps, or None."""
    given: list[Tensor | None] = [None] * states
    for k, gradient in zip(run.every, gradients, strict=False):
        given[k] = gradient
    return given


def _is_kept() -> bool:
    """Whether the graph now running backwards is kept for a second time."""
    return bool(torch._C._autograd._get_current_graph_task_keep_graph())
