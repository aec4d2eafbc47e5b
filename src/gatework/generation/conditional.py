"""Texts of a given kind, drawn symbol by symbol from their beginning to their end."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gatework.data.text.symbols import END, START
from gatework.errors import DivergedError, InputError
from gatework.generation.ranges import check_ranges
from gatework.generation.sampling import Sampling
from gatework.models.conditional import ConditionalLanguageModel


def generate_kind(
    model: ConditionalLanguageModel,
    label: str | Mapping[str, float] | Sequence[Mapping[str, float]],
    prompt: str = "",
    *,
    samples: int = 1,
    length: int = 200,
    seed: int | None = None,
    sampling: Sampling | None = None,
    guidance: float = 0.0,
    poll: Callable[[], None] = lambda: None,
) -> list[str]:
    """Write texts of a kind.

    With guidance g, symbols are drawn from log p(kind) + g (log p(kind) - log p(all kinds)): what is typical of the
    kind comes more often, as in the guidance of Ho and Salimans 2022 (arXiv:2207.12598), with an even mixture of all
    labels in the place of no label.

    Args:
        model: the writer.
        label: the kind of all texts: a label, or label -> weight; or one of these for each text.
        prompt: what they go on from; part of the results.
        samples: how many.
        length: the most symbols after the prompt; a text ends before where its end was drawn.
        seed: the same seed gives the same texts; drawn anew where None.
        sampling: how symbols are drawn.
        guidance: how much the kind is exaggerated; 0: as the model learnt it.
        poll: called before each step; may raise to end it.

    Raises:
        InputError: there is no such label, the prompt has unknown symbols, or a number is out of range.
        DivergedError: the model's output is no finite number.
    """
    check_ranges(
        ("samples", samples, samples >= 1, "at least 1"),
        ("length", length, length >= 1, "at least 1"),
        ("guidance", guidance, 0 <= guidance < math.inf, "0 or larger, and finite"),
        ("seed", seed, seed is None or 0 <= seed < 2**63, "at least 0 and fit 63 bits"),
    )
    kinds = [label] * samples if isinstance(label, str | Mapping) else list(label)
    weights = [{kind: 1.0} if isinstance(kind, str) else kind for kind in kinds]
    symbols = model.codec.symbols
    begun = [symbols.id(START), *_known(model, prompt)]
    device = next(model.parameters()).device
    mixture = torch.stack([torch.from_numpy(model.codec.mixture(one)) for one in weights]).to(device)
    randomness = torch.Generator(device)
    randomness.seed() if seed is None else randomness.manual_seed(seed)
    writers = [_Writer(model, mixture)]
    if guidance:
        writers.append(_Writer(model, torch.full_like(mixture, 1 / mixture.shape[1])))
    drawn = _drawn(writers, guidance, begun, length, sampling or Sampling(), randomness, poll)
    end = symbols.id(END)
    texts = [row[: row.index(end)] if end in row else row for row in drawn.T.tolist()]
    return [symbols.decode([*begun[1:], *text]) for text in texts]


def _known(model: ConditionalLanguageModel, prompt: str) -> list[int]:
    numbers = model.codec.symbols.encode(prompt).tolist()
    if 0 in numbers:
        raise InputError(f"the prompt {prompt!r} has symbols that the model has never seen", "leave them out")
    return numbers


class _Writer:
    """A model that reads its own texts, of one mixture each."""

    def __init__(self, model: ConditionalLanguageModel, mixture: Tensor) -> None:
        self.model, self.mixture = model, mixture
        self._state: Any = None

    def read(self, symbols: Tensor) -> Tensor:
        """The log-probabilities (texts, symbols) of what follows symbols (time, texts)."""
        kind, start = self.model.begin(self.mixture)
        logits, self._state = self.model(symbols, kind, start if self._state is None else self._state)
        if not bool(logits[-1].isfinite().all()):
            raise DivergedError("the model's output is no finite number", "train it anew, with a lower rate")
        return logits[-1].log_softmax(dim=1)


@torch.no_grad()
def _drawn(
    writers: Sequence[_Writer],
    guidance: float,
    begun: list[int],
    length: int,
    sampling: Sampling,
    randomness: torch.Generator,
    poll: Callable[[], None],
) -> Tensor:
    """Symbols (steps, texts), until all texts have ended; a second writer is the one that guides."""
    model, mixture = writers[0].model, writers[0].mixture
    symbols, training = model.codec.symbols, model.training
    never, end = [0, symbols.id(START)], symbols.id(END)
    model.eval()
    try:
        read = torch.tensor(begun, device=mixture.device)[:, None].expand(-1, len(mixture))
        written: list[Tensor] = []
        ended = torch.zeros(len(mixture), dtype=torch.bool, device=mixture.device)
        for _ in range(length):
            poll()
            scores = writers[0].read(read)
            for other in writers[1:]:
                scores = scores + guidance * (scores - other.read(read))
            scores[:, never] = -torch.inf
            drawn = sampling.draw(scores, randomness)
            written.append(drawn.cpu())
            ended |= drawn == end
            if bool(ended.all()):
                break
            read = drawn[None]
        return torch.stack(written)
    finally:
        model.train(training)
