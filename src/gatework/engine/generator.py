"""A model that writes symbols, as one native loop: embedding, layers, output layer and draw; see ``generate.h``."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from gatework.cells import Cell
from gatework.engine import compiled
from gatework.engine.build import build
from gatework.engine.contract import checked_call
from gatework.engine.emit_c import common, runtime, runtime_file
from gatework.engine.hoist import is_input
from gatework.engine.stepper import StepArguments, packed_step
from gatework.engine.threads import available_threads
from gatework.errors import EngineError

_MOST_FOLDED = 1024  # symbols whose input products are computed before the loop and looked up in it
_WORTH_A_TEAM = 200_000  # multiplications of the output layer, below which a second thread costs more than it spares


@dataclass(frozen=True)
class Rule:
    """How symbols are drawn; ``gatework.generation.Sampling`` defines the distribution.

    Attributes:
        temperature: 0 takes the likeliest.
        top_k: how many of the likeliest are considered.
        top_p: how much probability is considered.
        repetition_penalty: for the last ``recent`` symbols.
        recent: at least 1.
        forbidden: a symbol that is never drawn.
        ending: the symbols that end a document: after the last of them the states return to the initial ones.
    """

    temperature: float
    top_k: int | None
    top_p: float
    repetition_penalty: float
    recent: int
    forbidden: int | None
    ending: tuple[int, ...]


class Generator:
    """Reads symbols, then writes on from them, both as often as wanted, with the weights of when it was made.

    Args:
        cells: the layers, the first reads the embedding; on the CPU, in float32 or float64.
        initial: for each cell its ``State`` of (batch, size) that a document starts from.
        embedding: (symbols, input), or None: one-hot.
        output: from the last layer to the logits.
        rule: how symbols are drawn.
        seeds: (batch,) int64, what each row's randomness starts from.

    Raises:
        EngineError: a cell cannot be compiled, or there is no compiler; says why.
    """

    @torch.no_grad()
    def __init__(
        self,
        cells: Sequence[Cell],
        initial: Sequence[Any],
        embedding: Tensor | None,
        output: nn.Linear,
        rule: Rule,
        seeds: Tensor,
    ) -> None:
        self.batch, self.symbols = len(seeds), output.out_features
        layers = [_PackedLayer(cell, start) for cell, start in zip(cells, initial, strict=True)]
        tables = layers[0].look_up(embedding, self.symbols)
        for below, layer in pairwise(layers):
            layer.read_from(below)
        last = layers[-1]
        dtype, lanes = last.program.dtype, last.program.packing.lanes
        self._library = _library(torch.finfo(dtype).bits)

        width, depth = -(-self.symbols // lanes) * lanes, output.in_features
        self._logits = torch.zeros(self.batch, width, dtype=dtype)
        self._weights = torch.zeros(self.symbols, dtype=torch.float64)
        panels, bias = torch.empty(width * depth, dtype=dtype), torch.zeros(width, dtype=dtype)
        matrix = output.weight.contiguous()
        whole = (ctypes.c_void_p * 1)(matrix.data_ptr())
        last.program.library.pack_forward(panels.data_ptr(), whole, 1, self.symbols, depth, 1)
        if output.bias is not None:
            bias[: self.symbols] = output.bias
        affines = [
            _Affine(h.data_ptr(), panels.data_ptr(), bias.data_ptr(), self._logits.data_ptr(), depth, width)
            for h in last.places[0]
        ]

        steps = [_Layer(layer.step, _pair(*(a.address for a in layer.arguments))) for layer in layers]
        looked_up = [_Table(rows.data_ptr(), chosen, rows.shape[1]) for rows, chosen in tables]
        states = [
            _State(_pair(*(place.data_ptr() for place in places)), initial.data_ptr(), initial.shape[1])
            for layer in layers
            for places, initial in zip(layer.places, layer.initial, strict=True)
        ]
        arrays = [
            (kind * len(items))(*items) for kind, items in ((_Layer, steps), (_Table, looked_up), (_State, states))
        ]
        whole_numbers = {
            "streams": seeds.clone(),
            "heap": torch.empty(self.symbols, dtype=torch.int64),
            "recent": torch.zeros(self.batch, rule.recent, dtype=torch.int64),
            "ending": torch.tensor(rule.ending, dtype=torch.int64),
            "fallback": torch.tensor(_fallbacks(rule.ending), dtype=torch.int64),
            "matched": torch.zeros(self.batch, dtype=torch.int64),
        }
        self._held = (layers, tables, panels, bias, arrays, whole_numbers)
        sampling = _Sampling(
            rule.temperature,
            rule.top_p,
            rule.repetition_penalty,
            self.symbols if rule.top_k is None else rule.top_k,
            -1 if rule.forbidden is None else rule.forbidden,
        )
        self._arguments = _Generator(
            batch=self.batch,
            symbols=self.symbols,
            **{name: len(array) for name, array in zip(("layers", "tables", "states"), arrays, strict=True)},
            **{name: ctypes.addressof(array) for name, array in zip(("layer", "table", "state"), arrays, strict=True)},
            output=(_Affine * 2)(*affines),
            output_threads=available_threads() if self.batch * width * depth >= _WORTH_A_TEAM else 1,
            sampling=sampling,
            weights=self._weights.data_ptr(),
            **{name: tensor.data_ptr() for name, tensor in whole_numbers.items()},
            most_recent=rule.recent,
            ending_length=len(rule.ending),
        )

    def read(self, symbols: Tensor) -> None:
        """Read symbols (time, batch), int64. The first that is ever read starts a document."""
        symbols = symbols.contiguous()
        self._library.read_symbols(ctypes.byref(self._arguments), symbols.data_ptr(), len(symbols))

    def write(self, most: int, seconds: float) -> Tensor:
        """Draw symbols, and read them.

        Args:
            most: how many.
            seconds: after which no further is drawn. Where writing pauses does not change what is written.

        Returns:
            (time, batch) int64; none only if the logits are no finite numbers.
        """
        symbols = torch.empty(most, self.batch, dtype=torch.int64)
        return symbols[: self._library.write_symbols(ctypes.byref(self._arguments), symbols.data_ptr(), most, seconds)]

    @property
    def logits(self) -> Tensor:
        """(batch, symbols): of the symbol that comes next."""
        return self._logits[:, : self.symbols].clone()

    def distribution(self, row: int) -> Tensor:
        """(symbols,) float64: the probabilities that a row's next symbol is drawn with."""
        self._library.distribution(ctypes.byref(self._arguments), row)
        return self._weights / self._weights.sum()


class _PackedLayer:
    """A cell with its weights packed, and two places for each of its states, which even and odd steps swap.

    Attributes:
        places: for each state two of (batch, hidden): even steps read the first and write the second.
        initial: (batch, hidden) each.
        arguments: of its kernel's ``step``, for even and for odd steps, once it knows its input.
        step: the address of its kernel's ``step``.
    """

    def __init__(self, cell: Cell, initial: Any) -> None:
        self.initial = tuple(part.contiguous() for part in initial)
        batch = len(self.initial[0])
        self.empty_input = self.initial[0].new_zeros(batch, cell.input_size)
        refusal = compiled.refuses(checked_call(cell, self.empty_input[None]))
        if refusal is not None:
            raise EngineError(f"engine 'compiled' cannot step this ({refusal})", "use the loop")
        self.cell = cell
        self.found = compiled.compiled(cell, self.initial[0].dtype)
        self.program = self.found.program
        self.step = ctypes.cast(self.program.library.step, ctypes.c_void_p).value
        self.held: list[Any] = []
        self.fields, self.affines = packed_step(cell, self.found, batch, self.held)
        self.places = [(start.clone(), torch.empty_like(start)) for start in self.initial]
        hoisted = self.found.traced.hoisted
        self.reads_x_alone = all(map(is_input, (*hoisted.sources, *(what for what, _ in hoisted.sequences))))

    def read_from(self, below: _PackedLayer) -> None:
        """Take the output of the layer below as input."""
        if not self.reads_x_alone:
            raise EngineError("a cell changes its input before it uses it", "use the loop")
        before, after = below.places[0]
        self._set_arguments(self.affines, (after, before), [(after, before)] * len(self.program.step.sequences))

    def look_up(self, embedding: Tensor | None, symbols: int) -> list[tuple[Tensor, int]]:
        """Take a symbol as input.

        Few symbols are looked up behind the input product, in all that the cell makes of them.

        Args:
            embedding: (symbols, input), or None: one-hot.
            symbols: how many there are.

        Returns:
            Tables (symbols, any), each with the address to which the rows of a batch's symbols must be copied.
        """
        if symbols <= _MOST_FOLDED:
            return self._folded(torch.eye(symbols, dtype=self.program.dtype) if embedding is None else embedding)
        if embedding is None or not self.reads_x_alone:
            raise EngineError(f"{symbols} symbols are too many to look up what the cell makes of each", "use the loop")
        x = self.empty_input
        self._set_arguments(self.affines, (x, x), [(x, x)] * len(self.program.step.sequences))
        return [(embedding.contiguous(), x.data_ptr())]

    def _folded(self, x: Tensor) -> list[tuple[Tensor, int]]:
        """Tables of all that does not depend on a state, for each of x (symbols, input)."""
        sources, sequences, _ = self.found.traced.hoisted.values(self.cell, x)
        weights = compiled.weights_of(self.found)
        read = [index for index, source in enumerate(self.program.layout.sources) if source is not None]
        tables = []
        for index, (source, _, _, buffer, depth, _) in zip(read, self.affines, strict=True):
            joined = self.program.packing.interleaved(index, weights.W, depth)
            bias = self.program.packing.interleaved(index, weights.b, 1)
            tables.append((torch.addmm(bias.view(-1), sources[source], joined.t()), buffer))
        places = [rows.new_empty(len(self.initial[0]), rows.shape[1]) for rows in sequences]
        tables += [(rows.contiguous(), place.data_ptr()) for rows, place in zip(sequences, places, strict=True)]
        self._set_arguments([], self.initial[:0], [(place, place) for place in places])
        return tables

    def _set_arguments(
        self,
        affines: Sequence[tuple[int, ...]],
        x: Sequence[Tensor],
        sequences: Sequence[tuple[Tensor, Tensor]],
    ) -> None:
        """Make the arguments for even and odd steps; x and the sequences are what each of the two reads."""
        self.held += [x, sequences]
        self.arguments = [StepArguments(self.program, self.fields, affines) for _ in range(2)]
        for odd, arguments in enumerate(self.arguments):
            for start, end, place in zip(arguments.starts, arguments.ends, self.places, strict=True):
                arguments.forward[start], arguments.forward[end] = place[odd].data_ptr(), place[1 - odd].data_ptr()
            for _, where in arguments.inputs:
                arguments.step[where] = x[odd].data_ptr()
            for where, sequence in zip(arguments.sequences, sequences, strict=True):
                arguments.forward[where] = sequence[odd].data_ptr()


@cache
def _library(bits: int) -> ctypes.CDLL:
    files = (runtime_file(name) for name in ("affine.h", "draw.h", "generate.h"))
    library = build("\n".join([f"#define REAL_BITS {bits}", runtime(), *files]), common(bits))
    generator = ctypes.POINTER(_Generator)
    library.read_symbols.argtypes = [generator, ctypes.c_void_p, ctypes.c_int64]
    library.write_symbols.argtypes = [generator, ctypes.c_void_p, ctypes.c_int64, ctypes.c_double]
    library.write_symbols.restype = ctypes.c_int64
    library.distribution.argtypes = [generator, ctypes.c_int64]
    for name in ("read_symbols", "distribution"):
        getattr(library, name).restype = None
    return library


def _fallbacks(ending: Sequence[int]) -> list[int]:
    """For each symbol of the ending, how many of its first symbols are also the last up to there (but not all)."""
    fallbacks = [0] * len(ending)
    for place in range(1, len(ending)):
        matched = fallbacks[place - 1]
        while matched and ending[matched] != ending[place]:
            matched = fallbacks[matched - 1]
        fallbacks[place] = matched + (ending[matched] == ending[place])
    return fallbacks


def _structure(name: str, **fields: Any) -> Any:
    """A structure of the runtime: whole numbers and addresses are 64 bits, as everywhere in the kernels."""
    return type(name, (ctypes.Structure,), {"_fields_": list(fields.items())})


_number, _pair = ctypes.c_int64, ctypes.c_int64 * 2
_Layer = _structure("Layer", step=_number, arguments=_pair)
_Table = _structure("Table", rows=_number, chosen=_number, width=_number)
_State = _structure("State", places=_pair, initial=_number, width=_number)
_Affine = _structure("Affine", **dict.fromkeys(("x", "panels", "bias", "C", "depth", "width"), _number))
_Sampling = _structure(
    "Sampling",
    **dict.fromkeys(("temperature", "top_p", "repetition_penalty"), ctypes.c_double),
    **dict.fromkeys(("top_k", "forbidden"), _number),
)
_Generator = _structure(
    "Generator",
    **dict.fromkeys(("batch", "symbols", "layers", "tables", "states", "layer", "table", "state"), _number),
    output=_Affine * 2,
    output_threads=_number,
    sampling=_Sampling,
    **dict.fromkeys(("streams", "weights", "heap", "recent", "most_recent", "ending", "fallback"), _number),
    **dict.fromkeys(("ending_length", "matched", "steps", "diverged"), _number),
)
