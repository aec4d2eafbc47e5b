"""Decoding for connectionist temporal classification, against all alignments that there are and torch's loss."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from gatework.errors import DivergedError, InputError
from gatework.generation import CTCOptions, ctc_beam, ctc_greedy

T, B, S = 5, 3, 4
LENGTHS = torch.tensor([5, 3, 0])
WIDE = CTCOptions(width=400, n_best=400, least_probability=0)


def predictions(time=T, batch=B, symbols=S, *, sharp=1.5) -> torch.Tensor:
    return torch.log_softmax(sharp * torch.randn(time, batch, symbols, dtype=torch.float64), dim=-1)


def every_sequence(frames: np.ndarray, blank: int) -> dict[tuple[int, ...], float]:
    """Log-probability of each label sequence: the sum over its alignments."""
    sums: dict[tuple[int, ...], float] = defaultdict(float)
    for alignment in itertools.product(range(frames.shape[1]), repeat=len(frames)):
        labels = tuple(symbol for symbol, _ in itertools.groupby(alignment) if symbol != blank)
        sums[labels] += math.exp(sum(frames[step, symbol] for step, symbol in enumerate(alignment)))
    return {labels: math.log(total) for labels, total in sums.items()}


def language(prefix: tuple[int, ...], symbol: int) -> float:
    """Any function of both."""
    return -abs(math.sin(1 + sum((place + 2) * (one + 1) for place, one in enumerate((*prefix, symbol)))))


@pytest.mark.parametrize("blank", [0, 2])
def test_a_wide_beam_sums_all_alignments_of_all_sequences(blank):
    frames = predictions()
    found = ctc_beam(frames, LENGTHS, blank=blank, options=WIDE)
    for row, length in enumerate(LENGTHS.tolist()):
        expected = every_sequence(frames[:length, row].numpy(), blank)
        assert {tuple(one.tokens): one.log_probability for one in found[row]} == pytest.approx(expected, rel=1e-10)
        scores = [one.score for one in found[row]]
        assert scores == sorted(scores, reverse=True) == [one.log_probability for one in found[row]]
        assert sum(map(math.exp, scores)) == pytest.approx(1)


def test_a_language_model_and_a_bonus_for_length_change_the_order():
    frames = predictions()
    options = CTCOptions(width=400, n_best=400, least_probability=0, language_weight=0.7, insertion_bonus=0.3)
    found = ctc_beam(frames, LENGTHS, options=options, language=language)
    for row, length in enumerate(LENGTHS.tolist()):
        expected = {
            labels: total
            + 0.7 * sum(language(labels[:place], labels[place]) for place in range(len(labels)))
            + 0.3 * len(labels)
            for labels, total in every_sequence(frames[:length, row].numpy(), 0).items()
        }
        assert {tuple(one.tokens): one.score for one in found[row]} == pytest.approx(expected, rel=1e-10)
        assert tuple(found[row][0].tokens) == max(expected, key=expected.get)


def loss_of_torch(frames: torch.Tensor, labels: list[int]) -> float:
    given = (torch.tensor([labels]), torch.tensor([len(frames)]), torch.tensor([len(labels)]))
    return float(F.ctc_loss(frames[:, None], *given, reduction="sum"))


def test_all_sequences_are_as_likely_as_to_the_loss_of_torch():
    frames = predictions(7, 2, 3)
    texts = [text for length in range(8) for text in itertools.product((1, 2), repeat=length)]
    fits = [len(text) + sum(one == other for one, other in itertools.pairwise(text)) <= 7 for text in texts]
    for row, found in enumerate(ctc_beam(frames, options=WIDE)):
        assert len(found) == sum(fits)
        for one in found:
            assert one.log_probability == pytest.approx(-loss_of_torch(frames[:, row], one.tokens), rel=1e-9)


def test_a_long_row_lacks_next_to_nothing_of_what_torch_sums():
    path = torch.randint(7, (53,)).repeat_interleave(2)
    frames = torch.log_softmax(8.0 * F.one_hot(path, 7) + torch.randn(106, 7, dtype=torch.float64), dim=-1)
    ((best,),) = ctc_beam(frames[:, None], options=CTCOptions(width=100))
    exact = -loss_of_torch(frames, best.tokens)
    assert exact - 0.01 < best.log_probability <= exact


def plain_beam(frames: np.ndarray, width: int) -> list[tuple[int, ...]]:
    """Prefix beam search in dictionaries, after Hannun et al., blank 0; no pruning of symbols."""
    beam = {(): (1.0, 0.0)}
    for frame in np.exp(frames):
        following: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for prefix, (in_blank, in_label) in beam.items():
            following[prefix][0] += (in_blank + in_label) * frame[0]
            for symbol in range(1, len(frame)):
                if prefix and symbol == prefix[-1]:
                    following[prefix][1] += in_label * frame[symbol]
                    following[*prefix, symbol][1] += in_blank * frame[symbol]
                else:
                    following[*prefix, symbol][1] += (in_blank + in_label) * frame[symbol]
        best = sorted(following.items(), key=lambda one: -sum(one[1]))[:width]
        beam = {prefix: (ends[0], ends[1]) for prefix, ends in best}
    return [(prefix, pytest.approx(math.log(sum(ends)), rel=1e-9)) for prefix, ends in beam.items()]


@pytest.mark.parametrize("width", [1, 2, 5, 11])
def test_equals_a_plain_search_of_the_same_width(width):
    frames = predictions(23, 7, 5, sharp=1.0)
    found = ctc_beam(frames, options=CTCOptions(width=width, n_best=width, least_probability=0))
    for row, hypotheses in enumerate(found):
        expected = plain_beam(frames[:, row].numpy(), width)
        assert [(tuple(one.tokens), one.log_probability) for one in hypotheses] == expected


@pytest.mark.parametrize("blank", [0, 3])
def test_greedy_is_the_likeliest_alignment(blank):
    frames = predictions()
    for row, (one, length) in enumerate(zip(ctc_greedy(frames, LENGTHS, blank=blank), LENGTHS.tolist(), strict=True)):
        own = frames[:length, row]
        alignments = itertools.product(range(S), repeat=length)
        best = max(alignments, key=lambda path: sum(own[step, symbol].item() for step, symbol in enumerate(path)))
        assert one.tokens == [symbol for symbol, _ in itertools.groupby(best) if symbol != blank]
        assert one.score == pytest.approx(own.amax(dim=1).sum().item())


def test_greedy_keeps_a_label_said_twice():
    path = torch.tensor([1, 1, 0, 1, 2, 2, 0, 0, 2])
    frames = torch.log_softmax(9.0 * F.one_hot(path, 3).float(), -1)[:, None]
    assert ctc_greedy(frames)[0].tokens == [1, 1, 2, 2]
    assert ctc_beam(frames)[0][0].tokens == [1, 1, 2, 2]


def test_improbable_symbols_are_left_out():
    frames = torch.tensor([[0.5, 0.4, 0.1], [0.2, 0.75, 0.05]]).log()[:, None]
    options = CTCOptions(width=9, n_best=9, least_probability=0.2)
    assert {tuple(one.tokens) for one in ctc_beam(frames, options=options)[0]} == {(), (1,)}
    assert (2, 1) in {tuple(one.tokens) for one in ctc_beam(frames, options=WIDE)[0]}


def test_the_padding_is_not_read():
    frames = predictions()
    poisoned = frames.clone()
    for row, length in enumerate(LENGTHS.tolist()):
        poisoned[length:, row] = torch.nan
    assert ctc_beam(poisoned, LENGTHS) == ctc_beam(frames, LENGTHS)
    assert ctc_greedy(poisoned, LENGTHS) == ctc_greedy(frames, LENGTHS)
    with pytest.raises(DivergedError, match="the model's output is no number"):
        ctc_beam(poisoned)


def test_symbols_without_probability():
    frames = torch.tensor([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]).log()[:, None]
    found = ctc_beam(frames, options=WIDE)[0]
    assert sorted(one.tokens for one in found) == [[1, 1], [1, 2]]
    assert [one.log_probability for one in found] == pytest.approx([math.log(0.5)] * 2)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="blank must lie between 0 and 3, not 4"):
        ctc_beam(predictions(), blank=4)
    with pytest.raises(ValueError, match=r"log_probabilities must be \(time, batch, 4\), not \(5, 4\)"):
        ctc_greedy(predictions()[:, 0])
    with pytest.raises(InputError, match=r"least_probability is 1: it must be in \[0, 1\)"):
        CTCOptions(least_probability=1)
    with pytest.raises(InputError, match="n_best is 3: it must be from 1 to the width, 2"):
        CTCOptions(width=2, n_best=3)
