"""Translations by beam search, unknown words replaced by what was attended to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gatework.data.batches import Buckets
from gatework.data.padding import padded
from gatework.data.text.symbols import END, Symbols
from gatework.data.translation.language_pair import LanguagePair, name_of
from gatework.data.translation.parallel import read_parallel_table
from gatework.errors import InputError
from gatework.generation.beam import Step, beam_search
from gatework.generation.hypotheses import BeamOptions, Hypothesis
from gatework.models.attentive_decoder import AttentiveDecoder, DecoderState
from gatework.models.translate import TranslationModel
from gatework.settings.tasks.translate import TranslationPrediction


@dataclass(frozen=True)
class Translation:
    """One translation of a source.

    Attributes:
        text: as one reads it.
        score: what it was ranked by; larger is better.
        symbols: what was written, without the end.
        attention: (symbols, source steps, its end included) where each was read from; None without attention.
    """

    text: str
    score: float
    symbols: tuple[str, ...] = ()
    attention: Tensor | None = None


class DecoderSearch:
    """An attentive decoder for ``beam_search``; the symbol that starts a text is never written.

    Args:
        decoder: in evaluation mode.
        start: that symbol.
    """

    def __init__(self, decoder: AttentiveDecoder, start: int) -> None:
        self.decoder = decoder
        self.start = start

    def step(self, tokens: Tensor, state: DecoderState) -> Step:
        """Read one symbol a row."""
        written = self.decoder(tokens[None], state)
        logits = self.decoder.logits(written.readouts[0])
        logits[:, self.start] = -torch.inf
        exact = torch.promote_types(logits.dtype, torch.float32)
        weights = None if written.weights is None else written.weights[0]
        return Step(torch.log_softmax(logits, dim=-1, dtype=exact), written.state, weights)

    def select(self, state: DecoderState, rows: Tensor) -> DecoderState:
        """The state of other rows."""
        return state.select(rows)


class Translator:
    """A model with all that its answers need.

    Args:
        model: what translates; it is put into evaluation mode.
        options: how.

    Raises:
        InputError: unknown words are to be replaced, but the model has no attention or no words; there is a coverage
            penalty but no attention; the dictionary cannot be read.
    """

    def __init__(self, model: TranslationModel, options: TranslationPrediction | None = None) -> None:
        self.model = model.eval()
        self.options = TranslationPrediction() if options is None else options
        self.replaces = self.options.replace_unknown or self.options.dictionary is not None
        if self.replaces:
            _check_replaceable(model)
        if self.options.coverage_penalty and model.config.attention == "none":
            raise InputError("the model has no attention that could cover the source", "leave out --coverage-penalty")
        self.dictionary: dict[str, str] = {}
        if self.options.dictionary is not None:
            self.dictionary = _read_dictionary(self.options.dictionary, model.codec)

    def translate(
        self,
        texts: Sequence[str],
        *,
        poll: Callable[[], None] = lambda: None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> list[list[Translation]]:
        """Translate texts, those of like length side by side.

        Args:
            texts: any number; an empty one has an empty translation.
            poll: called often; raises to give up.
            progress: told the batches done and how many there are.

        Returns:
            For each text up to ``n_best`` translations, best first.
        """
        sources = [self.model.codec.read(text) for text in texts]
        found = [[Translation("", 0.0)] for _ in texts]
        filled = [place for place, source in enumerate(sources) if len(source) > 1]
        batches = Buckets([len(sources[place]) for place in filled], batch=self.options.batch).ordered()
        for done, batch in enumerate(batches):
            poll()
            progress(done, len(batches))
            places = [filled[index] for index in batch]
            for place, hypotheses in zip(places, self._search([sources[one] for one in places]), strict=True):
                found[place] = [self._translation(texts[place], one) for one in hypotheses]
        return found

    @torch.no_grad()
    def _search(self, sources: Sequence[np.ndarray]) -> list[list[Hypothesis]]:
        model, options = self.model, self.options
        tokens, lengths = padded(sources)
        device = next(model.parameters()).device
        state = model.encode(tokens.to(device), lengths.to(device))
        return beam_search(
            DecoderSearch(model.decoder, model.codec.start),
            torch.full((len(sources),), model.codec.start, device=device),
            state,
            end=model.codec.end,
            options=BeamOptions(
                width=options.beam,
                length_penalty=options.length_penalty,
                coverage_penalty=options.coverage_penalty,
                block_ngrams=options.block_ngrams,
                n_best=options.n_best,
                minimum_length=1,  # a text that says something has a translation
            ),
            limits=torch.tensor([math.ceil(options.length_limit * len(source)) + 10 for source in sources]),
            source_lengths=lengths,
        )

    def _translation(self, source: str, hypothesis: Hypothesis) -> Translation:
        languages = self.model.codec
        replacements: list[str | None] = []
        if self.replaces and hypothesis.attention is not None:
            words = languages.source.split(source)
            attended = hypothesis.attention[:, :-1].argmax(dim=1).tolist()  # the end is no word
            replacements = [
                None if token else self.dictionary.get(words[place], words[place])
                for token, place in zip(hypothesis.tokens, attended, strict=True)
            ]
        symbols = tuple(name_of(languages.target, token) for token in hypothesis.tokens)
        text = languages.text(hypothesis.tokens, replacements)
        return Translation(text, hypothesis.score, symbols, hypothesis.attention)


def source_symbols(languages: LanguagePair, text: str) -> list[str]:
    """What a model reads of a text, the end included: the columns of ``Translation.attention``."""
    return [*languages.source.split(text), END]


def _check_replaceable(model: TranslationModel) -> None:
    if model.config.attention == "none":
        raise InputError("the model has no attention that could say which word is unknown", "leave out the replacing")
    target = model.codec.target
    if not isinstance(target, Symbols) or target.splitting == "character":
        raise InputError("the model does not write words, so none is unknown", "leave out the replacing")


def _read_dictionary(path: str, languages: LanguagePair) -> dict[str, str]:
    pairs: Mapping[str, str] = {pair.source: pair.target for pair in read_parallel_table(path)}
    lower = languages.source.lower
    return {(source.lower() if lower else source): target for source, target in pairs.items()}
