"""What a beam search writes, and how it is scored."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gatework.generation.ranges import check_ranges


@dataclass(frozen=True)
class Hypothesis:
    """One of the texts that a beam search found.

    Attributes:
        tokens: the symbols, without the one that ends it.
        score: what it was ranked by, see ``BeamOptions``; larger is better.
        log_probability: of the symbols and the end, in nats.
        finished: whether it has its end; false where it was cut at the longest length, or no symbol was possible.
        attention: (tokens, source) what each symbol was read from, if the decoder tells; on the CPU.
    """

    tokens: list[int]
    score: float
    log_probability: float
    finished: bool
    attention: Tensor | None = None


@dataclass(frozen=True)
class BeamOptions:
    r"""How a beam search searches and ranks: s(Y) as in Wu et al. 2016, arXiv:1609.08144, section 7.

        s(Y)  = log P(Y) / lp(Y) + cp(Y)
        lp(Y) = ((5 + |Y|) / 6) ** alpha
        cp(Y) = beta * sum_j log min(sum_i p_ij, 1)

    |Y| counts the symbols and the end; p_ij is the attention of output i to source step j.

    Attributes:
        width: hypotheses that are followed at once; 1 always takes the likeliest symbol (greedy).
        length_penalty: alpha, at least 0; 0 ranks by probability, which favours short texts, 1 nearly by the mean
            over symbols.
        coverage_penalty: beta, at least 0; above 0 prefers texts that have read all of their source.
        block_ngrams: no n-gram of this length is written twice in one hypothesis; None lets them.
        n_best: how many hypotheses are given, best first; at most the width.
        minimum_length: symbols before the end is allowed.
        maximum_length: symbols after which the end must come.

    Raises:
        InputError: a number is out of range.
    """

    width: int = 5
    length_penalty: float = 0.0
    coverage_penalty: float = 0.0
    block_ngrams: int | None = None
    n_best: int = 1
    minimum_length: int = 0
    maximum_length: int = 200

    def __post_init__(self) -> None:
        least, most = self.minimum_length, self.maximum_length
        penalty = "0 or larger, and finite"
        check_ranges(
            ("width", self.width, self.width >= 1, "at least 1"),
            ("length_penalty", self.length_penalty, 0 <= self.length_penalty < math.inf, penalty),
            ("coverage_penalty", self.coverage_penalty, 0 <= self.coverage_penalty < math.inf, penalty),
            ("block_ngrams", self.block_ngrams, self.block_ngrams is None or self.block_ngrams >= 1, "at least 1"),
            ("n_best", self.n_best, 1 <= self.n_best <= self.width, f"from 1 to the width, {self.width}"),
            ("maximum_length", most, most >= 1, "at least 1"),
            ("minimum_length", least, 0 <= least <= most, f"from 0 to maximum_length, {most}"),
        )

    def score(self, log_probability: float, length: int, attention: Tensor | None = None) -> float:
        """The letters s(Y).

        Args:
            log_probability: of all symbols and the end.
            length: their number.
            attention: (length, source) of all real source steps; needed where there is a coverage penalty.
        """
        score = log_probability / ((5 + length) / 6) ** self.length_penalty
        if self.coverage_penalty and attention is not None:
            read = attention.double().sum(dim=0).clamp(torch.finfo(torch.float64).tiny, 1)  # unread is not -inf
            score += self.coverage_penalty * float(read.log().sum())
        return score

    def bound(self, log_probability: float, longest: int) -> float:
        """What no continuation can score above: nothing more is lost, the length is the longest, all is covered."""
        return log_probability / ((5 + longest) / 6) ** self.length_penalty
