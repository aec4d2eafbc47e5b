"""From predictions at every frame to labels: decoding for connectionist temporal classification (Graves et al. 2006).

Of an alignment, which has a symbol or blank at each frame, repeated symbols count once and blanks not at all; a
sequence of labels is as likely as all its alignments together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gatework.data.sound.alignments import collapsed
from gatework.errors import DivergedError
from gatework.generation.hypotheses import Hypothesis
from gatework.generation.ranges import check_ranges
from gatework.layers.padding import real_steps

LanguageHook = Callable[[tuple[int, ...], int], float]
"""From the labels so far and the next one to its log-probability, in nats."""


@dataclass(frozen=True)
class CTCOptions:
    """How a prefix beam search searches and ranks: by log p(labels) + alpha * log p_language(labels) + beta * |labels|.

    Attributes:
        width: prefixes that are followed at once.
        n_best: how many sequences are given, best first; at most the width.
        least_probability: a symbol below it, at a frame, begins nothing new there; 0 considers all.
        language_weight: alpha; of no effect without a language model.
        insertion_bonus: beta, for each label: makes up for a language model's taste for short sequences.

    Raises:
        InputError: a number is out of range.
    """

    width: int = 16
    n_best: int = 1
    least_probability: float = 1e-4
    language_weight: float = 1.0
    insertion_bonus: float = 0.0

    def __post_init__(self) -> None:
        check_ranges(
            ("width", self.width, self.width >= 1, "at least 1"),
            ("n_best", self.n_best, 1 <= self.n_best <= self.width, f"from 1 to the width, {self.width}"),
            ("least_probability", self.least_probability, 0 <= self.least_probability < 1, "in [0, 1)"),
            ("language_weight", self.language_weight, 0 <= self.language_weight < math.inf, "0 or larger, and finite"),
            ("insertion_bonus", self.insertion_bonus, math.isfinite(self.insertion_bonus), "finite"),
        )


def ctc_greedy(log_probabilities: Tensor, lengths: Tensor | None = None, *, blank: int = 0) -> list[Hypothesis]:
    """Take the likeliest alignment of each row (best path decoding); its labels need not be the likeliest ones.

    Args:
        log_probabilities: (time, batch, symbols) in nats.
        lengths: (batch,) frames of each row; all where None.
        blank: the symbol for nothing.

    Returns:
        For each row the labels; the score and log-probability are the alignment's alone.

    Raises:
        TypeError, ValueError: an argument has another type, shape or range.
        DivergedError: a log-probability is no number.
    """
    found = []
    for frames in _rows(log_probabilities, lengths, blank):
        symbols, total = frames.argmax(axis=1), float(frames.max(axis=1, initial=-np.inf).sum())
        found.append(Hypothesis(collapsed(symbols, blank).tolist(), total, total, finished=True))
    return found


def ctc_beam(
    log_probabilities: Tensor,
    lengths: Tensor | None = None,
    *,
    blank: int = 0,
    options: CTCOptions | None = None,
    language: LanguageHook | None = None,
) -> list[list[Hypothesis]]:
    """Search for the likeliest labels, all their alignments summed (prefix beam search, Hannun et al. 2014).

    Exact where the beam is as wide as there are prefixes and no symbol is too improbable; otherwise probabilities
    lack the alignments whose prefixes fell out.

    Args:
        log_probabilities: (time, batch, symbols) in nats.
        lengths: (batch,) frames of each row; all where None.
        blank: the symbol for nothing.
        options: how to search.
        language: what is known of sequences of labels; asked once for each prefix and next label, of one row.

    Returns:
        For each row up to ``n_best`` label sequences, best first. ``log_probability`` is of the frames alone.

    Raises:
        TypeError, ValueError: an argument has another type, shape or range.
        DivergedError: a log-probability is no number.
    """
    options = CTCOptions() if options is None else options
    return [
        _PrefixBeam(options, language, blank, frames.shape[1]).read(frames)
        for frames in _rows(log_probabilities, lengths, blank)
    ]


def _rows(log_probabilities: Tensor, lengths: Tensor | None, blank: int) -> list[np.ndarray]:
    """Each row's frames (length, symbols), float64."""
    symbols = log_probabilities.shape[-1] if isinstance(log_probabilities, Tensor) and log_probabilities.ndim else 0
    real = real_steps("log_probabilities", log_probabilities, symbols, lengths)
    if not 0 <= blank < symbols:
        raise ValueError(f"blank must lie between 0 and {symbols - 1}, not {blank}")
    whole = log_probabilities.detach().to("cpu", torch.float64).numpy()
    rows = [whole[:length, row] for row, length in enumerate(real.sum(dim=0).tolist())]
    if any(np.isnan(frames).any() for frames in rows):
        raise DivergedError("the model's output is no number", "train it anew, with a lower rate")
    return rows


class _Prefix:
    """A sequence of labels: a node in the tree of all that were ever in the beam, one object for each."""

    __slots__ = ("asked", "children", "language", "parent", "symbol", "symbols")

    def __init__(self, parent: _Prefix | None, symbol: int, language: float) -> None:
        self.parent, self.symbol = parent, symbol
        self.symbols: tuple[int, ...] = () if parent is None else (*parent.symbols, symbol)
        self.children: dict[int, _Prefix] = {}
        self.language = language
        self.asked: dict[int, float] = {}


class _PrefixBeam:
    """The beam of one row.

    Attributes:
        prefixes: what is followed.
        blank_end, label_end: log-probability (prefixes,) of a prefix by all alignments that end in blank, or in its
            last label.
    """

    def __init__(self, options: CTCOptions, hook: LanguageHook | None, blank: int, symbols: int) -> None:
        self.options, self.hook, self.blank = options, hook, blank
        self.labels = np.delete(np.arange(symbols), blank)
        self.prefixes = [_Prefix(None, blank, 0.0)]
        self.blank_end, self.label_end = np.zeros(1), np.full(1, -np.inf)

    def read(self, frames: np.ndarray) -> list[Hypothesis]:
        """Read all frames."""
        for frame in frames:
            self._advance(frame)
        totals = np.logaddexp(self.blank_end, self.label_end)
        scores = totals + np.array([self._prior(prefix) for prefix in self.prefixes])
        best = [place for place in np.argsort(-scores, kind="stable") if totals[place] > -np.inf]
        return [
            Hypothesis(list(self.prefixes[place].symbols), float(scores[place]), float(totals[place]), finished=True)
            for place in best[: self.options.n_best]
        ]

    def _prior(self, prefix: _Prefix) -> float:
        return self.options.language_weight * prefix.language + self.options.insertion_bonus * len(prefix.symbols)

    def _advance(self, frame: np.ndarray) -> None:
        totals = np.logaddexp(self.blank_end, self.label_end)
        last = np.array([prefix.symbol for prefix in self.prefixes])
        labels = self.labels[frame[self.labels] >= _log(self.options.least_probability)]
        longer = totals[:, None] + frame[labels]
        again = last[:, None] == labels  # the same label twice needs a blank between
        longer = np.where(again, self.blank_end[:, None] + frame[labels], longer)
        blank_end, label_end = totals + frame[self.blank], self.label_end + frame[last]
        self._merge(frame, totals, labels, longer, label_end)
        priors = np.array([self._prior(prefix) for prefix in self.prefixes])
        stay = np.logaddexp(blank_end, label_end) + priors
        ranks = longer + priors[:, None] + self.options.insertion_bonus
        if self.hook is not None:
            ranks = ranks + self.options.language_weight * self._asked(labels, longer)
        self._keep(np.concatenate([stay, ranks.ravel()]), labels, blank_end, label_end, longer.ravel())

    def _merge(
        self, frame: np.ndarray, totals: np.ndarray, labels: np.ndarray, longer: np.ndarray, label_end: np.ndarray
    ) -> None:
        """Give to prefixes in the beam what their parents in the beam would become by the same label."""
        places = {id(prefix): place for place, prefix in enumerate(self.prefixes)}
        column = {label: place for place, label in enumerate(labels.tolist())}
        for place, prefix in enumerate(self.prefixes):
            parent = places.get(id(prefix.parent))
            if parent is None:
                continue
            begun = self.blank_end if self.prefixes[parent].symbol == prefix.symbol else totals
            label_end[place] = np.logaddexp(label_end[place], begun[parent] + frame[prefix.symbol])
            if prefix.symbol in column:
                longer[parent, column[prefix.symbol]] = -np.inf

    def _asked(self, labels: np.ndarray, longer: np.ndarray) -> np.ndarray:
        """What the language model says (prefixes, labels) of all that is possible."""
        assert self.hook is not None
        said = np.zeros(longer.shape)
        for place, column in np.argwhere(longer > -np.inf).tolist():
            prefix, label = self.prefixes[place], int(labels[column])
            if label not in prefix.asked:
                prefix.asked[label] = self.hook(prefix.symbols, label)
            said[place, column] = prefix.asked[label]
        return said

    def _keep(
        self,
        ranks: np.ndarray,
        labels: np.ndarray,
        blank_end: np.ndarray,
        label_end: np.ndarray,
        longer: np.ndarray,
    ) -> None:
        """Go on with the best: of the prefixes as they are, then of those with one label more."""
        best = np.argsort(-ranks, kind="stable")[: self.options.width]
        best = best[ranks[best] > -np.inf]
        old = len(self.prefixes)
        if not len(best):  # nothing is possible: all stay, with no probability
            best = np.arange(old)
        stays, places = best < old, np.where(best < old, 0, best - old)
        kept = np.where(stays, best, 0)
        self.blank_end = np.where(stays, blank_end[kept], -np.inf)
        self.label_end = np.where(stays, label_end[kept], longer[places] if len(longer) else -np.inf)
        chosen = []
        for index in best.tolist():
            if index < old:
                chosen.append(self.prefixes[index])
            else:
                place, column = divmod(index - old, len(labels))
                chosen.append(self._child(self.prefixes[place], int(labels[column])))
        self.prefixes = chosen

    def _child(self, prefix: _Prefix, label: int) -> _Prefix:
        if label not in prefix.children:
            prefix.children[label] = _Prefix(prefix, label, prefix.language + prefix.asked.get(label, 0.0))
        return prefix.children[label]


def _log(probability: float) -> float:
    return math.log(probability) if probability else -math.inf
