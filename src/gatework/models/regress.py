"""The regressor: one or several numbers for a whole sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.data.batches import Buckets
from gatework.data.padding import Batch, padded
from gatework.data.scaling import Scaling
from gatework.data.text.symbols import Symbols
from gatework.errors import DamagedFileError
from gatework.layers.pooling import Pooling
from gatework.models.encoder import make_stack
from gatework.models.model import ExampleModel, Totals
from gatework.models.reading import SymbolReader
from gatework.settings.regress import RegressorConfig

AT_ONCE = 64


class NumberedExample(NamedTuple):
    """An encoded sequence: steps (steps,) int64 or (steps, features) float32, numbers (outputs,) float32, scaled."""

    steps: np.ndarray
    numbers: np.ndarray


@dataclass(frozen=True)
class NumberedBatch(Batch):
    """Sequences side by side: steps (time, batch, ...), lengths (batch,), numbers (batch, outputs)."""

    steps: Tensor
    lengths: Tensor
    numbers: Tensor


@dataclass(frozen=True)
class RegressorCodec:
    """What is read, symbols or scaled features, and the scale of what is predicted."""

    FILE: ClassVar[str] = "numbers.json"

    reads: Symbols | Scaling
    numbers: Scaling

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        kind = "symbols" if isinstance(self.reads, Symbols) else "features"
        return {kind: self.reads.to_json(), "numbers": self.numbers.to_json()}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild it.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        if not isinstance(value, dict) or "numbers" not in value or len({"symbols", "features"} & value.keys()) != 1:
            raise DamagedFileError("this is no description of numbers", "restore it or make it again")
        reads = Symbols.from_json(value["symbols"]) if "symbols" in value else Scaling.from_json(value["features"])
        return cls(reads, Scaling.from_json(value["numbers"]))


class Regressor(ExampleModel[RegressorConfig, RegressorCodec, NumberedExample, NumberedBatch]):
    """Embedding of symbols, recurrent stack, pooling over time, dropout, linear output; least squares.

    Args:
        config: its shape.
        codec: what it reads, and the scale of what it predicts.

    Raises:
        InputError: the cell does not exist, does not take the options, or lacks what is to be regularised.
    """

    task = "regress"
    goal = "r2"
    Config = RegressorConfig
    Codec = RegressorCodec

    def __init__(self, config: RegressorConfig, codec: RegressorCodec) -> None:
        super().__init__(config, codec)
        texts = isinstance(codec.reads, Symbols)
        self.reader = SymbolReader(len(codec.reads), config.embedding_size) if texts else None
        self.stack = make_stack(config, len(codec.reads) if self.reader is None else self.reader.width)
        self.pooling = Pooling(config.pooling, self.stack.output_size, directions=2 if config.bidirectional else 1)
        self.output = nn.Linear(self.stack.output_size, len(codec.numbers))

    def forward(self, steps: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Scaled numbers (batch, outputs) of sequences (time, batch, ...)."""
        read = steps if self.reader is None else self.reader(steps)
        hidden = self.pooling(self.stack(read, lengths=lengths).outputs, lengths)
        return self.output(F.dropout(hidden, self.config.dropout, self.training))

    def length(self, example: NumberedExample) -> int:
        """Steps of the sequence."""
        return len(example.steps)

    def collate(self, examples: Sequence[NumberedExample]) -> NumberedBatch:
        """Sequences side by side."""
        steps, lengths = padded([example.steps for example in examples])
        return NumberedBatch(steps, lengths, torch.from_numpy(np.stack([example.numbers for example in examples])))

    def loss(self, batch: NumberedBatch) -> Tensor:
        """Half the mean squared error, of scaled numbers."""
        return F.mse_loss(self(batch.steps, batch.lengths), batch.numbers) / 2

    @torch.no_grad()
    def totals(self, batch: NumberedBatch) -> Totals:
        """Squared errors, and what the variance of the numbers is made of."""
        errors = (self(batch.steps, batch.lengths) - batch.numbers).double()
        numbers, outputs = batch.numbers.double(), batch.numbers.shape[1]
        found = {"loss": float(errors.square().sum()) / 2 / outputs, "count": float(len(numbers))}
        for output in range(outputs):
            found |= {
                f"error {output}": float(errors[:, output].square().sum()),
                f"sum {output}": float(numbers[:, output].sum()),
                f"squares {output}": float(numbers[:, output].square().sum()),
            }
        return found

    def figures(self, totals: Totals) -> dict[str, float]:
        """R2, the share of variance that is explained, the mean over the outputs."""
        shares = []
        for output in range(len(self.codec.numbers)):
            spread = totals[f"squares {output}"] - totals[f"sum {output}"] ** 2 / totals["count"]
            shares.append(1 - totals[f"error {output}"] / spread if spread > 0 else 0.0)
        return {"r2": sum(shares) / len(shares)}

    @torch.no_grad()
    def numbers(self, steps: Sequence[np.ndarray]) -> np.ndarray:
        """What is predicted of encoded sequences, (sequences, outputs) float64, in its own unit."""
        found = np.zeros((len(steps), len(self.codec.numbers)))
        device = next(self.parameters()).device
        for indices in Buckets([len(one) for one in steps], batch=AT_ONCE).ordered():
            block, lengths = padded([steps[index] for index in indices])
            found[indices] = self(block.to(device), lengths.to(device)).double().cpu().numpy()
        return self.codec.numbers.undo(found)
