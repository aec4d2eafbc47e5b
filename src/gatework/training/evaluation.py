"""How well a model predicts a text."""

from __future__ import annotations

from collections.abc import Callable

import torch

from gatework.data import Split, Streams
from gatework.errors import InputError
from gatework.models.language import LanguageModel
from gatework.training.score import Score

WINDOW = 256
STREAM = 2048


@torch.no_grad()
def evaluate(
    model: LanguageModel,
    split: Split,
    *,
    name: str = "validation text",
    poll: Callable[[], None] = lambda: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Score:
    """Predict each symbol of a text from those before it.

    A long text is read as up to 64 parallel streams of at least ``STREAM`` symbols; the state is carried along each
    and starts anew at its beginning. What does not fill the streams, fewer symbols than streams, is not scored.

    Args:
        model: put into evaluation mode and back.
        split: the text.
        name: what to call it in errors.
        poll: called often; raises to give up.
        progress: told the windows done and how many there are.

    Raises:
        InputError: the text is shorter than two symbols.
    """
    count = len(split.tokens) - 1
    if count < 1:
        raise InputError(f"the {name} is too short to measure", "give at least two symbols")
    streams = Streams(
        split.tokens,
        split.starts,
        batch=max(1, min(64, count // STREAM)),
        window=max(1, min(WINDOW, count)),
        name=name,
    )
    device = next(model.parameters()).device
    training = model.training
    model.eval()
    total, state = 0.0, None
    try:
        for index in range(len(streams)):
            poll()
            progress(index, len(streams))
            window = streams[index].to(device)
            hidden, state = model.read(window.inputs, state, resets=window.resets)
            total += float(model.nats(hidden, window.targets).double()) * window.targets.numel()
    finally:
        model.train(training)
    scored = streams.length * streams.batch
    return Score(total / scored, scored)
