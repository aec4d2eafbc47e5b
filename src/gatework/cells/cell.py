"""The cell: one time step of a recurrence, written as its equations."""

from __future__ import annotations

import inspect
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, TypedDict, Unpack

import torch
from torch import Tensor, nn

from gatework.cells import handles
from gatework.cells.activations import activation
from gatework.cells.gate import Gate, Initialiser, Recurrence

State = tuple[Tensor, ...]
"""The states of a cell in the order of its ``states``; in fact a named tuple, ``Cell.State``."""


@dataclass(frozen=True)
class TorchForm:
    """Which kernel of torch.nn computes the same as a cell, and from which of its parameters.

    Attributes:
        kernel: the kernel's name in torch.
        input_gates: the gates whose ``W`` and ``b`` make weight_ih and bias_ih, in the kernel's order.
        recurrent_gates: the gates whose ``U`` make weight_hh, and whose ``b`` make bias_hh where they are
            not among the input gates.
    """

    kernel: Literal["lstm", "gru", "rnn_tanh", "rnn_relu"]
    input_gates: tuple[Gate, ...]
    recurrent_gates: tuple[Gate, ...]
    projection: Gate | None = None


class CellOptions(TypedDict, total=False):
    """What every published cell can be given besides its sizes and its own options.

    Attributes:
        bias: whether the gates have a ``b``; true unless said.
        recurrence: ``"dense"`` unless said, ``"diagonal"``, or ``"block"`` with ``heads``; see ``Gate``.
        heads: parts of the state that see only themselves, for ``"block"``.
        layer_norm: normalise the products of every gate; see ``Gate``.
        activation: the name of phi, ``"tanh"`` unless said; see ``gatework.cells.activations``.
        gate_activation: the name of sigma, ``"sigmoid"`` unless said.
        init: how the gates start, ``"uniform"``, ``"glorot"`` or ``"identity"``; see ``Gate``.
    """

    bias: bool
    recurrence: Recurrence
    heads: int
    layer_norm: bool
    activation: str
    gate_activation: str
    init: Initialiser


DEFAULT_OPTIONS = CellOptions(
    bias=True,
    recurrence="dense",
    heads=1,
    layer_norm=False,
    activation="tanh",
    gate_activation="sigmoid",
    init="uniform",
)
"""What ``CellOptions`` are unless said; a cell says otherwise in its ``defaults``."""


class Drop(nn.Module):
    """Where recurrent dropout acts on a candidate (Semeniuta, Severyn and Barth 2016, arXiv:1603.05118).

    Attributes:
        mask: (batch, hidden) by which the candidate is multiplied during a run, or None: it passes unchanged.
    """

    mask: Tensor | None = None

    def forward(self, candidate: Tensor) -> Tensor:
        """Multiply the candidate (batch, hidden) by the mask."""
        return candidate if self.mask is None else candidate * self.mask


class Cell(nn.Module):
    """One time step, ``step(x, *state) -> *state``. The first state is the output.

    A subclass must define:
        step: the equations, in ordinary PyTorch.
    It may override:
        states: the names of the states, ``("h",)`` unless said.
        defaults: the options that its paper has otherwise than ``DEFAULT_OPTIONS``.
        fixed: the options in which its equations leave no choice.
        state_sizes: the width of each state, ``hidden_size`` unless said.
        candidate_size: the width of what it sends through ``drop``, ``hidden_size`` unless said.
        reset_parameters: the initial values of its parameters.
        torch_form: the torch.nn kernel that it equals.
    All else is derived. Engines run a cell over time; see ``gatework.engine.run``.

    Args:
        input_size: width of ``x``.
        hidden_size: width of the output.
        options: what ``gate`` gives to the gates, and the activation functions; see ``CellOptions``.

    Attributes:
        bias: whether it was given biases.
        sigma: the activation function of gates, the logistic sigmoid unless said.
        phi: the activation function of candidates and outputs, tanh unless said.
        drop: what ``step`` sends its candidate through, so that it can be dropped out.

    Raises:
        ValueError: a size is not a positive integer, or an option is out of range.
        TypeError: an option does not exist, or ``step`` does not take the cell's states.
    """

    states: ClassVar[tuple[str, ...]] = ("h",)
    State: ClassVar[Any] = namedtuple("State", ("h",))
    defaults: ClassVar[CellOptions] = {}
    fixed: ClassVar[CellOptions] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "states" in cls.__dict__:
            _check_names(cls.states)
            cls.State = namedtuple("State", cls.states)  # type: ignore[assignment,misc]
            cls.State.__module__, cls.State.__qualname__ = cls.__module__, f"{cls.__qualname__}.State"  # for pickle

    def __new__(cls, *arguments: Any, **options: Any) -> Self:
        """Note what the constructor is given."""
        cell = super().__new__(cls)
        object.__setattr__(cell, "_made_with", (arguments, options))  # before there is a module to set it
        return cell

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__()
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
            if not isinstance(size, int) or size < 1:
                raise ValueError(f"{name} must be a positive integer, not {size!r}")
        self.input_size = input_size
        self.hidden_size = hidden_size
        _check_step(self)
        if unknown := options.keys() - DEFAULT_OPTIONS.keys():
            raise TypeError(f"{type(self).__name__} has no option {', '.join(sorted(unknown))}")
        chosen: dict[str, Any] = {**DEFAULT_OPTIONS, **self.defaults, **self.fixed, **options}
        for name, value in self.fixed.items():
            if chosen[name] != value:
                raise ValueError(f"{name} is {value!r} in the equations of {type(self).__name__}, not {chosen[name]!r}")
        self._gate_options = chosen
        self.bias: bool = self._gate_options["bias"]
        self.phi = activation(self._gate_options.pop("activation"))
        self.sigma = activation(self._gate_options.pop("gate_activation"))
        self.drop = Drop()
        self._handle = handles.name(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._handle = handles.name(self)  # a copy is a cell of its own

    @property
    def handle(self) -> str:
        """The name by which compiled graphs know it; see ``gatework.cells.handles``."""
        return self._handle

    @property
    def made_with(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of its constructor, by place and by name."""
        found: tuple[tuple[Any, ...], dict[str, Any]] = self.__dict__["_made_with"]
        return found

    def gate(
        self, input_size: int | None = None, hidden_size: int | None = None, *, kind: type[Gate] = Gate, **changes: Any
    ) -> Gate:
        """Make a gate with the options that the cell was given.

        Args:
            input_size: width of its ``x``; the cell's unless said.
            hidden_size: width of its result; the cell's unless said.
            kind: the class of the gate.
            changes: options of ``Gate`` that this gate must have, whatever the cell was given.
        """
        options = self._gate_options | changes
        if options["recurrence"] != "block" and changes.keys() & {"recurrence"}:
            options["heads"] = 1
        return kind(
            self.input_size if input_size is None else input_size,
            self.hidden_size if hidden_size is None else hidden_size,
            **options,
        )

    def step(self, x: Tensor, *state: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Compute the next state from the input (batch, input) and the states (batch, size)."""
        raise TypeError(f"{type(self).__name__} does not define step(self, x, {', '.join(self.states)})")

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """The width of each state."""
        return (self.hidden_size,) * len(self.states)

    @property
    def candidate_size(self) -> int:
        """The width of what ``step`` sends through ``drop``."""
        return self.hidden_size

    def reset_parameters(self) -> None:
        """Draw the parameters of all parts anew: of gates, peepholes and norms."""
        for part in self.modules():
            reset = getattr(part, "reset_parameters", None)  # the name is torch's convention
            if part is not self and callable(reset):
                reset()

    @property
    def usual_activations(self) -> bool:
        """Whether sigma is the logistic sigmoid and phi is tanh."""
        return self.sigma is torch.sigmoid and self.phi is torch.tanh

    @property
    def usual_gates(self) -> bool:
        """Whether its gates have the parts that its docstring counts: no norms, and the recurrence of its paper."""
        usual: dict[str, Any] = {**DEFAULT_OPTIONS, **self.defaults, **self.fixed}
        return all(self._gate_options[name] == usual[name] for name in ("recurrence", "layer_norm"))

    def torch_form(self) -> TorchForm | None:
        """The torch.nn kernel that equals this cell, if there is one."""
        return None

    def forward(self, x: Tensor, state: State | None = None) -> Any:
        """Take one step: x (batch, input) and a state to the next ``State``, zeros where none is given."""
        state = self.initial_state(len(x)) if state is None else state
        return self.tick(x, state)

    def tick(self, x: Tensor, state: State) -> Any:
        """``step`` with its result as a named ``State``."""
        result = self.step(x, *state)
        if isinstance(result, Tensor):
            return self.State(result)
        if not isinstance(result, tuple):
            raise TypeError(
                f"step of {type(self).__name__} returns a {type(result).__name__}: return a tensor or a tuple"
            )
        return self.State(*result)

    def initial_state(self, batch: int) -> Any:
        """The ``State`` a sequence starts from: zeros of (batch, size) in the parameters' type and place."""
        like = next(self.parameters(), torch.empty(0))
        return self.State(*(like.new_zeros(batch, size) for size in self.state_sizes))

    def gates(self) -> Iterator[tuple[str, Gate]]:
        """The names and gates of this cell in the order of their definition."""
        return ((name, module) for name, module in self.named_modules() if isinstance(module, Gate))

    @classmethod
    def equations(cls) -> str:
        """The docstring: what the cell computes, from which paper."""
        return inspect.getdoc(cls) or ""

    def extra_repr(self) -> str:
        """Sizes, for printing."""
        return f"{self.input_size}, {self.hidden_size}"


def _check_names(states: Any) -> None:
    """See that states can be fields of a named tuple and learned parameters."""
    if not isinstance(states, tuple) or not states:
        raise TypeError(f"states must be a tuple of names such as ('h',), not {states!r}")
    for name in states:
        if hasattr(tuple, name) or hasattr(nn.ParameterDict, name):
            raise ValueError(f"a state cannot have the name {name!r}: tuples and modules mean something else by it")


def _check_step(cell: Cell) -> None:
    """See that ``step`` takes the states that the cell has."""
    parameters = list(inspect.signature(cell.step).parameters.values())[1:]
    if any(parameter.kind is not parameter.POSITIONAL_OR_KEYWORD for parameter in parameters):
        return
    if len(parameters) != len(cell.states):
        taken, name = ", ".join(parameter.name for parameter in parameters), type(cell).__name__
        raise TypeError(f"step of {name} takes the states ({taken}), its states are {cell.states}: make them agree")


Cell.State.__qualname__ = "Cell.State"
