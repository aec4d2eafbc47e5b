"""One step at a time from Python, as fast as a call can be: weights packed once, memory reused."""

from __future__ import annotations

import ctypes
from typing import Any

import torch
from torch import Tensor

from gatework.cells import Cell
from gatework.engine.compiled import compiled, weights_of
from gatework.engine.hoist import is_input
from gatework.engine.trace import UntraceableError
from gatework.errors import EngineError


class Stepper:
    """A cell's step without gradient, for streams: sampling, control, one sample of a signal at a time.

    Packs the cell's weights when made, and again when a parameter was changed since.

    Args:
        cell: the recurrence, on the CPU, in float32 or float64.
        batch: the number of rows of each step.

    Raises:
        EngineError: the cell cannot be compiled; says why.
    """

    def __init__(self, cell: Cell, batch: int = 1) -> None:
        self.cell = cell
        self.batch = batch
        self.dtype = cell.initial_state(1)[0].dtype
        try:
            self.compiled = compiled(cell, self.dtype)
        except UntraceableError as error:
            raise EngineError(f"engine 'compiled' cannot step this ({error})", "call the cell itself") from error
        self.program = self.compiled.program
        self.parameters = list(cell.parameters())
        self.shape = (batch, cell.input_size)
        self.sizes = [(batch, size) for size in cell.state_sizes]
        hoisted = self.compiled.traced.hoisted
        self.plain = not hoisted.sequences and all(map(is_input, hoisted.sources))
        self.packed: Any = None

    @torch.no_grad()
    def _pack(self) -> None:
        program, batch = self.program, self.batch
        weights = weights_of(self.compiled)
        _, _, parameters = self.compiled.traced.hoisted.values(
            self.cell, torch.zeros(batch, self.cell.input_size, dtype=self.dtype)
        )
        self.held: list[Tensor] = []
        fields, affines = program.step_fields(batch, weights, [p.contiguous() for p in parameters], self.held)
        names = program.kernel.forward.fields
        self.arguments = (ctypes.c_int64 * len(names))(*(fields.get(name, 0) for name in names))
        numbers = [ctypes.addressof(self.arguments), len(affines)]
        self.inputs = []
        for source, *rest in affines:
            self.inputs.append((source, len(numbers)))
            numbers += [0, *rest]
        self.step = (ctypes.c_int64 * len(numbers))(*numbers)
        self.address = ctypes.addressof(self.step)
        count = len(self.cell.states)
        self.starts = [names.index(f"start{k}") for k in range(count)]
        self.ends = [names.index(f"state{k}") for k in range(count)]
        self.sequences = [names.index(f"sequence{k}") for k in range(len(program.step.sequences))]
        self.packed = self._versions()

    def _versions(self) -> list[int]:
        """What changes when a parameter does: in place its version, moved (then all are) its address."""
        versions = [p._version for p in self.parameters]
        return [*versions, self.parameters[0].data_ptr()] if versions else versions

    def __call__(self, x: Tensor, state: Any) -> Any:
        """Take one step.

        Args:
            x: (batch, input).
            state: the cell's states, (batch, hidden) each.

        Returns:
            The next ``cell.State``, in fresh tensors.
        """
        if self.packed != self._versions():
            self._pack()
        if x.shape != self.shape or x.dtype != self.dtype:
            raise ValueError(f"x must be {self.shape} of {self.dtype}, not {tuple(x.shape)} of {x.dtype}")
        arguments = self.arguments
        held: list[Any] = []
        if self.plain:
            x = x if x.is_contiguous() else x.contiguous()
            sources: Any = (x,)
        else:
            with torch.no_grad():
                sources, sequences, _ = self.compiled.traced.hoisted.values(self.cell, x)
            sources = [source.contiguous() for source in sources]
            held = [sequence.contiguous() for sequence in sequences]
            for index, sequence in zip(self.sequences, held, strict=True):
                arguments[index] = sequence.data_ptr()
        for source, place in self.inputs:
            self.step[place] = sources[source].data_ptr()
        following = []
        for start, end, part, size in zip(self.starts, self.ends, state, self.sizes, strict=True):
            if part.shape != size or part.dtype != self.dtype:
                raise ValueError(f"this state must be {size} of {self.dtype}, not {tuple(part.shape)}")
            if not part.is_contiguous():
                part = part.contiguous()
                held.append(part)
            after = torch.empty(size, dtype=self.dtype)
            arguments[start], arguments[end] = part.data_ptr(), after.data_ptr()
            following.append(after)
        self.program.library.step(self.address)
        return self.cell.State(*following)
