"""Text written by a language model, symbol by symbol."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatework.data.corpora.separator import SeparatorFinder
from gatework.engine.generator import Generator as NativeGenerator
from gatework.errors import DivergedError, InputError
from gatework.generation.native import native_generator
from gatework.generation.sampling import Sampling
from gatework.generation.text import as_text
from gatework.models.language import LanguageModel

MOST_SAMPLES = 10_000
RECENT = 64
"""How many of the last symbols the repetition penalty looks at."""

_MOST_AT_ONCE = 1 << 14  # symbols, in all rows, that the native loop reads or writes at once
_SECONDS_AT_ONCE = 0.05


def generate(
    model: LanguageModel,
    prompt: str = "",
    *,
    length: int = 500,
    seed: int | None = None,
    sampling: Sampling | None = None,
    **options: Any,
) -> str:
    """Write one text.

    Args:
        model: the writer.
        prompt: what the text goes on from; not repeated in the result.
        length: symbols to write.
        seed: the same seed gives the same text; drawn anew where None.
        sampling: how symbols are drawn.
        **options: or its fields, as ``temperature=0.5, top_k=40``.

    Raises:
        InputError: the prompt has symbols that the model does not know; an option is out of range.
        TypeError: an option does not exist, or is given beside a sampling.
    """
    chunks = _sample(model, prompt, length, seed, 1, _one_sampling(sampling, options))
    return as_text(model.vocabulary, (symbol for chunk in chunks for symbol in chunk[:, 0].tolist()))


def generate_batch(
    model: LanguageModel,
    prompt: str = "",
    *,
    samples: int,
    length: int = 500,
    seed: int | None = None,
    sampling: Sampling | None = None,
    **options: Any,
) -> list[str]:
    """Write several texts at once as one batch; arguments and errors as ``generate``."""
    chunks = _sample(model, prompt, length, seed, samples, _one_sampling(sampling, options))
    return [as_text(model.vocabulary, column) for column in torch.cat(list(chunks)).T.tolist()]


def sample_tokens(
    model: LanguageModel,
    prompt: str,
    *,
    length: int,
    seed: int | None = None,
    samples: int = 1,
    sampling: Sampling,
    poll: Callable[[], None] = lambda: None,
) -> Iterator[Tensor]:
    """Draw symbols one step at a time.

    Without a prompt the text begins as a document does. Where a document ends, in the prompt too, the state
    returns to the initial one, as it did in training.

    Where cells compile, all runs in one native loop, up to a twentieth of a second ahead of what it yields. That
    draws from the same distribution as ``sampling.draw``, but by another generator of randomness: the text of a
    seed is always the same on one machine, not the same as without a compiler.

    Args:
        model: the writer.
        prompt: what the text goes on from.
        length: symbols to write.
        seed: the same seed gives the same symbols; drawn anew where None.
        samples: texts to write at once.
        sampling: how symbols are drawn.
        poll: called before each step; may raise to end it.

    Yields:
        (samples,) int64, ``length`` times.

    Raises:
        InputError: the prompt has symbols that the model does not know; a number is out of range.
        DivergedError: the model's output is no finite number.
    """
    return _rows(_sample(model, prompt, length, seed, samples, sampling, poll), poll)


def _rows(chunks: Generator[Tensor], poll: Callable[[], None]) -> Iterator[Tensor]:
    with closing(chunks):
        for chunk in chunks:
            for row in chunk:
                poll()
                yield row


def _sample(
    model: LanguageModel,
    prompt: str,
    length: int,
    seed: int | None,
    samples: int,
    sampling: Sampling,
    poll: Callable[[], None] = lambda: None,
) -> Generator[Tensor]:
    """As ``sample_tokens``, several steps (time, samples) at a time, ``poll`` called between them."""
    if length < 1 or not 1 <= samples <= MOST_SAMPLES:
        raise InputError(
            f"length is {length} and samples {samples}", f"they must be at least 1, samples at most {MOST_SAMPLES:,}"
        )
    if seed is not None and not 0 <= seed < 2**63:
        raise InputError(f"seed is {seed}", "it must be at least 0 and fit 63 bits")
    start = prompt_tokens(model, prompt)
    return _draw(model, start.expand(samples, -1).T, length, seed, sampling, poll)


@torch.no_grad()
def _draw(
    model: LanguageModel,
    start: Tensor,
    length: int,
    seed: int | None,
    sampling: Sampling,
    poll: Callable[[], None],
) -> Generator[Tensor]:
    randomness = torch.Generator(next(model.parameters()).device)
    if seed is None:
        randomness.seed()
    else:
        randomness.manual_seed(seed)
    training = model.training
    model.eval()
    try:
        native = native_generator(model, sampling, start.shape[1], RECENT, randomness)
        if native is None:
            yield from _draw_in_python(model, start, length, sampling, randomness, poll)
        else:
            yield from _draw_natively(native, start, length, poll)
    finally:
        model.train(training)


def _draw_natively(native: NativeGenerator, start: Tensor, length: int, poll: Callable[[], None]) -> Generator[Tensor]:
    most = max(1, _MOST_AT_ONCE // start.shape[1])
    for part in start.split(most):
        poll()
        native.read(part)
    while length:
        poll()
        written = native.write(min(length, most), _SECONDS_AT_ONCE)
        if not len(written):
            raise _diverged()
        yield written
        length -= len(written)


def _draw_in_python(
    model: LanguageModel,
    start: Tensor,
    length: int,
    sampling: Sampling,
    randomness: torch.Generator,
    poll: Callable[[], None],
) -> Generator[Tensor]:
    history = start.to(randomness.device)
    documents = Documents(model, start)
    logits, state = model(history, resets=documents.prompt_resets)
    logits = logits[-1]
    for _ in range(length):
        poll()
        if bool(logits.isnan().any() | logits.isinf().any()):
            raise _diverged()
        symbols = sampling.draw(possible(model, logits), randomness, history[-RECENT:].T)
        yield symbols.cpu()[None]
        history = torch.cat([history[-RECENT:], symbols[None]])
        resets = documents.resets(symbols)
        if resets is None:
            logits, state = model.step(symbols, state)
        else:
            logits, state = model(symbols[None], state, resets=resets)
            logits = logits[0]


def _diverged() -> DivergedError:
    return DivergedError("the model's output is no finite number", "train it anew, with a lower rate")


def check_prompt(model: LanguageModel, prompt: str) -> None:
    """Check that a model knows all symbols of a prompt.

    Raises:
        InputError: it does not.
    """
    missing = model.vocabulary.missing(prompt)
    if missing:
        raise InputError(
            f"the prompt has symbols that the model has never seen ({' '.join(map(repr, missing[:10]))})",
            "leave them out, or train on a text that has them",
        )


def prompt_tokens(model: LanguageModel, prompt: str) -> Tensor:
    """The tokens (1, n) that the model reads before it writes."""
    check_prompt(model, prompt)
    ids = model.vocabulary.encode(prompt).tolist()
    return torch.tensor([model.document_end[-1:] + ids or [_any_start(model)]])


def _any_start(model: LanguageModel) -> int:
    """What to read first where nothing is given and documents have no start symbol: a line's end, if known."""
    ids = [] if model.vocabulary.missing("\n") else model.vocabulary.encode("\n").tolist()
    return ids[0] if ids else len(model.vocabulary) - 1


def _one_sampling(sampling: Sampling | None, options: dict[str, Any]) -> Sampling:
    if sampling is not None and options:
        raise TypeError(f"give a sampling or its fields, not both: {', '.join(options)}")
    return sampling or Sampling(**options)


def possible(model: LanguageModel, logits: Tensor) -> Tensor:
    """Never write the symbol for unknown ones."""
    if model.vocabulary.unknown is None:
        return logits
    logits = logits.clone()
    logits[:, model.vocabulary.unknown] = -torch.inf
    return logits


class Documents:
    """Finds where documents end as training did: from left to right, no two ends overlapping.

    Args:
        model: the writer.
        start: (n, batch) the prompt, equal in all rows; its first symbol starts a document, if any does.

    Attributes:
        prompt_resets: (n, batch) true where a document ends in the prompt; None where none does.
    """

    def __init__(self, model: LanguageModel, start: Tensor) -> None:
        ending = np.asarray(model.document_end, np.int64)
        self._finders = [SeparatorFinder(ending) for _ in range(start.shape[1])] if len(ending) else []
        self.prompt_resets = None
        ends = [finder.feed(start[1:, 0].numpy()) + 1 for finder in self._finders if len(start) > 1]
        if ends and len(ends[0]):
            self.prompt_resets = torch.zeros(start.shape, dtype=torch.bool)
            self.prompt_resets[torch.from_numpy(ends[0])] = True

    def resets(self, symbols: Tensor) -> Tensor | None:
        """(1, batch) true where these symbols (batch,) end a document; None where they do nowhere."""
        if not self._finders:
            return None
        pairs = zip(self._finders, symbols.tolist(), strict=True)
        ends = [len(finder.feed(np.array([symbol]))) > 0 for finder, symbol in pairs]
        return torch.tensor([ends]) if any(ends) else None
