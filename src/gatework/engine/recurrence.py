"""Linear recurrences over time, s_t = A_t s_{t-1} + b_t, with their gradients: all that a scan is.

On CPUs one C loop does it: it reads every coefficient once, which is what the time goes into. Elsewhere, and
without a compiler, the steps are halved: two neighbouring steps are one step (A_1 A_0, A_1 b_0 + b_1), so that half
as many remain, and so on; 2 log2(time) rounds, as much work as the loop to within a factor (Blelloch 1990).

Coefficients between -1 and 1 can only shrink what they multiply, so that neither way divides, takes logarithms
or can overflow: what underflows to zero is forgotten, as it should be.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gatework.engine.build import build, compiler
from gatework.engine.emit_c import runtime
from gatework.engine.threads import threads_for
from gatework.engine.workspace import take

MOST_STATES = 8
"""How many states can be coupled: the limit of runtime/recurrence.h."""


def recurrence(A: Sequence[Sequence[Tensor]], b: Sequence[Tensor], start: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """All values of n coupled states.

    Args:
        A: n rows of n coefficients, (time, batch, size) each, or (1, batch, size) where all steps have the same.
        b: n of (time, batch, size).
        start: n of (batch, size), the states before the first step.

    Returns:
        n of (time, batch, size): the states after each step. Differentiable any number of times.
    """
    parts = [part.contiguous() for row in (*A, b, start) for part in row]
    return _Recurrence.apply(len(b), *parts)


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, n: int, *tensors: Tensor) -> tuple[Tensor, ...]:
        A, b, start = tensors[: n * n], tensors[n * n : -n], tensors[-n:]
        states = _looped(A, b, start) if _kernel_runs(b[0]) else _halved(A, b, start)
        ctx.n = n
        ctx.save_for_backward(*A, *start, *states)
        return tuple(states)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        n, saved = ctx.n, ctx.saved_tensors
        A, start, states = saved[: n * n], saved[n * n : -n], saved[-n:]
        if _kernel_runs(states[0]) and not torch.is_grad_enabled():
            dA, db = _looped_back(A, start, states, [part.contiguous() for part in gradients])
        else:
            dA, db = _reversed(A, start, states, gradients)
        first = [A[i * n + j][0] * db[i][0] for j in range(n) for i in range(n)]
        dstart = [torch.stack(first[j * n : (j + 1) * n]).sum(0) for j in range(n)]
        return None, *dA, *db, *dstart


def _reversed(
    A: Sequence[Tensor], start: Sequence[Tensor], states: Sequence[Tensor], gradients: Sequence[Tensor]
) -> tuple[list[Tensor], list[Tensor]]:
    """The gradients as what they are, the transposed recurrence from the last step to the first."""
    n, time = len(states), len(states[0])
    following = [
        torch.cat([part[1:], torch.zeros_like(part[:1])]) for part in (part.expand(time, -1, -1) for part in A)
    ]
    transposed = [[following[i * n + j].flip(0) for i in range(n)] for j in range(n)]
    nothing = [torch.zeros_like(part) for part in start]
    db = [part.flip(0) for part in recurrence(transposed, [part.flip(0) for part in gradients], nothing)]
    before = [torch.cat([first[None], part[:-1]]) for first, part in zip(start, states, strict=True)]
    dA = [db[i] * before[j] for i in range(n) for j in range(n)]
    return [part if len(a) == time else part.sum(0, keepdim=True) for part, a in zip(dA, A, strict=True)], db


def _halved(A: Sequence[Tensor], b: Sequence[Tensor], start: Sequence[Tensor]) -> list[Tensor]:
    n, time = len(b), len(b[0])
    A = [part.expand(time, -1, -1) for part in A]
    first = [b[i][:1] + sum(A[i * n + j][:1] * start[j] for j in range(n)) for i in range(n)]
    return _halve(n, A, [torch.cat([begin, part[1:]]) for begin, part in zip(first, b, strict=True)])


def _halve(n: int, A: Sequence[Tensor], b: Sequence[Tensor]) -> list[Tensor]:
    """The states where the one before the first step is zero."""
    time = len(b[0])
    if time == 1:
        return list(b)
    states = range(n)
    early, late = [part[: time - 1 : 2] for part in A], [part[1::2] for part in A]
    joined_A = [sum(late[i * n + k] * early[k * n + j] for k in states) for i in states for j in states]
    joined_b = [b[i][1::2] + sum(late[i * n + j] * b[j][: time - 1 : 2] for j in states) for i in states]
    odd = _halve(n, joined_A, joined_b)  # type: ignore[arg-type]
    result = [torch.empty_like(part) for part in b]
    for i in states:
        result[i][1::2] = odd[i]
        result[i][:1] = b[i][:1]
        later = sum(A[i * n + j][2::2] * odd[j][: (time - 1) // 2] for j in states)
        result[i][2::2] = b[i][2::2] + later
    return result


def _kernel_runs(like: Tensor) -> bool:
    if like.device.type != "cpu" or like.dtype not in (torch.float32, torch.float64):
        return False
    return os.name == "posix" and compiler() is not None


class _Arguments(ctypes.Structure):
    """``Recurrence`` of runtime/recurrence.h."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("steps", "columns", "n")),
        ("A_steps", ctypes.c_int64 * MOST_STATES**2),
        ("A", ctypes.c_void_p * MOST_STATES**2),
        *((name, ctypes.c_void_p * MOST_STATES) for name in ("b", "start", "s", "ds")),
        ("dA", ctypes.c_void_p * MOST_STATES**2),
        ("db", ctypes.c_void_p * MOST_STATES),
    )

    def __init__(self, A: Sequence[Tensor], states: Sequence[Tensor], **arrays: Sequence[Tensor]) -> None:
        super().__init__(len(states[0]), states[0][0].numel(), len(states))
        for index, part in enumerate(A):
            self.A_steps[index] = len(part)
        for name, parts in {"A": A, "s": states, **arrays}.items():
            field = getattr(self, name)
            for index, part in enumerate(parts):
                field[index] = part.data_ptr()


def _looped(A: Sequence[Tensor], b: Sequence[Tensor], start: Sequence[Tensor]) -> list[Tensor]:
    states = [take(tuple(part.shape), part.dtype) for part in b]
    _call("recurrence", _Arguments(A, states, b=b, start=start), b[0])
    return states


def _looped_back(
    A: Sequence[Tensor], start: Sequence[Tensor], states: Sequence[Tensor], gradients: Sequence[Tensor]
) -> tuple[list[Tensor], list[Tensor]]:
    dA, db = ([take(tuple(part.shape), part.dtype) for part in parts] for parts in (A, states))
    _call("recurrence_back", _Arguments(A, states, start=start, ds=gradients, dA=dA, db=db), states[0])
    return dA, db


def _call(name: str, arguments: _Arguments, like: Tensor) -> None:
    getattr(_library(torch.finfo(like.dtype).bits), name)(ctypes.byref(arguments), threads_for(like.numel()))


@cache
def _library(bits: int) -> ctypes.CDLL:
    source = Path(__file__).with_name("runtime") / "recurrence.h"
    library = build("\n".join((f"#define REAL_BITS {bits}", runtime(), source.read_text(encoding="utf-8"))))
    for function in (library.recurrence, library.recurrence_back):
        function.argtypes, function.restype = [ctypes.c_void_p, ctypes.c_int64], None
    return library
