"""What stands before the recurrent layers: symbols as vectors, one-hot or learned."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class SymbolReader(nn.Module):
    """Symbols (time, batch) int64 to vectors (time, batch, width).

    Args:
        symbols: how many there are.
        size: width of the learned embedding; 0: one-hot.
        dropout: share of the vectors' entries that is dropped in training.

    Attributes:
        width: of the vectors.
    """

    def __init__(self, symbols: int, size: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.symbols = symbols
        self.width = size or symbols
        self.dropout = dropout
        self.embedding = nn.Embedding(symbols, size) if size else None

    def forward(self, tokens: Tensor) -> Tensor:
        """Look the vectors up."""
        if self.embedding is None:
            return F.one_hot(tokens, self.symbols).float()
        return F.dropout(self.embedding(tokens), self.dropout, self.training)
