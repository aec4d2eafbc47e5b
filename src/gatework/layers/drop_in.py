"""``RNN``, ``LSTM`` and ``GRU`` with torch.nn's arguments, results and state dict, and gatework's engines inside."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence

from gatework import cells
from gatework.cells import Cell
from gatework.cells.exchange import from_torch
from gatework.engine import Result
from gatework.engine.contract import check_tensor
from gatework.engine.ragged import Ragged
from gatework.engine.transforms import transforming
from gatework.layers.recurrent import Recurrent


class _DropIn(nn.RNNBase):
    """What the three have in common.

    Parameters carry torch.nn's names and shapes; each layer and direction runs a cell whose gates are views of
    them. The cells themselves hold no weights and are not part of the state dict.
    """

    def __init__(self, mode: str, *arguments: Any, engine: str = "auto", **options: Any) -> None:
        super().__init__(mode, *arguments, **options)
        self.engine = engine
        self._runners = [
            Recurrent(self._cell(layer).to("meta"), reverse=direction == 1, engine=engine)
            for layer in range(self.num_layers)
            for direction in range(self.directions)
        ]

    def _cell(self, layer: int) -> Cell:
        input_size = self.output_size if layer else self.input_size
        sizes = (input_size, self.hidden_size)
        if self.mode == "GRU":
            return cells.GRUResetAfter(*sizes, bias=self.bias)
        if self.proj_size:
            return cells.LSTMP(input_size, self.proj_size, memory_size=self.hidden_size, bias=self.bias)
        if self.mode == "LSTM":
            return cells.LSTM(*sizes, bias=self.bias)
        return cells.Elman(*sizes, bias=self.bias, activation=self.mode.removeprefix("RNN_").lower())

    @property
    def directions(self) -> int:
        """1, or 2 if bidirectional."""
        return 2 if self.bidirectional else 1

    @property
    def output_size(self) -> int:
        """Width of the outputs, both directions together."""
        return (self.proj_size or self.hidden_size) * self.directions

    def flatten_parameters(self) -> None:
        """Do nothing: no kernel here wants the weights in one piece."""

    def _states(self, x: Tensor, hx: Any, batched: bool) -> tuple[Tensor, ...] | None:
        """The states (layers * directions, batch, size), or None where zeros are meant."""
        if hx is None:
            return None
        parts = hx if self.mode == "LSTM" else (hx,)
        names = ("h_0", "c_0") if self.mode == "LSTM" else ("h_0",)
        if not isinstance(parts, tuple | list) or len(parts) != len(names):
            raise TypeError(f"the state of {self.mode} is ({', '.join(names)}), not {type(hx).__name__}")
        for name, part in zip(names, parts, strict=True):
            check_tensor(name, part)
            if not batched and part.ndim != 2:
                raise RuntimeError(f"{name}: an unbatched input needs a state of 2 dimensions, not {part.ndim}")
        if not batched:
            parts = tuple(part.unsqueeze(1) for part in parts)
        sizes = self._runners[0].cell.state_sizes
        for name, part, size in zip(names, parts, sizes, strict=True):
            expected = (len(self._runners), x.shape[1], size)
            if part.shape != expected:
                shown = expected if batched else (expected[0], expected[2])
                raise RuntimeError(f"{name}: expected size {shown}, got {tuple(part.shape)}")
        return tuple(parts)

    def _is_step_for_torch(self, x: Tensor, weights: list[Tensor], states: tuple[Tensor, ...]) -> bool:
        """Whether it is one bare step without gradient, for which nothing is as quick as torch.nn's kernel."""
        return (
            len(x) == 1
            and self.engine == "auto"
            and x.is_cpu
            and x.shape[1] > 0
            and weights[0].dtype in (torch.float32, torch.float64)
            and all(part.dtype == weights[0].dtype and part.is_cpu for part in (x, *weights, *states))
            and not (torch.is_grad_enabled() and any(part.requires_grad for part in (x, *weights, *states)))
            and not (self.training and self.dropout)
            and not torch.is_autocast_enabled("cpu")
            and not transforming()
        )

    def _step(self, x: Tensor, weights: list[Tensor], states: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """One step through torch.nn's kernel: outputs and states of all layers and directions."""
        options = (self.bias, self.num_layers, 0.0, False, self.bidirectional, False)
        if self.mode == "LSTM":
            outputs, *after = torch.lstm(x, states, weights, *options)
        else:
            outputs, *after = getattr(torch, self.mode.lower())(x, states[0], weights, *options)
        return outputs, tuple(after)

    def _run_all(self, x: Tensor, states: tuple[Tensor, ...] | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Run all layers: x (time, batch, input) to outputs and the states (layers * directions, batch, size)."""
        if not torch.compiler.is_compiling() and len(x) == 1:  # in this order: a compiled graph is for any length
            weights = [getattr(self, name) for names in self._all_weights for name in names]
            if self._is_step_for_torch(x, weights, states or ()):
                if states is None:
                    sizes = self._runners[0].cell.state_sizes
                    states = tuple(x.new_zeros(len(self._runners), x.shape[1], size) for size in sizes)
                return self._step(x, weights, states)
        return self._stacked(x, states, None)

    def _stacked(
        self, x: Tensor, states: tuple[Tensor, ...] | None, lengths: Tensor | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """As ``_run_all``, each layer and direction by an engine."""
        starts: list[Any] = [None] * len(self._runners) if states is None else list(zip(*states, strict=True))
        finals = []
        for layer in range(self.num_layers):
            if layer:
                x = F.dropout(x, self.dropout, self.training)
            results = [
                self._run(layer * self.directions + direction, x, starts, lengths)
                for direction in range(self.directions)
            ]
            finals += [result.state for result in results]
            x = results[0].outputs if len(results) == 1 else torch.cat([one.outputs for one in results], dim=-1)
        return x, tuple(map(torch.stack, zip(*finals, strict=True)))

    def _run(self, index: int, x: Tensor, starts: list[Any], lengths: Tensor | None) -> Result:
        runner = self._runners[index]
        weights = from_torch(runner.cell, [getattr(self, name) for name in self._all_weights[index]])
        if not x.shape[1]:  # torch.nn takes no rows for an answer, engines do not
            nothing = x.sum() + sum(weight.sum() for weight in weights.values())  # whose gradient is zero, not absent
            empty = runner.cell.State(*(x.new_zeros(0, size) + nothing for size in runner.cell.state_sizes))
            return Result(empty[0].expand(len(x), *empty[0].shape), empty)
        return runner.run_with(weights, x, starts[index], lengths=lengths)

    def forward(self, input: Tensor | PackedSequence, hx: Any = None) -> tuple[Any, Any]:
        """Run all layers and directions, as the module of the same name in torch.nn does.

        Args:
            input: (time, batch, input), (batch, time, input) if ``batch_first``, (time, input) unbatched, or a
                ``PackedSequence``.
            hx: ``h_0`` of (layers * directions, batch, hidden), for LSTM ``(h_0, c_0)``; zeros where none is given.

        Returns:
            The outputs in the form of the input, (..., directions * hidden), and the final state in the form of hx.

        Raises:
            ValueError, RuntimeError, TypeError: a shape, type or number of states is wrong.
        """
        if isinstance(input, PackedSequence):
            return self._packed(input, hx)
        check_tensor("input", input)
        if input.ndim not in (2, 3):
            raise ValueError(f"{self.mode}: input must have 2 or 3 dimensions, not {input.ndim}")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(f"input must have {self.input_size} features, not {tuple(input.shape)}")
        batched = input.ndim == 3
        x = input.transpose(0, 1) if batched and self.batch_first else input if batched else input.unsqueeze(1)
        outputs, finals = self._run_all(x, self._states(x, hx, batched))
        if not batched:
            outputs, finals = outputs.squeeze(1), tuple(part.squeeze(1) for part in finals)
        elif self.batch_first:
            outputs = outputs.transpose(0, 1)
        return outputs, finals if self.mode == "LSTM" else finals[0]

    def _packed(self, packed: PackedSequence, hx: Any) -> tuple[PackedSequence, Any]:
        """A packed batch, its rows sorted by length as torch packs them."""
        steps = packed.batch_sizes[:, None]
        lengths = (torch.arange(int(packed.batch_sizes[0])) < steps).sum(0)
        rows = Ragged(lengths, len(steps))
        x = rows.padded(packed.data)
        states = self._states(x, hx, batched=True)
        if packed.sorted_indices is not None and states is not None:
            states = tuple(part.index_select(1, packed.sorted_indices) for part in states)
        outputs, finals = self._stacked(x, states, lengths)
        data = rows.packed(outputs)
        result = PackedSequence(data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)
        if packed.unsorted_indices is not None:
            finals = tuple(part.index_select(1, packed.unsorted_indices) for part in finals)
        return result, finals if self.mode == "LSTM" else finals[0]


class RNN(_DropIn):
    """``torch.nn.RNN``: layers of Elman's simple recurrent network.

    Args:
        arguments: those of ``torch.nn.RNN`` in its order: input_size, hidden_size, num_layers, nonlinearity, bias,
            batch_first, dropout, bidirectional.
        nonlinearity: ``"tanh"`` or ``"relu"``.
        engine: how the cells are run, see ``gatework.engine``.
        options: those of ``torch.nn.RNN``, ``device`` and ``dtype`` included.

    Raises:
        ValueError, TypeError: as torch.nn; the nonlinearity has another name.
    """

    def __init__(self, *arguments: Any, nonlinearity: str = "tanh", engine: str = "auto", **options: Any) -> None:
        if len(arguments) > 3:
            nonlinearity, arguments = arguments[3], arguments[:3] + arguments[4:]
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"nonlinearity must be 'tanh' or 'relu', not {nonlinearity!r}")
        if options.get("proj_size"):
            raise ValueError("proj_size is only supported for LSTM")
        self.nonlinearity = nonlinearity
        super().__init__(f"RNN_{nonlinearity.upper()}", *arguments, engine=engine, **options)


class LSTM(_DropIn):
    """``torch.nn.LSTM``: layers of long short-term memory.

    Args:
        arguments: those of ``torch.nn.LSTM`` in its order: input_size, hidden_size, num_layers, bias, batch_first,
            dropout, bidirectional, proj_size.
        engine: how the cells are run, see ``gatework.engine``.
        options: those of ``torch.nn.LSTM``, ``device`` and ``dtype`` included.

    Raises:
        ValueError, TypeError: as torch.nn.
    """

    def __init__(self, *arguments: Any, engine: str = "auto", **options: Any) -> None:
        super().__init__("LSTM", *arguments, engine=engine, **options)


class GRU(_DropIn):
    """``torch.nn.GRU``: layers of gated recurrent units, reset after the product.

    Args:
        arguments: those of ``torch.nn.GRU`` in its order: input_size, hidden_size, num_layers, bias, batch_first,
            dropout, bidirectional.
        engine: how the cells are run, see ``gatework.engine``.
        options: those of ``torch.nn.GRU``, ``device`` and ``dtype`` included.

    Raises:
        ValueError, TypeError: as torch.nn.
    """

    def __init__(self, *arguments: Any, engine: str = "auto", **options: Any) -> None:
        if options.get("proj_size"):
            raise ValueError("proj_size is only supported for LSTM")
        super().__init__("GRU", *arguments, engine=engine, **options)
