"""Beam search for every model that writes symbol by symbol, several sources at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from gatework.errors import DivergedError
from gatework.generation.hypotheses import BeamOptions, Hypothesis
from gatework.generation.repeats import without_repeats


class Step(NamedTuple):
    """What a decoder makes of one symbol a row.

    Attributes:
        log_probabilities: (rows, symbols) of the next symbol, in nats; -inf for what is impossible.
        state: what the next step starts from.
        attention: (rows, source) where the decoder looked; None if it has none to tell.
    """

    log_probabilities: Tensor
    state: Any
    attention: Tensor | None = None


class Decoder(Protocol):
    """What can be searched: anything that reads a symbol and predicts the next. Rows are independent."""

    def step(self, tokens: Tensor, state: Any) -> Step:
        """Read one symbol a row, tokens (rows,) int64."""

    def select(self, state: Any, rows: Tensor) -> Any:
        """The state of other rows: of these indices (n,) int64, each as often as it is named, some not at all."""


@torch.no_grad()
def beam_search(
    decoder: Decoder,
    first: Tensor,
    state: Any,
    *,
    end: int | None,
    options: BeamOptions | None = None,
    limits: Tensor | None = None,
    source_lengths: Tensor | None = None,
) -> list[list[Hypothesis]]:
    """Find likely texts.

    The beam of a source holds ``width`` places. At each step the likeliest continuations take those that are left;
    one that ends keeps its place and the search goes on with fewer. It stops where no place is left, or where no
    hypothesis in the beam could still be among the ``n_best``, whatever followed: so stopping changes no result.

    Args:
        decoder: what predicts; should be in evaluation mode.
        first: (sources,) int64, the symbol that each source's decoder reads first; not part of the result.
        state: of as many rows, before it reads them.
        end: the symbol that ends a text; None where only the length does.
        options: how to search.
        limits: (sources,) the longest length of each, in place of ``maximum_length``; at least ``minimum_length``.
        source_lengths: (sources,) real steps of what the attention looks at; all where None.

    Returns:
        For each source up to ``n_best`` hypotheses, best first: always one, fewer only where so few are possible.

    Raises:
        ValueError: limits are out of range, or there is a coverage penalty and the decoder tells no attention.
        DivergedError: the decoder's output is no number.
    """
    search = _Search(len(first), end, BeamOptions() if options is None else options, limits, source_lengths)
    beam = _Beam.start(first)
    while len(beam.tokens):
        step = decoder.step(beam.read, state)
        beam, parents = search.advance(beam, step)
        state = decoder.select(step.state, parents)
    return search.best()


class _Beam(NamedTuple):
    """Hypotheses that go on, those of one source beside each other.

    Attributes:
        read: (rows,) the symbol to be read next.
        tokens: (rows, written).
        totals: (rows,) log-probabilities.
        sources: (rows,) in rising order.
        attention: (rows, written, source) or None.
    """

    read: Tensor
    tokens: Tensor
    totals: Tensor
    sources: Tensor
    attention: Tensor | None

    @classmethod
    def start(cls, first: Tensor) -> _Beam:
        rows = len(first)
        totals = torch.zeros(rows, device=first.device)
        return cls(first, first.new_zeros(rows, 0), totals, torch.arange(rows, device=first.device), None)

    def onward(self, chosen: list[_Continuation], attention: Tensor | None) -> tuple[_Beam, Tensor]:
        """These continuations, and the rows that they continue; the attention is of this beam's rows."""
        rows = self.sources.new_tensor([one.row for one in chosen])
        symbols = self.tokens.new_tensor([one.symbol for one in chosen])
        tokens = torch.cat([self.tokens[rows], symbols[:, None]], dim=1)
        totals = torch.tensor([one.total for one in chosen], dtype=self.totals.dtype, device=self.totals.device)
        return _Beam(symbols, tokens, totals, self.sources[rows], None if attention is None else attention[rows]), rows


class _Continuation(NamedTuple):
    """One more symbol for a row of a beam."""

    total: float
    row: int
    symbol: int


class _Search:
    """What was found so far, and the rules by which it goes on."""

    def __init__(
        self,
        sources: int,
        end: int | None,
        options: BeamOptions,
        limits: Tensor | None,
        source_lengths: Tensor | None,
    ) -> None:
        self.end, self.options = end, options
        self.limits = [options.maximum_length] * sources if limits is None else limits.tolist()
        least = max(1, options.minimum_length)
        if len(self.limits) != sources or any(limit < least for limit in self.limits):
            raise ValueError(f"limits must be {sources} numbers of at least {least}, not {self.limits}")
        self.source_lengths = None if source_lengths is None else source_lengths.tolist()
        self.found: list[list[Hypothesis]] = [[] for _ in range(sources)]
        self.places = [options.width] * sources

    def best(self) -> list[list[Hypothesis]]:
        """The result."""
        return [hypotheses[: self.options.n_best] for hypotheses in self.found]

    def advance(self, beam: _Beam, step: Step) -> tuple[_Beam, Tensor]:
        """Take one symbol more; also gives the rows that the new ones come from."""
        attention = step.attention
        if attention is not None:
            attention = attention[:, None]
            attention = attention if beam.attention is None else torch.cat([beam.attention, attention], dim=1)
        elif self.options.coverage_penalty:
            raise ValueError("coverage_penalty needs a decoder whose steps tell their attention")
        beam = beam._replace(totals=beam.totals.to(step.log_probabilities.dtype), attention=attention)
        chosen: list[_Continuation] = []
        for source, rows, ranked in self._ranked(beam, self._allowed(beam, step.log_probabilities)):
            chosen += self._settle(beam, source, rows, ranked)
        return beam.onward(chosen, attention)

    def _allowed(self, beam: _Beam, log_probabilities: Tensor) -> Tensor:
        """The log-probabilities, -inf where the options forbid a symbol."""
        written = beam.tokens.shape[1]
        if self.options.block_ngrams is not None:
            log_probabilities = without_repeats(log_probabilities, beam.tokens, self.options.block_ngrams)
        if self.end is None:
            return log_probabilities
        must_end = [self.limits[source] <= written for source in beam.sources.tolist()]
        if written >= self.options.minimum_length and not any(must_end):
            return log_probabilities
        is_end = torch.arange(log_probabilities.shape[1], device=beam.sources.device) == self.end
        if written < self.options.minimum_length:
            return log_probabilities.masked_fill(is_end, -torch.inf)
        forced = torch.tensor(must_end, device=beam.sources.device)
        return log_probabilities.masked_fill(forced[:, None] & ~is_end, -torch.inf)

    def _ranked(self, beam: _Beam, log_probabilities: Tensor) -> Iterator[tuple[int, range, list[_Continuation]]]:
        """Each source, its rows of the beam, and its best possible continuations, as many as there are places."""
        most = min(self.options.width, log_probabilities.shape[1])
        best = log_probabilities.topk(most)  # no row gives a source more than it has places
        if bool(best.values.isnan().any()):  # the greatest, to topk
            raise DivergedError("the model's output is no number", "train it anew, with a lower rate")
        totals, symbols = beam.totals[:, None] + best.values, best.indices
        sources, place, counts = beam.sources.unique_consecutive(return_inverse=True, return_counts=True)
        begins = counts.cumsum(0) - counts
        beside = totals.new_full((len(sources), int(counts.max()), most), -torch.inf)
        beside[place, torch.arange(len(totals), device=place.device) - begins[place]] = totals
        beside = beside.flatten(1)
        ranks = beside.topk(min(self.options.width, beside.shape[1]))
        rows = (begins[:, None] + ranks.indices // most).clamp(max=len(totals) - 1)  # what is possible is in range
        columns = (ranks.values.tolist(), rows.tolist(), symbols[rows, ranks.indices % most].tolist())
        for source, begin, count, *found in zip(
            sources.tolist(), begins.tolist(), counts.tolist(), *columns, strict=True
        ):
            ranked = [_Continuation(*one) for one in zip(*found, strict=True) if one[0] > -math.inf]
            yield source, range(begin, begin + count), ranked[: self.places[source]]

    def _settle(self, beam: _Beam, source: int, rows: range, ranked: list[_Continuation]) -> list[_Continuation]:
        """Keep what ends; give what goes on, nothing once the source is done."""
        live = [one for one in ranked if one.symbol != self.end]
        for total, row, symbol in ranked:
            if symbol == self.end:
                self._keep(source, beam, row, [], total)
        self.places[source] -= len(ranked) - len(live)
        length = beam.tokens.shape[1] + 1
        if self.end is None and length == self.limits[source]:
            for total, row, symbol in live:
                self._keep(source, beam, row, [symbol], total)
            return []
        if not ranked and not self.found[source]:
            for row in rows:
                self._keep(source, beam, row, [], float(beam.totals[row]), possible=False)
        return live if self._may_improve(source, live) else []

    def _may_improve(self, source: int, live: list[_Continuation]) -> bool:
        """Whether one of these, given in falling order, could still be among the best."""
        found, wanted = self.found[source], self.options.n_best
        if not live or len(found) < wanted:
            return bool(live)
        longest = self.limits[source] + (self.end is not None)
        return self.options.bound(live[0].total, longest) > found[wanted - 1].score

    def _keep(
        self, source: int, beam: _Beam, row: int, last: list[int], total: float, *, possible: bool = True
    ) -> None:
        """Add a hypothesis: a row of the beam and what it writes last."""
        tokens = beam.tokens[row].tolist() + last
        finished = possible and self.end is not None
        length = len(tokens) + finished
        attention = None
        if beam.attention is not None:
            real = None if self.source_lengths is None else self.source_lengths[source]
            attention = beam.attention[row, :length, :real].cpu()
        score = self.options.score(total, length, attention)
        attention = None if attention is None else attention[: len(tokens)].clone()
        found = self.found[source]
        found.append(Hypothesis(tokens, score, total, finished, attention))
        found.sort(key=lambda one: one.score, reverse=True)
