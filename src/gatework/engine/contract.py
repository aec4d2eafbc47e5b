"""What every engine is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypedDict

import torch
from torch import Tensor

from gatework.cells import Cell


@dataclass(frozen=True)
class Noise:
    """What recurrent regularisers do in a run, drawn before it so that every engine does the same.

    Attributes:
        recurrent: width -> (batch, width): what multiplies ``e`` in all recurrent products of gates whose ``e``
            is that wide, the same at all steps (Gal and Ghahramani 2016, arXiv:1512.05287).
        candidate: (batch, ``Cell.candidate_size``): what multiplies all that ``step`` sends through ``Cell.drop``.
        zoneout: for each state, where a unit keeps its value instead of taking its next (Krueger et al. 2017,
            arXiv:1606.01305): (time, batch, size) bool; or a share p, by which the old and the next value are
            mixed, as in evaluation; or None.
    """

    recurrent: Mapping[int, Tensor] = field(default_factory=dict)
    candidate: Tensor | None = None
    zoneout: tuple[Tensor | float | None, ...] = ()


class RunOptions(TypedDict, total=False):
    """What a run can be given besides the input and the state; see ``gatework.engine.run``."""

    initial: Any
    lengths: Tensor | None
    resets: Tensor | None
    noise: Noise | None
    every_state: bool
    checkpoint_every: int | None


@dataclass(frozen=True)
class Call:
    """One run of a cell over a sequence, checked and complete: an engine need not look twice.

    Lengths, resets and noise are copies: what was given may change before the gradient is computed.

    Attributes:
        cell: the recurrence.
        x: (time, batch, input), time at least 1; anything past a row's length.
        state: ``cell.State`` of (batch, size), what the first step starts from.
        initial: ``cell.State`` of (batch, size), what a reset returns to.
        lengths: (batch,) contiguous int64 on the CPU, between 0 and time; None where all rows are whole.
        resets: (time, batch) bool; where true, the row returns to ``initial`` before that step;
            false past a row's length.
        noise: what is dropped out and zoned out; None where nothing is.
        every_state: whether all states at all steps are wanted.
    """

    cell: Cell
    x: Tensor
    state: Any
    initial: Any
    lengths: Tensor | None = None
    resets: Tensor | None = None
    noise: Noise | None = None
    every_state: bool = False

    @property
    def clean_x(self) -> Tensor:
        """``x``, zero past a row's length, where a NaN times a gradient of 0 would be a NaN."""
        if self.lengths is None:
            return self.x
        return torch.where(_alive(self.lengths, self.x)[:, :, None], self.x, 0)


class Result(NamedTuple):
    """What a run gives.

    Attributes:
        outputs: (time, batch, hidden), the first state after each step; zero past a row's length.
        state: ``cell.State`` of (batch, size): each row after its last step.
        states: ``cell.State`` of (time, batch, size) if every state was asked for; zero past a row's length.
    """

    outputs: Tensor
    state: Any
    states: Any = None

    def map_time(self, change: Callable[[Tensor], Tensor]) -> Result:
        """Change everything that runs over time (outputs and all states), not the final state."""
        states = None if self.states is None else type(self.states)(*map(change, self.states))
        return Result(change(self.outputs), self.state, states)


class Engine(Protocol):
    """A way to run a cell over time; a module of this folder that has these four is one."""

    name: str

    def refuses(self, call: Call) -> str | None:
        """Why this engine cannot run the call; None if it can."""

    def unprofitable(self, call: Call) -> str | None:
        """Why ``auto`` should not choose this engine though it could run the call; None if it may."""

    def run(self, call: Call) -> Result:
        """Run the call."""


def checked_call(
    cell: Cell,
    x: Tensor,
    state: Any = None,
    *,
    initial: Any = None,
    lengths: Tensor | None = None,
    resets: Tensor | None = None,
    noise: Noise | None = None,
    every_state: bool = False,
) -> Call:
    """Check the arguments of ``gatework.engine.run`` and complete them.

    Raises:
        ValueError: a shape, or the range of the lengths, is wrong; names the argument, what it was and
            what was expected.
        TypeError: a type is wrong.
    """
    check_input(x, cell.input_size)
    time, batch, _ = x.shape
    if not time or not batch:
        raise ValueError(f"x must have at least one step and one row, not {tuple(x.shape)}")
    zeros = cell.initial_state(batch)
    _check_type("x", x, zeros[0])
    initial = zeros if initial is None else _checked_state(cell, initial, batch, zeros[0], "initial")
    start = initial if state is None else _checked_state(cell, state, batch, initial[0])
    if lengths is not None:
        lengths = checked_lengths(lengths, time, batch)
    if resets is not None:
        check_resets(resets, (time, batch))
        _check_values("resets", resets)
        resets = resets.to(x.device, copy=True)
        if lengths is not None:  # a reset in the padding must not reach the final state
            resets = resets & _alive(lengths, x)
    return Call(
        cell=cell,
        x=x,
        state=start,
        initial=initial,
        lengths=lengths,
        resets=resets,
        noise=None if noise is None else _checked_noise(cell, noise, time, batch),
        every_state=every_state,
    )


def _alive(lengths: Tensor, x: Tensor) -> Tensor:
    """Which steps (time, batch) of x are no padding."""
    return (torch.arange(len(x))[:, None] < lengths).to(x.device)


def check_tensor(name: str, given: Any) -> None:
    """See that an argument is a tensor.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(given, Tensor):
        raise TypeError(f"{name} must be a tensor, not {type(given).__name__}")


def _check_values(name: str, given: Tensor) -> None:
    if given.is_meta:
        raise TypeError(f"{name} is on meta, where no values are: make it on another device")


def check_input(x: Any, width: int, *, batch_first: bool = False) -> None:
    """See that x is (time, batch, width), or (batch, time, width) if ``batch_first``.

    Raises:
        TypeError, ValueError: it is not.
    """
    check_tensor("x", x)
    if x.ndim != 3 or x.shape[2] != width:
        order = "batch, time" if batch_first else "time, batch"
        raise ValueError(f"x must be ({order}, {width}), not {tuple(x.shape)}")


def check_resets(resets: Any, shape: Sequence[int]) -> None:
    """See that resets are truths in that shape.

    Raises:
        TypeError, ValueError: they are not.
    """
    check_tensor("resets", resets)
    if resets.dtype != torch.bool:
        raise TypeError(f"resets must be bool, not {resets.dtype}")
    if resets.shape != tuple(shape):
        raise ValueError(f"resets must be {tuple(shape)}, not {tuple(resets.shape)}")


def check_state(cell: Cell, state: Any, what: str = "state") -> None:
    """See that a state is one tensor for each of the cell's states.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(state, tuple | list) or len(state) != len(cell.states):
        kind = "one tensor" if isinstance(state, Tensor) else type(state).__name__
        given = f"{len(state)} tensors" if isinstance(state, tuple | list) else kind
        raise TypeError(f"the {what} of {type(cell).__name__} is a tuple ({', '.join(cell.states)}), not {given}")
    for name, part in zip(cell.states, state, strict=True):
        check_tensor(f"{what} {name}", part)


def _check_type(name: str, given: Tensor, like: Tensor) -> None:
    if given.device != like.device:
        raise TypeError(f"{name} is on {given.device}, the cell on {like.device}: move one of them")
    if given.dtype != like.dtype and not torch.is_autocast_enabled(given.device.type):
        raise TypeError(f"{name} is {given.dtype}, the cell {like.dtype}: convert one of them")


def _checked_state(cell: Cell, state: Any, batch: int, like: Tensor, what: str = "state") -> Any:
    check_state(cell, state, what)
    for name, part, size in zip(cell.states, state, cell.state_sizes, strict=True):
        if part.shape != (batch, size):
            raise ValueError(f"{what} {name} must be ({batch}, {size}), not {tuple(part.shape)}")
        _check_type(f"{what} {name}", part, like)
    return cell.State(*state)


def checked_lengths(lengths: Any, time: int, batch: int) -> Tensor:
    """A copy of lengths (batch,) between 0 and time, int64 on the CPU.

    Raises:
        TypeError, ValueError: they are not integers, not as many or out of range.
    """
    check_tensor("lengths", lengths)
    _check_values("lengths", lengths)
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise TypeError(f"lengths must be integers, not {lengths.dtype}")
    if lengths.shape != (batch,):
        raise ValueError(f"lengths must be ({batch},), not {tuple(lengths.shape)}")
    # a copy: the caller may refill his before the gradient is computed
    lengths = lengths.to("cpu", torch.int64, copy=True, memory_format=torch.contiguous_format)
    if int(lengths.min()) < 0 or int(lengths.max()) > time:
        raise ValueError(f"lengths must lie between 0 and {time} (the steps of x), not {lengths.tolist()}")
    return lengths


def _checked_noise(cell: Cell, noise: Noise, time: int, batch: int) -> Noise:
    for width, mask in noise.recurrent.items():
        if mask.shape != (batch, width):
            raise ValueError(f"noise.recurrent[{width}] must be ({batch}, {width}), not {tuple(mask.shape)}")
    if noise.candidate is not None and noise.candidate.shape != (batch, cell.candidate_size):
        expected = (batch, cell.candidate_size)
        raise ValueError(f"noise.candidate must be {expected}, not {tuple(noise.candidate.shape)}")
    if noise.zoneout and len(noise.zoneout) != len(cell.states):
        raise ValueError(f"noise.zoneout must have one entry for each of {', '.join(cell.states)}")
    for name, size, kept in zip(cell.states, cell.state_sizes, noise.zoneout, strict=False):
        if isinstance(kept, Tensor) and (kept.shape != (time, batch, size) or kept.dtype != torch.bool):
            raise ValueError(
                f"noise.zoneout of {name} must be {(time, batch, size)} bool, not {tuple(kept.shape)} {kept.dtype}"
            )
    return Noise(
        {width: mask.clone() for width, mask in noise.recurrent.items()},
        None if noise.candidate is None else noise.candidate.clone(),
        tuple(kept.clone() if isinstance(kept, Tensor) else kept for kept in noise.zoneout),
    )
