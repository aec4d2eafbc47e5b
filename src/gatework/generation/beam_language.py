"""The likeliest texts of a language model, by beam search."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from gatework.errors import InputError
from gatework.generation.beam import Step, beam_search
from gatework.generation.hypotheses import BeamOptions
from gatework.generation.text import as_text
from gatework.generation.writing import Documents, possible, prompt_tokens
from gatework.layers import select_rows
from gatework.models.language import LanguageModel


def beam_text(
    model: LanguageModel,
    prompt: str = "",
    length: int = 100,
    options: BeamOptions | None = None,
    *,
    to_end: bool = False,
) -> list[tuple[str, float]]:
    """Search for the likeliest texts that go on from a prompt.

    What is likeliest is often dull: wide beams end in loops, which ``loops`` finds and ``block_ngrams`` forbids.
    n-grams of the prompt may come again.

    Args:
        model: the writer.
        prompt: what the texts go on from; not repeated in the results.
        length: symbols to write, in place of the options' ``maximum_length``.
        options: how to search.
        to_end: a text ends where its document does, at the latest after ``length`` symbols; otherwise all texts are
            ``length`` symbols long and go on into new documents, as those of ``generate``.

    Returns:
        ``n_best`` pairs of a text and its score, see ``BeamOptions``; best first.

    Raises:
        InputError: the prompt has symbols that the model does not know, the length is too small, or texts are to go
            ``to_end`` and the model's documents have none of one symbol.
        DivergedError: the model's output is no number.
    """
    options = BeamOptions() if options is None else options
    least = max(1, options.minimum_length)
    if length < least:
        raise InputError(f"length is {length}", f"it must be at least {least}")
    ending = model.document_end
    if to_end and len(ending) != 1:
        found = f"end with {len(ending)} symbols" if ending else "have no end"
        raise InputError(f"the documents of this model {found}", "leave out to_end: give a length")
    start = prompt_tokens(model, prompt).T
    training = model.training
    model.eval()
    try:
        decoder = LanguageDecoder(model)
        first, state = decoder.begin(start)
        limits = torch.tensor([length])
        end = ending[0] if to_end else None
        (hypotheses,) = beam_search(decoder, first, state, end=end, options=options, limits=limits)
    finally:
        model.train(training)
    return [(as_text(model.vocabulary, one.tokens), one.score) for one in hypotheses]


class Reading(NamedTuple):
    """Where rows of a language model are.

    Attributes:
        state: the model's.
        recent: (rows, n) the last symbols, of which a document's end may begin; -1 where there are none.
    """

    state: tuple
    recent: Tensor


class LanguageDecoder:
    """A language model for ``beam_search``; where a document ends, the state returns to the initial one.

    Args:
        model: in evaluation mode.
    """

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        self.device = next(model.parameters()).device
        self.ending = torch.tensor(model.document_end, dtype=torch.int64, device=self.device)

    @torch.no_grad()
    def begin(self, start: Tensor) -> tuple[Tensor, Reading]:
        """Read a prompt (n, 1) but for its last symbol (1,): that, and where the model is."""
        first = start[-1].to(self.device)
        if len(start) == 1:  # as if a document had just ended: what this symbol then does is to begin another
            return first, Reading(self.model.stack.initial_state(1), self.ending[None, :-1])
        resets = Documents(self.model, start).prompt_resets
        resets = None if resets is None else resets[:-1]
        _, state = self.model(start[:-1].to(self.device), resets=resets)
        ends = [] if resets is None else resets.nonzero()[:, 0].tolist()
        read = start[max([0, *ends]) + 1 : -1, 0]  # the very first symbol ends nothing
        kept = max(0, len(self.ending) - 1)
        recent = torch.cat([torch.full((kept,), -1), read])[len(read) :]
        return first, Reading(state, recent[None].to(self.device))

    def step(self, tokens: Tensor, state: Reading) -> Step:
        """Read one symbol a row."""
        model, recent = self.model, torch.cat([state.recent, tokens[:, None]], dim=1)
        ends = (recent == self.ending).all(dim=1) if len(self.ending) else torch.zeros_like(tokens, dtype=torch.bool)
        if bool(ends.any()):
            logits, after = model(tokens[None], state.state, resets=ends[None])
            logits = logits[0]
        else:
            logits, after = model.step(tokens, state.state)
        recent = torch.where(ends[:, None], -1, recent)[:, 1:] if len(self.ending) else state.recent
        exact = torch.promote_types(logits.dtype, torch.float32)
        return Step(torch.log_softmax(possible(model, logits), dim=-1, dtype=exact), Reading(after, recent))

    def select(self, state: Reading, rows: Tensor) -> Reading:
        """The reading of other rows."""
        return select_rows(state, rows)
