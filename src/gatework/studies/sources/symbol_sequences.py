"""Sequences of symbols in three parts, from a text or from a known model, as networks and hidden Markov models read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gatework.errors import InputError
from gatework.studies.sources.hidden_markov import HiddenMarkov, Symbols


@dataclass(frozen=True)
class SymbolSequences:
    """Sequences side by side; each begins anew.

    Attributes:
        train: (length, sequences).
        validation: (length, sequences), to stop a training by.
        test: (length, sequences), to measure on.
        symbols: how many there are.
    """

    train: Symbols
    validation: Symbols
    test: Symbols
    symbols: int

    def unigram_nats(self) -> float:
        """The loss of predicting each symbol by how often it comes in the training part (add-one), without memory."""
        counts = np.bincount(self.train.ravel(), minlength=self.symbols) + 1.0
        return float(-np.log(counts / counts.sum())[self.test].mean())


def known_sequences(source: HiddenMarkov, length: int, count: int, held_out: int, seed: int) -> SymbolSequences:
    """Draws from a known model: of ``count`` sequences a tenth is for validation, at least one."""
    random = np.random.default_rng(seed)
    drawn = source.sample(length, count, random)
    kept = max(1, count // 10)
    test = source.sample(length, held_out, random)
    return SymbolSequences(drawn[:, kept:], drawn[:, :kept], test, source.emission.shape[1])


def text_sequences(path: Path, characters: int, held_out: int, streams: int) -> SymbolSequences:
    """The first characters of a text, a tenth of them for validation, and those after them to measure on.

    Raises:
        InputError: the text is too short.
    """
    text = path.read_text(encoding="utf-8")
    if len(text) < characters + held_out:
        raise InputError(f"{path} has {len(text)} characters", f"give one of {characters + held_out} at least")
    known = sorted(set(text))
    ids = np.searchsorted(known, list(text[: characters + held_out])).astype(np.int64)
    split = characters - characters // 10
    parts = (ids[:split], ids[split:characters], ids[characters:])
    train, validation, test = (_side_by_side(part, streams) for part in parts)
    return SymbolSequences(train, validation, test, len(known))


def _side_by_side(ids: Symbols, streams: int) -> Symbols:
    """A run of symbols cut into so many of equal length, (length, streams); what is left over is dropped."""
    length = len(ids) // streams
    return np.ascontiguousarray(ids[: length * streams].reshape(streams, length).T)
