"""Texts of a given kind, drawn symbol by symbol from their beginning to their end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gatework.data.symbols import END, START
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
    poll: Callable[[], None] = lambda: None,
) -> list[str]:
    """Write texts of a kind.

    Args:
        model: the writer.
        label: the kind of all texts: a label, or label -> weight; or one of these for each text.
        prompt: what they go on from; part of the results.
        samples: how many.
        length: the most symbols after the prompt; a text ends before where its end was drawn.
        seed: the same seed gives the same texts; drawn anew where None.
        sampling: how symbols are drawn.
        poll: called before each step; may raise to end it.

    Raises:
        InputError: there is no such label, the prompt has unknown symbols, or a number is out of range.
        DivergedError: the model's output is no finite number.
    """
    check_ranges(
        ("samples", samples, samples >= 1, "at least 1"),
        ("length", length, length >= 1, "at least 1"),
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
    drawn = _drawn(model, mixture, begun, length, sampling or Sampling(), randomness, poll)
    end = symbols.id(END)
    texts = [row[: row.index(end)] if end in row else row for row in drawn.T.tolist()]
    return [symbols.decode([*begun[1:], *text]) for text in texts]


def _known(model: ConditionalLanguageModel, prompt: str) -> list[int]:
    numbers = model.codec.symbols.encode(prompt).tolist()
    if 0 in numbers:
        raise InputError(f"the prompt {prompt!r} has symbols that the model has never seen", "leave them out")
    return numbers


@torch.no_grad()
def _drawn(
    model: ConditionalLanguageModel,
    mixture: Tensor,
    begun: list[int],
    length: int,
    sampling: Sampling,
    randomness: torch.Generator,
    poll: Callable[[], None],
) -> Tensor:
    """Symbols (steps, texts), until all texts have ended."""
    symbols, training = model.codec.symbols, model.training
    never, end = [0, symbols.id(START)], symbols.id(END)
    model.eval()
    try:
        kind, state = model.begin(mixture)
        read = torch.tensor(begun, device=mixture.device)[:, None].expand(-1, len(mixture))
        written: list[Tensor] = []
        ended = torch.zeros(len(mixture), dtype=torch.bool, device=mixture.device)
        for _ in range(length):
            poll()
            logits, state = _last(model, read, kind, state)
            logits[:, never] = -torch.inf
            drawn = sampling.draw(logits, randomness)
            written.append(drawn.cpu())
            ended |= drawn == end
            if bool(ended.all()):
                break
            read = drawn[None]
        return torch.stack(written)
    finally:
        model.train(training)


def _last(model: ConditionalLanguageModel, read: Tensor, kind: Tensor, state: Any) -> tuple[Tensor, Any]:
    logits, state = model(read, kind, state)
    if not bool(logits[-1].isfinite().all()):
        raise DivergedError("the model's output is no finite number", "train it anew, with a lower rate")
    return logits[-1].clone(), state
