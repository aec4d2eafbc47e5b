"""Symbols that come again: n-grams that are not to be written twice, texts that go round in circles."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def without_repeats(log_probabilities: Tensor, tokens: Tensor, n: int) -> Tensor:
    """Make impossible what would complete an n-gram that a row already has (Paulus et al. 2018, arXiv:1705.04304).

    Args:
        log_probabilities: (rows, symbols) of the next symbol.
        tokens: (rows, written) int64, so far.
        n: length of what may not repeat, at least 1.

    Returns:
        (rows, symbols).
    """
    written = tokens.shape[1]
    if written < n:
        return log_probabilities
    windows = tokens.unfold(1, n, 1)
    begun = tokens[:, None, written - n + 1 :]
    rows, places = (windows[:, :, :-1] == begun).all(dim=-1).nonzero(as_tuple=True)
    return log_probabilities.index_put((rows, windows[rows, places, -1]), log_probabilities.new_tensor(-torch.inf))


def loops(tokens: Sequence[int], *, times: int = 3, span: int = 12) -> int:
    """Whether a text ends in the same n-gram again and again, as the likeliest texts of language models do.

    Args:
        tokens: the symbols written.
        times: how often the n-gram must stand at the end, at least 2.
        span: how many symbols these must be together, so that an ellipsis or a line of blanks is no loop.

    Returns:
        The length of the shortest n-gram that repeats so; 0 where none does.

    Raises:
        ValueError: ``times`` is below 2.
    """
    if times < 2:
        raise ValueError(f"times must be at least 2, not {times}")
    tokens = list(tokens)
    for period in range(1, len(tokens) // times + 1):
        tail = tokens[-max(times * period, span) :]
        if len(tail) >= span and tail[period:] == tail[:-period]:
            return period
    return 0
