"""Parallel contiguous streams of tokens, cut into windows for truncated backpropagation through time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from gatework.errors import InputError


@dataclass(frozen=True)
class Window:
    """A cut through all streams.

    Attributes:
        inputs: (time, batch) int64.
        targets: (time, batch) int64, each the token after its input.
        resets: (time, batch) bool, true where a document begins; None where none does.
        scored: how many of the last steps count towards the loss; those before them only lengthen the
            way that gradients can go back.
        advance: steps from the first of this window to the first of the next.
    """

    inputs: Tensor
    targets: Tensor
    resets: Tensor | None
    scored: int
    advance: int

    def to(self, device: torch.device) -> Window:
        """The same on another device."""
        resets = None if self.resets is None else self.resets.to(device)
        return replace(self, inputs=self.inputs.to(device), targets=self.targets.to(device), resets=resets)


class Streams:
    """Tokens divided into ``batch`` contiguous streams and read side by side, window after window.

    Stream b holds tokens ``b * length`` to ``(b + 1) * length``, so that the state which a row has after
    one window is the state it needs before the next. Every ``stride`` steps a new window ends; it begins
    ``window`` steps before its end, or at the start of the streams.

    Args:
        tokens: 1-D integers.
        starts: sorted positions in ``tokens`` before which the state is reset.
        batch: number of streams.
        window: steps that a gradient can go back (k2).
        stride: steps between updates (k1), at most ``window``; equal to it unless given.
        name: what to call the text in errors.

    Attributes:
        length: steps of each stream.
        count: windows until the streams end.

    Raises:
        InputError: the tokens do not fill one window of every stream.
        ValueError: a size is out of range.
    """

    def __init__(
        self,
        tokens: np.ndarray,
        starts: np.ndarray,
        *,
        batch: int,
        window: int,
        stride: int | None = None,
        name: str = "text",
    ) -> None:
        stride = window if stride is None else stride
        if batch < 1 or not 1 <= stride <= window:
            raise ValueError(f"batch must be positive and 1 <= stride <= window, not {batch=} {stride=} {window=}")
        self.length = (len(tokens) - 1) // batch
        if self.length < window:
            raise InputError(
                f"the {name} has {len(tokens):,} symbols, too few for {batch} streams of one window of {window} steps",
                f"give at least {batch * window + 1:,} symbols, or a smaller --batch or --window",
            )
        self.tokens = tokens
        self.starts = starts
        self.batch = batch
        self.window = window
        self.stride = stride
        self.count = -(-self.length // stride)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Window:
        if not 0 <= index < self.count:
            raise IndexError(index)
        first, last = self._span(index)
        rows = np.stack([self.tokens[base + first : base + last + 1] for base in self._bases()], axis=1)
        block = torch.from_numpy(rows.astype(np.int64))
        following = self._span(index + 1)[0] if index + 1 < self.count else last
        return Window(
            inputs=block[:-1],
            targets=block[1:],
            resets=self._resets(first, last),
            scored=last - index * self.stride,
            advance=following - first,
        )

    def _bases(self) -> range:
        return range(0, self.length * self.batch, self.length)

    def _span(self, index: int) -> tuple[int, int]:
        end = (index + 1) * self.stride
        return max(0, end - self.window), min(end, self.length)

    def _resets(self, first: int, last: int) -> Tensor | None:
        resets = torch.zeros(last - first, self.batch, dtype=torch.bool)
        for row, base in enumerate(self._bases()):
            low, high = np.searchsorted(self.starts, (base + first, base + last))
            resets[torch.as_tensor(self.starts[low:high] - base - first), row] = True
        return resets if bool(resets.any()) else None
