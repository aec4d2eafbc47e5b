"""A decoder that writes symbol by symbol while it looks at a memory of vectors: words over image regions, for one."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.layers import Attention, Memory, select_rows
from gatework.layers.padding import real_steps
from gatework.models.encoder import make_stack
from gatework.models.reading import SymbolReader
from gatework.settings import RecurrentConfig

AttentionName = Literal["additive", "dot", "general", "none"]


class DecoderState(NamedTuple):
    """Where a decoder is, row by row.

    Attributes:
        recurrent: the states of its layers.
        fed: (rows, hidden) what the next step reads beside its symbol; None without input feeding.
        memory: what it looks at; None without attention.
    """

    recurrent: Any
    fed: Tensor | None
    memory: Memory | None

    def select(self, rows: Tensor) -> DecoderState:
        """The state of other rows: of these indices (n,), each as often as it is named."""
        memory = None if self.memory is None else self.memory.select(rows)
        return DecoderState(select_rows(self.recurrent, rows), select_rows(self.fed, rows), memory)


class Decoded(NamedTuple):
    """What a decoder predicts.

    Attributes:
        logits: (time, rows, symbols) of the symbol after each that was read.
        attention: (time, rows, memory) where it looked; None without attention.
        state: after the last step.
    """

    logits: Tensor
    attention: Tensor | None
    state: DecoderState


class AttentionDecoder(nn.Module):
    r"""Embedding, recurrent stack, attention with the stack's output as query, output layer.

        h_t = stack([E y_{t-1}; a_{t-1}], h_{t-1})        a_{t-1} with input feeding alone
        c_t = attention(h_t, memory)
        a_t = tanh(W_a [h_t; c_t])
        P(y_t) = softmax(W_o a_t)

    The first state of each layer and its memory cell, where it has one, start from learned maps of the memory's mean,
    as in Xu et al. 2015; without attention that is all the decoder learns of it, and a_t = h_t. Without input feeding
    no step waits for the attention of the one before, and teacher forcing runs over whole sequences at once.
    Differences from Xu et al.: the query is h_t instead of h_{t-1}, so that it has read the last symbol.

    Args:
        config: shape of the stack, and dropout before the output.
        symbols: how many there are.
        embedding_size: width of their vectors; 0: one-hot.
        memory_size: width of the memory's vectors.
        attention: how they are compared with the query.
        input_feeding: read what was attended to at the last step (Luong et al. 2015).
        embedding_dropout: share of the embedding's entries dropped in training.

    Raises:
        ValueError: ``dot`` is to compare vectors of different widths.
        InputError: the cell does not exist or does not take the options.
    References: arXiv:1502.03044; arXiv:1508.04025
    """

    def __init__(
        self,
        config: RecurrentConfig,
        *,
        symbols: int,
        embedding_size: int,
        memory_size: int,
        attention: AttentionName,
        input_feeding: bool,
        embedding_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.reader = SymbolReader(symbols, embedding_size, dropout=embedding_dropout)
        self.hidden_size = config.hidden_size
        self.input_feeding = input_feeding and attention != "none"
        self.stack = make_stack(config, self.reader.width + (self.hidden_size if self.input_feeding else 0))
        width = self.stack.output_size
        self.attention = None if attention == "none" else Attention(width, memory_size, kind=attention)
        self.joined = None if attention == "none" else nn.Linear(width + memory_size, self.hidden_size)
        self.output = nn.Linear(width if attention == "none" else self.hidden_size, symbols)
        self.started = [_started(direction.cell.states) for layer in self.stack for direction in layer]
        sizes = [
            size
            for (direction,), names in zip(self.stack, self.started, strict=True)
            for name, size in zip(direction.cell.states, direction.cell.state_sizes, strict=True)
            if name in names
        ]
        self.start = nn.ModuleList(nn.Linear(memory_size, size) for size in sizes)

    def begin(self, values: Tensor, lengths: Tensor | None = None) -> DecoderState:
        """Where each row starts.

        Args:
            values: (time, rows, memory) what is to be described.
            lengths: (rows,) how many of them are real; all where None.
        """
        rows = values.shape[1]
        real = real_steps("values", values, values.shape[2], lengths)[:, :, None]
        mean = torch.where(real, values, 0).sum(dim=0) / real.sum(dim=0)
        maps = iter(self.start)
        recurrent = tuple(
            state._replace(**{name: torch.tanh(next(maps)(mean)) for name in names})
            for state, names in zip(self.stack.initial_state(rows), self.started, strict=True)
        )
        fed = values.new_zeros(rows, self.hidden_size) if self.input_feeding else None
        memory = None if self.attention is None else self.attention.prepare(values, lengths)
        return DecoderState(recurrent, fed, memory)

    def forward(self, tokens: Tensor, state: DecoderState) -> Decoded:
        """Read symbols (time, rows) int64 and predict the one after each."""
        vectors = self.reader(tokens)
        if state.fed is None:
            found = self.stack(vectors, state.recurrent)
            attended, weights = self._attended(found.outputs, state.memory)
            return Decoded(self._predicted(attended), weights, state._replace(recurrent=found.state))
        attended_at, weights_at = [], []
        for vector in vectors:
            read = torch.cat([vector, state.fed], dim=-1)  # type: ignore[list-item]  # fed stays what it is
            found = self.stack(read[None], state.recurrent)
            attended, weights = self._attended(found.outputs, state.memory)
            state = DecoderState(found.state, attended[0], state.memory)
            attended_at.append(attended)
            weights_at.append(weights)
        return Decoded(self._predicted(torch.cat(attended_at)), torch.cat(weights_at), state)  # type: ignore[arg-type]

    def step(self, tokens: Tensor, state: DecoderState) -> Decoded:
        """Read one symbol a row, tokens (rows,): logits (rows, symbols), attention (rows, memory), state."""
        found = self(tokens[None], state)
        return Decoded(found.logits[0], None if found.attention is None else found.attention[0], found.state)

    def _attended(self, hidden: Tensor, memory: Memory | None) -> tuple[Tensor, Tensor | None]:
        if self.attention is None or self.joined is None or memory is None:
            return hidden, None
        context, weights = self.attention(hidden, memory)
        return torch.tanh(self.joined(torch.cat([hidden, context], dim=-1))), weights

    def _predicted(self, attended: Tensor) -> Tensor:
        return self.output(F.dropout(attended, self.dropout, self.training))


def _started(states: tuple[str, ...]) -> tuple[str, ...]:
    """The states that can start anywhere: the first, which is the output, and c; normalisers must start as they do."""
    return tuple(name for place, name in enumerate(states) if place == 0 or name == "c")
