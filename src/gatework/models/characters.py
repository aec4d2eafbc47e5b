"""Words by their characters: what is known of a word that was never seen."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gatework.layers.pooling import Pooling
from gatework.models.encoder import make_stack
from gatework.models.reading import SymbolReader
from gatework.settings import EncoderConfig


class CharacterReader(nn.Module):
    """Embedding of characters, one recurrent layer in both directions, pooling: a vector a word (Ling et al. 2015).

    Args:
        symbols: how many characters there are.
        size: width of their embedding.
        config: the layer.
        pooling: a kind of ``Pooling``, or "both": the last outputs and the greatest side by side.

    Attributes:
        width: of the vectors.

    Raises:
        InputError: as ``make_stack``.
    Reference: doi:10.18653/v1/D15-1176
    """

    def __init__(self, symbols: int, size: int, config: EncoderConfig, pooling: str) -> None:
        super().__init__()
        self.read = SymbolReader(symbols, size)
        self.stack = make_stack(config, size)
        kinds = ("last", "max") if pooling == "both" else (pooling,)
        directions = 2 if config.bidirectional else 1
        outputs = self.stack.output_size
        self.pooling = nn.ModuleList(Pooling(kind, outputs, directions=directions) for kind in kinds)  # type: ignore[arg-type]
        self.width = outputs * len(kinds)

    def forward(self, characters: Tensor, lengths: Tensor) -> Tensor:
        """Characters (characters, words) int64 of words of these lengths (words,) to vectors (words, width)."""
        outputs = self.stack(self.read(characters), lengths=lengths).outputs
        return torch.cat([pooling(outputs, lengths) for pooling in self.pooling], dim=1)
