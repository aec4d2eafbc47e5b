"""One step at a time from Python, as fast as a call can be: weights packed once, memory reused.

``Stepper`` is for those who ask for it; ``run`` is what the compiled engine does with single steps
of cells small enough to be compared in each with what was packed.
"""

from __future__ import annotations

import ctypes
import functools
import operator
import threading
import weakref
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gatework.cells import Cell
from gatework.engine import compiled
from gatework.engine.compiled import Compiled, weights_of
from gatework.engine.contract import Call, Result, RunOptions, checked_call
from gatework.engine.fingerprint import Snapshot, is_simple
from gatework.engine.hoist import is_input
from gatework.engine.program import Program
from gatework.engine.trace import UntraceableError
from gatework.engine.transforms import transforming
from gatework.errors import EngineError


class StepArguments:
    """What a kernel's ``step`` is given, without the addresses that change from step to step.

    Args:
        program: the kernel.
        fields: the arguments of its forward loop, of ``Program.step_fields``.
        affines: what fills its buffers, likewise.

    Attributes:
        forward: the arguments of the forward loop.
        starts: for each state, where in ``forward`` the address of its value before the step stands.
        ends: the same for its value after the step.
        sequences: for each sequence, where in ``forward`` its address stands.
        step: the arguments of ``step``.
        inputs: for each affine its source, and where in ``step`` the address of that stands.
        address: of ``step``.
    """

    def __init__(self, program: Program, fields: dict[str, int], affines: Sequence[tuple[int, ...]]) -> None:
        names = program.kernel.forward.fields
        self.forward = (ctypes.c_int64 * len(names))(*(fields.get(name, 0) for name in names))
        count = len(program.step.following)
        self.starts = [names.index(f"start{k}") for k in range(count)]
        self.ends = [names.index(f"state{k}") for k in range(count)]
        self.sequences = [names.index(f"sequence{k}") for k in range(len(program.step.sequences))]
        numbers = [ctypes.addressof(self.forward), len(affines)]
        self.inputs = []
        for source, *rest in affines:
            self.inputs.append((source, len(numbers)))
            numbers += [0, *rest]
        self.step = (ctypes.c_int64 * len(numbers))(*numbers)
        self.address = ctypes.addressof(self.step)


def packed_step(
    cell: Cell, found: Compiled, batch: int, held: list[Tensor]
) -> tuple[dict[str, int], list[tuple[int, int, int, int, int, int]]]:
    """Pack a cell's weights for single steps; as ``Program.step_fields``."""
    x = torch.zeros(batch, cell.input_size, dtype=found.program.dtype)
    _, _, parameters = found.traced.hoisted.values(cell, x)
    return found.program.step_fields(batch, weights_of(found), [p.contiguous() for p in parameters], held)


class PackedCell:
    """A cell's weights as they are, packed for single steps, and the memory of a step.

    It does not hold the cell itself, so that a cache by cells does not keep them.

    Args:
        cell: on the CPU, in float32 or float64.
        batch: the number of rows of each step.

    Raises:
        UntraceableError: the compiled engine refuses the cell; says why.
    """

    def __init__(self, cell: Cell, batch: int) -> None:
        call = checked_call(cell, cell.initial_state(1)[0].new_zeros(1, batch, cell.input_size))
        if (why := compiled.refuses(call)) is not None:
            raise UntraceableError(why)
        self.batch = batch
        self.dtype = call.x.dtype
        self.compiled = compiled.compiled(cell, self.dtype)
        self.program = self.compiled.program
        self.inner = list(cell.modules())[1:]
        self.shape = (batch, cell.input_size)
        self.sizes = [(batch, size) for size in cell.state_sizes]
        hoisted = self.compiled.traced.hoisted
        self.plain = not hoisted.sequences and all(map(is_input, hoisted.sources))
        self.lock = threading.Lock()
        self.tensors = tensors_of(cell)
        self.counted = [tensor for tensor in self.tensors if not tensor.is_inference()]
        self.snapshot = Snapshot(cell) if is_simple(cell) else None
        self.addresses, self.versions = self._addresses(), self._versions()
        self.owners = [
            (owner, name, value)
            for module in cell.modules()
            for owner in (module._parameters, module._buffers, module._modules, module.__dict__)
            for name, value in owner.items()
            if isinstance(value, Tensor | nn.Module)
        ]
        self.copies = [tensor.detach().clone() for tensor in self.tensors] if comparable(cell) else []
        self.compared = [(copy.data_ptr(), copy.nbytes) for copy in self.copies]
        self.held: list[Tensor] = []
        with torch.no_grad():
            fields, affines = packed_step(cell, self.compiled, batch, self.held)
        self.arguments = StepArguments(self.program, fields, affines)

    def fits(self, cell: Cell) -> bool:
        """Whether this cell, for which it was made, is as it was, so far as PyTorch counts changes; and unwatched."""
        return (
            (self._consists_of(cell) if self.snapshot is None else self.snapshot.holds())
            and self.addresses == self._addresses()
            and self.versions == self._versions()
            and not any(module._forward_hooks or module._forward_pre_hooks for module in self.inner)
            and not transforming()
        )

    def same_tensors(self) -> bool:
        """Whether tensors and gates are those that were packed, as far as PyTorch counts changes: the quickest test."""
        return self.versions == self._versions() and all(owner.get(name) is value for owner, name, value in self.owners)

    def _consists_of(self, cell: Cell) -> bool:
        tensors = tensors_of(cell)
        same = len(tensors) == len(self.tensors) and all(map(operator.is_, tensors, self.tensors))
        return same and self.compiled is compiled.compiled(cell, self.dtype)

    def _addresses(self) -> list[int]:
        return [tensor.data_ptr() for tensor in self.tensors]

    def _versions(self) -> list[int]:
        return [tensor._version for tensor in self.counted]

    def equals(self) -> bool:
        """Whether the tensors of a fitting cell hold what was packed, however they may have been written to."""
        compare = _memcmp()
        return not any(compare(mine, *kept) for mine, kept in zip(self.addresses, self.compared, strict=False))

    def takes(self, cell: Cell, x: Tensor, state: Sequence[Tensor]) -> bool:
        """Whether ``compiled`` would not refuse this step now that it has taken another of this cell."""
        tensors = (x, *state)
        return (
            all(tensor.dtype == self.dtype and tensor.device.type == "cpu" for tensor in tensors)
            and x.shape[1:] == self.shape
            and [part.shape for part in state] == self.sizes
            and not (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (*tensors, *self.tensors)))
            and self.fits(cell)
            and self.equals()
        )

    def step(self, cell: Cell, x: Tensor, state: Any) -> Any:
        """Take one step of the cell that it was made for, which it fits; see ``Stepper``."""
        if x.shape != self.shape or x.dtype != self.dtype or not x.is_cpu:
            given = f"{tuple(x.shape)} of {x.dtype} on {x.device}"
            raise ValueError(f"x must be {self.shape} of {self.dtype} on cpu, not {given}")
        with self.lock:  # there is memory for one step
            return self._step(cell, x, state)

    def _step(self, cell: Cell, x: Tensor, state: Any) -> Any:
        forward, arguments = self.arguments.forward, self.arguments
        held: list[Any] = []
        if self.plain:
            x = x if x.is_contiguous() else x.contiguous()
            sources: Any = (x,)
        else:
            with torch.no_grad():
                sources, sequences, _ = self.compiled.traced.hoisted.values(cell, x)
            sources = [source.contiguous() for source in sources]
            held = [sequence.contiguous() for sequence in sequences]
            for index, sequence in zip(arguments.sequences, held, strict=True):
                forward[index] = sequence.data_ptr()
        for source, place in arguments.inputs:
            arguments.step[place] = sources[source].data_ptr()
        following = []
        for start, end, part, size in zip(arguments.starts, arguments.ends, state, self.sizes, strict=True):
            if part.shape != size or part.dtype != self.dtype or not part.is_cpu:
                given = f"{tuple(part.shape)} of {part.dtype} on {part.device}"
                raise ValueError(f"this state must be {size} of {self.dtype} on cpu, not {given}")
            if not part.is_contiguous():
                part = part.contiguous()
                held.append(part)
            after = torch.empty(size, dtype=self.dtype)
            forward[start], forward[end] = part.data_ptr(), after.data_ptr()
            following.append(after)
        self.program.library.step(arguments.address)
        return cell.State(*following)


def tensors_of(cell: Cell) -> list[Tensor]:
    """The parameters, the buffers and the other tensors of a cell and its modules."""
    found: list[Tensor] = []
    for module in cell.modules():
        attributes = module.__dict__
        for group in (attributes["_parameters"], attributes["_buffers"], attributes):
            found += [tensor for tensor in group.values() if isinstance(tensor, Tensor)]
    return found


def comparable(cell: Cell) -> bool:
    """Whether a cell's tensors are few and whole enough to be compared with copies in every step."""
    tensors = tensors_of(cell)
    return sum(tensor.nbytes for tensor in tensors) <= _MOST_BYTES and all(t.is_contiguous() for t in tensors)


@functools.cache
def _memcmp() -> Any:
    compare = ctypes.PyDLL(None).memcmp
    compare.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    return compare


class Stepper:
    """A cell's step without gradient, for streams: sampling, control, one sample of a signal at a time.

    Packs the cell's weights once, and again when a tensor or a gate was changed or replaced since. It is quick because
    it looks at nothing else: make a new one after another option or hook, and after what PyTorch does not count as a
    change of a tensor (``p.data = ...``, ``p.data.mul_()``, writing through NumPy, updates of a cell that was made
    under ``torch.inference_mode``). ``engine.run`` sees them all.

    Args:
        cell: the recurrence, on the CPU, in float32 or float64.
        batch: the number of rows of each step.

    Raises:
        EngineError: the compiled engine refuses the cell; says why.
    """

    def __init__(self, cell: Cell, batch: int = 1) -> None:
        self.cell = cell
        self.packed = self._pack(batch)

    def _pack(self, batch: int) -> PackedCell:
        try:
            with torch.autocast("cpu", enabled=False):
                return PackedCell(self.cell, batch)
        except UntraceableError as error:
            raise EngineError(f"engine 'compiled' cannot step this ({error})", "call the cell itself") from error

    def __call__(self, x: Tensor, state: Any) -> Any:
        """Take one step.

        Args:
            x: (batch, input).
            state: the cell's states, (batch, hidden) each.

        Returns:
            The next ``cell.State``, in fresh tensors.

        Raises:
            ValueError: a shape, type or device is wrong.
            EngineError: tensors were replaced by such as the compiled engine refuses.
        """
        if torch.is_autocast_enabled("cpu"):
            with torch.autocast("cpu", enabled=False):
                return self(x.to(self.packed.dtype), state)
        if not self.packed.same_tensors():
            self.packed = self._pack(self.packed.batch)
        return self.packed.step(self.cell, x, state)


_known: weakref.WeakKeyDictionary[Cell, dict[int, PackedCell]] = weakref.WeakKeyDictionary()
_NOT_STREAMED = ("lengths", "resets", "noise", "checkpoint_every")
_MOST_BYTES = 1 << 20  # of a cell's tensors; comparing more takes longer than is won
_MOST_SIZES = 4  # of batches, for each of which the weights are packed


def run(call: Call) -> Result:
    """Run a call of a single step, without gradient and options; the cell's weights stay packed for the next."""
    sizes = _known.setdefault(call.cell, {})
    batch = call.x.shape[1]
    packed = sizes.get(batch)
    if packed is None or not packed.fits(call.cell) or not packed.equals():
        if len(sizes) >= _MOST_SIZES:
            sizes.clear()
        packed = sizes[batch] = PackedCell(call.cell, batch)
    return _result(packed, call.cell, call.x, call.state, call.every_state)


def run_again(cell: Cell, x: Tensor, state: Any, options: RunOptions) -> Result | None:
    """As ``engine.run`` of a single step like one that ``run`` took before; None if there was none."""
    sizes = _known.get(cell)
    packed = None if sizes is None or x.ndim != 3 else sizes.get(x.shape[1])
    if packed is None or any(options.get(name) is not None for name in _NOT_STREAMED):
        return None
    if state is None or isinstance(state, Tensor) or not packed.takes(cell, x, state):
        return None
    return _result(packed, cell, x, state, options.get("every_state", False))


def _result(packed: PackedCell, cell: Cell, x: Tensor, state: Any, every_state: bool) -> Result:
    following = packed.step(cell, x[0], state)
    states = cell.State(*(part[None] for part in following))
    return Result(states[0], following, states if every_state else None)
