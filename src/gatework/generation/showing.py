"""Texts shown while a language model writes them."""

from __future__ import annotations

from collections.abc import Callable

from gatework.generation.sampling import Sampling
from gatework.generation.text import TextWriter
from gatework.generation.writing import sample_tokens
from gatework.models.language import LanguageModel
from gatework.training import Interrupted


def show_texts(
    model: LanguageModel,
    prompt: str,
    *,
    length: int,
    seed: int | None = None,
    samples: int = 1,
    sampling: Sampling,
    show: Callable[[str], None],
    poll: Callable[[], None] = lambda: None,
) -> None:
    """Write texts: one with its prompt as it is drawn, several below each other when all are.

    Args:
        model, prompt, length, seed, samples, sampling: as for ``sample_tokens``.
        show: given text, a few characters at a time.
        poll: called before each step; where it raises Interrupted, what was drawn is shown first.

    Raises:
        InputError, DivergedError: as ``sample_tokens``.
        Interrupted: the user or the system asked to stop.
    """
    rows = sample_tokens(model, prompt, length=length, seed=seed, samples=samples, sampling=sampling, poll=poll)
    writers = [TextWriter(model.vocabulary) for _ in range(samples)]
    texts = [prompt] * samples
    stopped: Interrupted | None = None
    try:
        show(prompt if samples == 1 else "")
        for row in rows:
            pieces = [writer.feed(symbol) for writer, symbol in zip(writers, row.tolist(), strict=True)]
            texts = [text + piece for text, piece in zip(texts, pieces, strict=True)]
            show(pieces[0] if samples == 1 else "")
    except Interrupted as interruption:
        stopped = interruption
    endings = [writer.flush() for writer in writers]
    if samples == 1:
        show(endings[0] + "\n")
    else:
        for number, (text, ending) in enumerate(zip(texts, endings, strict=True), 1):
            show(f"--- sample {number}\n{text}{ending}\n")
    if stopped is not None:
        raise stopped
