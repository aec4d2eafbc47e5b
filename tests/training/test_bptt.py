"""Truncated backpropagation: how far gradients reach, what is scored, against loops written here."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from gatework.data import Split, Vocabulary
from gatework.models import LanguageModel
from gatework.training import TruncatedBPTT

LETTERS = Vocabulary.build("character", dict.fromkeys("abcdefghij", 1))
BATCH = 3


@pytest.fixture(scope="module")
def split() -> Split:
    tokens = np.random.default_rng(4).integers(1, len(LETTERS), 101)
    return Split(tokens.astype(np.uint8), np.array([0, 13, 40, 41, 80]))


def make(**options: Any) -> LanguageModel:
    torch.manual_seed(2)
    return LanguageModel.build(LETTERS, **{"hidden_size": 7, "embedding_size": 5, **options}).double()


def columns(split: Split) -> tuple[Tensor, Tensor, Tensor]:
    """The whole streams: inputs, targets and resets (time, batch), cut by hand."""
    length = (len(split) - 1) // BATCH
    starts = set(split.starts.tolist())
    rows = [range(row * length, (row + 1) * length) for row in range(BATCH)]
    inputs = torch.tensor([[int(split.tokens[i]) for i in row] for row in rows]).T
    targets = torch.tensor([[int(split.tokens[i + 1]) for i in row] for row in rows]).T
    return inputs, targets, torch.tensor([[i in starts for i in row] for row in rows]).T


def walk(model: LanguageModel, inputs: Tensor, resets: Tensor, state: Any) -> tuple[list[Tensor], list[Any]]:
    """Logits and states after each step, symbol by symbol; every state is None or per-layer tuples."""
    logits, states = [], []
    for symbols, fresh in zip(inputs, resets, strict=True):
        row, state = model(symbols[None], state, resets=fresh[None])
        logits.append(row[0])
        states.append(state)
    return logits, states


def cut(state: Any) -> Any:
    return None if state is None else tuple(tuple(part.detach() for part in layer) for layer in state)


def gradients(model: LanguageModel) -> list[Tensor]:
    found = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    return found


@pytest.mark.parametrize(
    ("k1", "k2", "options"),
    [
        (5, 5, {}),
        (33, 33, {}),
        (1, 1, {}),
        (4, 4, {"cell": "gru", "layers": 2}),
        (2, 5, {}),
        (1, 4, {}),
        (3, 4, {"layers": 2}),
        (5, 7, {"cell": "gru"}),
        (1, 33, {}),
    ],
)
def test_losses_and_gradients_are_those_of_a_naive_loop(
    split: Split, k1: int, k2: int, options: dict[str, Any]
) -> None:
    model, bptt = make(**options), TruncatedBPTT(k1, k2)
    inputs, targets, resets = columns(split)
    _, states = walk(model, inputs, resets, None)  # the weights do not change here, so states can be looked up
    carried, length = None, len(inputs)
    streams = bptt.streams(split, BATCH)
    for index in range(len(streams)):
        loss, carried = bptt.loss(model, streams[index], carried)
        loss.backward()
        given = gradients(model)

        end = min((index + 1) * k1, length)
        first = max(0, (index + 1) * k1 - k2)
        before = cut(states[first - 1]) if first else None
        logits, _ = walk(model, inputs[first:end], resets[first:end], before)
        scored = [(t, row) for t in range(index * k1, end) for row in range(BATCH)]
        naive = sum(-F.log_softmax(logits[t - first][row], 0)[targets[t, row]] for t, row in scored) / len(scored)
        naive.backward()
        assert float(loss.detach()) == pytest.approx(float(naive.detach()), rel=1e-6)
        for one, other in zip(given, gradients(model), strict=True):
            # the model's loss is reckoned in float32
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(("k1", "k2"), [(5, 5), (2, 5), (1, 6), (4, 6), (3, 33)])
def test_gradients_reach_exactly_the_window(split: Split, k1: int, k2: int) -> None:
    model, bptt = make(), TruncatedBPTT(k1, k2)
    plain = Split(split.tokens, np.array([0]))
    seen: list[Tensor] = []
    older: list[Tensor] = []
    model.embedding.register_forward_hook(lambda module, inputs, result: seen.append(result))
    streams, carried = bptt.streams(plain, BATCH), None
    for index in range(len(streams)):
        seen.clear()
        loss, carried = bptt.loss(model, streams[index], carried)
        end = min((index + 1) * k1, streams.length)
        reach = torch.cat(torch.autograd.grad(loss, seen, retain_graph=True)).abs().amax(dim=2)
        assert len(reach) == end - max(0, (index + 1) * k1 - k2)
        assert float(reach.min()) > 0
        if older:
            found = torch.autograd.grad(loss, older, allow_unused=True, retain_graph=True)
            assert all(gradient is None for gradient in found)
        older += seen
    assert len(older) >= len(streams)


@pytest.mark.parametrize(("k1", "k2"), [(5, 5), (7, 7), (2, 5), (1, 4), (5, 7), (3, 33), (33, 33)])
def test_each_target_is_scored_once_an_epoch(split: Split, k1: int, k2: int) -> None:
    numbered = Split(np.arange(101, dtype=np.uint8), np.array([0]))
    streams = TruncatedBPTT(k1, k2).streams(numbered, BATCH)
    scored: Counter[int] = Counter()
    for index in range(len(streams)):
        window = streams[index]
        scored.update(window.targets[-window.scored :].flatten().tolist())
    assert scored == Counter(range(1, 100))


def test_a_reset_stops_the_reach(split: Split) -> None:
    model, bptt = make(), TruncatedBPTT(1, 6)
    seen: list[Tensor] = []
    model.embedding.register_forward_hook(lambda module, inputs, result: seen.append(result))
    streams = bptt.streams(Split(split.tokens, np.array([0, 8])), BATCH)
    carried = None
    for index in range(11):
        seen.clear()
        loss, carried = bptt.loss(model, streams[index], carried)
    reach = torch.cat(torch.autograd.grad(loss, seen)).abs().amax(dim=2)  # steps 5 to 10
    assert reach[:3, 0].tolist() == [0, 0, 0]
    assert float(reach[3:, 0].min()) > 0
    assert float(reach[:, 1].min()) > 0


def test_the_carried_state_has_no_graph(split: Split) -> None:
    for k1, k2 in ((5, 5), (2, 5)):
        streams = TruncatedBPTT(k1, k2).streams(split, BATCH)
        _, state = TruncatedBPTT(k1, k2).loss(make(), streams[0], None)
        assert state is None or not any(part.requires_grad for layer in state for part in layer)
