"""Text written by a language model, symbol by symbol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatework.data.separator import SeparatorFinder
from gatework.errors import DivergedError, InputError
from gatework.generation.sampling import Sampling
from gatework.generation.text import as_text
from gatework.models.language import LanguageModel

MOST_SAMPLES = 10_000
RECENT = 64
"""How many of the last symbols the repetition penalty looks at."""


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
    tokens = sample_tokens(model, prompt, length=length, seed=seed, sampling=_one_sampling(sampling, options))
    return as_text(model.vocabulary, (int(row[0]) for row in tokens))


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
    rows = sample_tokens(
        model, prompt, length=length, seed=seed, samples=samples, sampling=_one_sampling(sampling, options)
    )
    columns = torch.stack(list(rows), dim=1)
    return [as_text(model.vocabulary, column.tolist()) for column in columns]


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

    Yields:
        (samples,) int64, ``length`` times.

    Raises:
        InputError: the prompt has symbols that the model does not know; a number is out of range.
        DivergedError: the model's output is no finite number.
    """
    if length < 1 or not 1 <= samples <= MOST_SAMPLES:
        raise InputError(
            f"length is {length} and samples {samples}", f"they must be at least 1, samples at most {MOST_SAMPLES:,}"
        )
    if seed is not None and not 0 <= seed < 2**63:
        raise InputError(f"seed is {seed}", "it must be at least 0 and fit 63 bits")
    start = _prompt_tokens(model, prompt)
    return _draw(model, start.expand(samples, -1).T, length, seed, sampling, poll)


@torch.no_grad()
def _draw(
    model: LanguageModel,
    start: Tensor,
    length: int,
    seed: int | None,
    sampling: Sampling,
    poll: Callable[[], None],
) -> Iterator[Tensor]:
    device = next(model.parameters()).device
    generator = torch.Generator(device)
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    training = model.training
    model.eval()
    try:
        history = start.to(device)
        documents = _Documents(model, start)
        logits, state = model(history, resets=documents.prompt_resets)
        logits = logits[-1]
        for _ in range(length):
            poll()
            if bool(logits.isnan().any() | logits.isinf().any()):
                raise DivergedError("the model's output is no finite number", "train it anew, with a lower rate")
            symbols = sampling.draw(_possible(model, logits), generator, history[-RECENT:].T)
            yield symbols.cpu()
            history = torch.cat([history[-RECENT:], symbols[None]])
            logits, state = model(symbols[None], state, resets=documents.resets(symbols))
            logits = logits[0]
    finally:
        model.train(training)


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


def _prompt_tokens(model: LanguageModel, prompt: str) -> Tensor:
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


def _possible(model: LanguageModel, logits: Tensor) -> Tensor:
    """Never write the symbol for unknown ones."""
    if model.vocabulary.unknown is None:
        return logits
    logits = logits.clone()
    logits[:, model.vocabulary.unknown] = -torch.inf
    return logits


class _Documents:
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
