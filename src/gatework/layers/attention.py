"""Attention: a query looks over a memory of vectors and reads what fits it."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from gatework.engine.contract import check_tensor
from gatework.layers.layer import check_count
from gatework.layers.padding import real_steps, shares

AttentionKind = Literal["additive", "dot", "general"]


class Memory(NamedTuple):
    """What queries look over, prepared once.

    Attributes:
        keys: (time, batch, key) what queries are compared with.
        values: (time, batch, memory) what they read, zero in the padding.
        real: (time, batch) bool, false in the padding.
    """

    keys: Tensor
    values: Tensor
    real: Tensor

    def select(self, rows: Tensor) -> Memory:
        """The memory of other rows: those of these indices (n,), each as often as it is named."""
        return Memory(*(part.index_select(1, rows) for part in self))


class Attention(nn.Module):
    r"""Content-based attention of one head, with the scores of Bahdanau, Cho and Bengio 2014 or of Luong et al. 2015.

    For a query s (h_t in Luong's letters) and the vectors h_1 .. h_T of the memory:

        e_j = v_a' tanh(W_a s + U_a h_j)                   additive (Bahdanau)
        e_j = s' h_j                                       dot (Luong)
        e_j = s' W_a h_j                                   general (Luong)
        alpha_j = exp(e_j) / sum_k exp(e_k)                the weights, over real steps
        c = sum_j alpha_j h_j                              the context

    Differences from the papers: weights begin as those of ``torch.nn.Linear``.

    Args:
        query_size: width of the queries.
        memory_size: width of the memory's vectors and of the context.
        kind: how queries and memory are compared.
        size: width of the layer of tanh in the additive score; the query's where None.

    Shapes:
        values (time, batch, memory); query (batch, query) or (steps, batch, query).
        Parameters: size * (query + memory + 1) for additive, query * memory for general, none for dot.

    Raises:
        ValueError: the kind does not exist, a size is not positive, a ``size`` is given to another kind than the
            additive, or ``dot`` is to compare vectors of different widths.
        TypeError: a size is no integer.
    References: arXiv:1409.0473; arXiv:1508.04025
    """

    def __init__(
        self, query_size: int, memory_size: int, *, kind: AttentionKind = "additive", size: int | None = None
    ) -> None:
        super().__init__()
        check_count("query_size", query_size)
        check_count("memory_size", memory_size)
        if kind not in get_args(AttentionKind):
            raise ValueError(f"kind must be 'additive', 'dot' or 'general', not {kind!r}")
        if kind != "additive" and size is not None:
            raise ValueError(f"size is of the additive attention: leave it out for {kind!r}")
        if kind == "dot" and query_size != memory_size:
            raise ValueError(f"dot compares vectors of one width, not {query_size} and {memory_size}: take 'general'")
        self.query_size, self.memory_size, self.kind = query_size, memory_size, kind
        if kind == "additive":
            size = query_size if size is None else size
            check_count("size", size)
            self.W_a = nn.Linear(query_size, size, bias=False)
            self.U_a = nn.Linear(memory_size, size, bias=False)
            self.v_a = nn.Linear(size, 1, bias=False)
        elif kind == "general":
            self.W_a = nn.Linear(memory_size, query_size, bias=False)

    def prepare(self, values: Tensor, lengths: Tensor | None = None) -> Memory:
        """Project what all queries of a sequence are compared with.

        Args:
            values: (time, batch, memory); what stands past a row's length is not read.
            lengths: (batch,) real steps of each row; all where None. Rows of length 0 give a context of zeros.

        Raises:
            TypeError, ValueError: an argument has another type, shape or range.
        """
        real = real_steps("values", values, self.memory_size, lengths)
        values = torch.where(real[:, :, None], values, 0)
        if self.kind == "dot":
            return Memory(values, values, real)
        return Memory(self.U_a(values) if self.kind == "additive" else self.W_a(values), values, real)

    def forward(self, query: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Read the memory.

        Args:
            query: (batch, query), or (steps, batch, query): several at once, which know nothing of one another.
            memory: what ``prepare`` gave, with as many rows.

        Returns:
            The context (batch, memory) or (steps, batch, memory), and the weights (batch, time) or
            (steps, batch, time), zero in the padding.

        Raises:
            TypeError, ValueError: the query has another type or shape.
        """
        check_tensor("query", query)
        batch = memory.real.shape[1]
        if query.ndim not in (2, 3) or query.shape[-2:] != (batch, self.query_size):
            expected = f"({batch}, {self.query_size}) or (steps, {batch}, {self.query_size})"
            raise ValueError(f"query must be {expected}, not {tuple(query.shape)}")
        if query.ndim == 2:
            context, weights = self(query[None], memory)
            return context[0], weights[0]
        weights = shares(self._scores(query, memory.keys), memory.real.T[:, None])
        context = weights @ memory.values.transpose(0, 1)
        return context.transpose(0, 1), weights.transpose(0, 1)

    def _scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """The letters e: (batch, steps, time)."""
        queries, keys = query.transpose(0, 1), keys.transpose(0, 1)
        if self.kind != "additive":
            return queries @ keys.transpose(1, 2)
        return self.v_a(torch.tanh(self.W_a(queries)[:, :, None] + keys[:, None])).squeeze(-1)

    def extra_repr(self) -> str:
        """Options, for printing."""
        return f"query_size={self.query_size}, memory_size={self.memory_size}, kind={self.kind!r}"
