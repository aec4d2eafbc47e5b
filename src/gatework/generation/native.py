"""A language model as one native loop, where that can be."""

from __future__ import annotations

import functools
import logging

import torch
from torch import nn

from gatework.engine.generator import Generator, Rule
from gatework.errors import EngineError
from gatework.generation.sampling import Sampling
from gatework.layers import Layer, Recurrent, Stack
from gatework.models import LanguageModel

_log = logging.getLogger(__name__)


def native_generator(
    model: LanguageModel, sampling: Sampling, samples: int, recent: int, randomness: torch.Generator
) -> Generator | None:
    """The loop that writes what the model and the sampling would; None where only those themselves can.

    Args:
        model: in evaluation mode.
        sampling: how symbols are drawn.
        samples: texts at once.
        recent: how many of the last symbols the repetition penalty is for.
        randomness: gives each text its seed.
    """
    reason = _refusal(model, sampling)
    if reason is None:
        rule = Rule(
            sampling.temperature,
            sampling.top_k,
            sampling.top_p,
            sampling.repetition_penalty,
            recent,
            model.vocabulary.unknown,
            tuple(model.document_end),
        )
        seeds = torch.empty(samples, dtype=torch.int64).random_(generator=randomness)
        layers = _directions(model)
        initial = [
            tuple(part.expand(samples, -1) for part in layer.initial.values()) or layer.cell.initial_state(samples)
            for layer in layers
        ]
        embedding = None if model.embedding is None else model.embedding.weight
        assert isinstance(model.output, nn.Linear)
        try:
            return Generator([layer.cell for layer in layers], initial, embedding, model.output, rule, seeds)
        except EngineError as error:
            reason = str(error)
    _say(reason)
    return None


def _directions(model: LanguageModel) -> list[Recurrent]:
    return [direction for layer in model.stack for direction in layer]


def _refusal(model: LanguageModel, sampling: Sampling) -> str | None:
    """Everything that is not as ``LanguageModel`` builds it, or is watched, on another device or of another type."""
    expected: list[tuple[object, type]] = [
        *((model, LanguageModel), (model.stack, Stack), (model.output, nn.Linear), (sampling, Sampling)),
        *((layer, Layer) for layer in model.stack),
        *((direction, Recurrent) for direction in _directions(model)),
        *([] if model.embedding is None else [(model.embedding, nn.Embedding)]),
    ]
    for part, kind in expected:
        if type(part) is not kind:
            return f"{type(part).__name__} may do something else than {kind.__name__}"
    if not all(layer.is_bare and len(layer) == 1 for layer in model.stack):
        return "there is something beside or between the cells"
    if any(direction.regularizers.zoneout for direction in _directions(model)):
        return "zoneout mixes states"
    if any(direction.engine not in ("auto", "compiled") for direction in _directions(model)):
        return "another engine was asked for"
    if any(module._forward_hooks or module._forward_pre_hooks for module in model.modules()):
        return "a hook watches"
    kinds = {(parameter.device.type, parameter.dtype) for parameter in model.parameters()}
    if len(kinds) > 1 or next(iter(kinds))[0] != "cpu":
        return f"parameters are {', '.join(f'{dtype} on {device}' for device, dtype in sorted(kinds, key=str))}"
    return None


@functools.cache
def _say(reason: str) -> None:
    """Once for each reason."""
    _log.info("text is written symbol by symbol from Python: %s", reason)
