"""What a step computes outside the time loop: PyTorch, evaluated once for all steps or once a call."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from gatework.cells import Cell
from gatework.engine.record import UntraceableError, line


@dataclass(frozen=True)
class Projection:
    """The input part of a normalised gate, ``Gate.projected``.

    Attributes:
        gate: the gate's name in the cell.
        x: what its ``W`` multiplies.
    """

    gate: str
    x: fx.Node


@dataclass(frozen=True)
class Attribute:
    """A parameter of a gate that is used elementwise, by its path in the cell."""

    path: str


Recorded = fx.Node | Projection | Attribute
"""Something to evaluate."""


def is_input(what: Recorded) -> bool:
    """Whether it is the step's x as it is."""
    return isinstance(what, fx.Node) and what.op == "placeholder"


@dataclass(frozen=True)
class Hoisted:
    """What is computed outside the time loop, where autograd sees it.

    Attributes:
        sources: what the gates' input weights multiply.
        sequences: what depends on the input alone and is used elementwise, and in which width.
        parameters: what depends on neither input nor state and is used elementwise, and in which width.
    """

    sources: tuple[Recorded, ...]
    sequences: tuple[tuple[Recorded, int], ...]
    parameters: tuple[tuple[Recorded, int], ...]

    def values(self, cell: Cell, x: Tensor) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Evaluate all.

        Args:
            cell: the traced cell.
            x: (rows, input), the rows of all steps.

        Returns:
            The sources (rows, any), the sequences (rows, width) and the parameters (width,).
        """
        known = Evaluation(cell, x)
        sources = [known[node] for node in self.sources]
        sequences = [known[node].to(x.dtype).expand(len(x), width) for node, width in self.sequences]
        parameters = []
        for node, width in self.parameters:
            value = known[node].to(x.dtype)
            parameters.append(value if value.shape == (width,) else value.expand(1, width).reshape(width))
        return sources, sequences, parameters


class Evaluation:
    """The values of recorded nodes that depend on no state, each computed when first asked for.

    Args:
        cell: the traced cell.
        x: (rows, input).
    """

    def __init__(self, cell: Cell, x: Tensor) -> None:
        self.cell = cell
        self.x = x
        self.known: dict[fx.Node, Any] = {}

    def __getitem__(self, node: Any) -> Any:
        if isinstance(node, Projection):
            gate: Any = self.cell.get_submodule(node.gate)
            return gate.projected(self[node.x])
        if isinstance(node, Attribute):
            return operator.attrgetter(node.path)(self.cell)
        if isinstance(node, list | tuple):
            return type(node)(self[part] for part in node)
        return self._recorded(node) if isinstance(node, fx.Node) else node

    def _recorded(self, node: fx.Node) -> Any:
        if node.op == "placeholder":
            return self.x
        if node.op == "get_attr":
            return operator.attrgetter(str(node.target))(self.cell)
        if node not in self.known:
            args = [self[arg] for arg in node.args]
            keywords = {name: self[value] for name, value in node.kwargs.items()}
            self.known[node] = self._function(node, args)(*args, **keywords)
        return self.known[node]

    def _function(self, node: fx.Node, args: list[Any]) -> Callable[..., Any]:
        if node.op == "call_module":
            return self.cell.get_submodule(str(node.target))
        if node.op == "call_method":
            return getattr(args.pop(0), str(node.target))
        assert callable(node.target)
        return node.target


class Probe:
    """Evaluates hoisted nodes on random rows while a step is traced: widths and what does not fit are found then.

    Args:
        cell: the traced cell.
    """

    def __init__(self, cell: Cell) -> None:
        like = next(cell.parameters(), torch.empty(0))
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(2, cell.input_size, generator=generator).to(like)
        self.both, self.one = Evaluation(cell, x), Evaluation(cell, x[:1])

    @torch.no_grad()
    def sequence(self, node: Recorded) -> tuple[int, bool]:
        """The width of something that depends on the input, and whether it is made of truths.

        Raises:
            UntraceableError: it is not (rows, width), or a row of it depends on other rows.
        """
        try:
            both, one = self.both[node], self.one[node]
        except (RuntimeError, TypeError, IndexError, ValueError) as error:
            raise UntraceableError(f"what step computes from its input alone fails{_where(node)}: {error}") from error
        if both.dim() != 2 or len(both) != 2 or one.shape != (1, both.shape[1]):
            raise UntraceableError(
                f"what step computes from its input alone is {tuple(both.shape)} for two rows, "
                f"not (rows, width){_where(node)}"
            )
        if not torch.allclose(both[:1].double(), one.double(), rtol=1e-3, atol=1e-5, equal_nan=True):
            raise UntraceableError(f"what step computes from its input mixes the rows{_where(node)}")
        return both.shape[1], both.dtype == torch.bool

    @torch.no_grad()
    def parameter(self, node: Recorded) -> tuple[int, bool]:
        """The width of something that depends on neither input nor state, and whether it is made of truths.

        Raises:
            UntraceableError: it is neither (width,) nor one number.
        """
        value = self.both[node]
        if value.dim() > 2 or (value.dim() == 2 and len(value) != 1):
            raise UntraceableError(f"a parameter used elementwise is {tuple(value.shape)}, not (width,){_where(node)}")
        return value.shape[-1] if value.dim() else 1, value.dtype == torch.bool


def _where(node: Recorded) -> str:
    return line(node) if isinstance(node, fx.Node) else ""
