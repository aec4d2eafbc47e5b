"""The half of a model that writes: it reads what it wrote and looks at a source, a text or a picture."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.layers.attention import Attention, Memory
from gatework.layers.stateful import select_rows
from gatework.models.encoder import make_stack
from gatework.models.reading import SymbolReader
from gatework.settings import RecurrentConfig
from gatework.settings.tasks.translate import AttentionName


class DecoderShape(Protocol):
    """What a decoder needs of a model's configuration."""

    @property
    def decoder(self) -> RecurrentConfig:
        """Its layers."""

    @property
    def decoder_width(self) -> int:
        """Of each of them."""

    @property
    def embedding_size(self) -> int:
        """Width of the symbols' vectors."""

    @property
    def tied(self) -> str:
        """Whether these are the output's too; "none": they are not."""

    @property
    def dropout(self) -> float:
        """Of these vectors, and before the output."""

    @property
    def attention(self) -> AttentionName:
        """How it looks at the source; "none": not at all."""

    @property
    def input_feeding(self) -> bool:
        """Whether it reads what it last read out."""


class DecoderState(NamedTuple):
    """What a decoder's next step starts from.

    Attributes:
        stack: the states of its layers.
        memory: what it looks at; None without attention.
        feed: (batch, readout) what it last read out, with input feeding.
    """

    stack: Any
    memory: Memory | None
    feed: Tensor | None

    def select(self, rows: Tensor) -> DecoderState:
        """The state of other rows: of these indices (n,), each as often as it is named."""
        memory = None if self.memory is None else self.memory.select(rows)
        return DecoderState(select_rows(self.stack, rows), memory, select_rows(self.feed, rows))


class Written(NamedTuple):
    """What a decoder gives.

    Attributes:
        readouts: (time, batch, readout) what ``logits`` makes predictions of.
        state: after the last step.
        weights: (time, batch, source) where it looked; None without attention.
    """

    readouts: Tensor
    state: DecoderState
    weights: Tensor | None


class AttentiveDecoder(nn.Module):
    r"""A recurrent decoder with the attention of Luong, Pham and Manning 2015: look after the step, then predict.

        s_t = stack([E y_{t-1}; r_{t-1}], s_{t-1})     r_{t-1} with input feeding only
        c_t = attention(s_t, memory)
        r_t = tanh(W_r [s_t; c_t] + b_r)               the readout, without c_t where there is no attention
        log P(y_t) = log_softmax(W_o r_t + b_o)

    Without input feeding no step needs the readout of the one before: the stack runs over all steps at once, and the
    attention of all steps is one product.

    Args:
        config: its shape.
        symbols: how many can be written.
        memory_size: width of what it looks at.

    Raises:
        InputError: the cell does not exist, or does not take the options.
    """

    def __init__(self, config: DecoderShape, symbols: int, memory_size: int) -> None:
        super().__init__()
        is_tied = config.tied != "none"
        readout_size = config.embedding_size if is_tied else config.decoder_width
        self.dropout = config.dropout
        self.feeds = config.input_feeding
        self.reader = SymbolReader(symbols, config.embedding_size, dropout=config.dropout)
        self.stack = make_stack(config.decoder, config.embedding_size + (readout_size if self.feeds else 0))
        width = self.stack.output_size
        self.attention: Attention | None = None
        if config.attention != "none":
            self.attention = Attention(width, memory_size, kind=config.attention)
        self.readout = nn.Linear(width + (memory_size if self.attention else 0), readout_size)
        self.output = nn.Linear(readout_size, symbols)
        if is_tied and self.reader.embedding is not None:
            self.reader.embedding.weight = self.output.weight

    def start(self, stack_state: Any, values: Tensor, lengths: Tensor) -> DecoderState:
        """Make ready to write.

        Args:
            stack_state: what the layers start from.
            values: (source, batch, memory) what is looked at.
            lengths: (batch,) its real steps.
        """
        memory = None if self.attention is None else self.attention.prepare(values, lengths)
        feed = values.new_zeros(values.shape[1], self.readout.out_features) if self.feeds else None
        return DecoderState(stack_state, memory, feed)

    def forward(self, tokens: Tensor, state: DecoderState, own: Tensor | None = None) -> Written:
        """Read symbols.

        Args:
            tokens: (time, batch) what stands before each symbol to be predicted.
            state: what ``start`` or an earlier call gave.
            own: (time, batch) bool, where to read a symbol drawn from the last prediction in place of the given one;
                never at the first step.
        """
        if own is None and not self.feeds:
            return self._advance(tokens, state)
        steps: list[Written] = []
        for time, given in enumerate(tokens):
            if own is not None and steps and bool(own[time].any()):
                given = torch.where(own[time], self._drawn(steps[-1].readouts[0]), given)
            steps.append(self._advance(given[None], state))
            state = steps[-1].state
        weights = None if self.attention is None else torch.cat([step.weights for step in steps])  # type: ignore[misc]
        return Written(torch.cat([step.readouts for step in steps]), state, weights)

    def logits(self, readouts: Tensor) -> Tensor:
        """Predictions (..., symbols) of readouts (..., readout)."""
        return self.output(F.dropout(readouts, self.dropout, self.training))

    def _advance(self, tokens: Tensor, state: DecoderState) -> Written:
        """Read symbols (time, batch); only one step with input feeding."""
        x = self.reader(tokens)
        if state.feed is not None:
            x = torch.cat([x, state.feed[None]], dim=-1)
        result = self.stack(x, state.stack)
        seen, weights = result.outputs, None
        if self.attention is not None and state.memory is not None:
            context, weights = self.attention(result.outputs, state.memory)
            seen = torch.cat([result.outputs, context], dim=-1)
        readouts = torch.tanh(self.readout(seen))
        feed = None if state.feed is None else readouts[-1]
        return Written(readouts, DecoderState(result.state, state.memory, feed), weights)

    @torch.no_grad()
    def _drawn(self, readouts: Tensor) -> Tensor:
        """Symbols (batch,) drawn from the predictions of readouts (batch, readout)."""
        return torch.multinomial(torch.softmax(self.logits(readouts).float(), dim=-1), 1)[:, 0]
