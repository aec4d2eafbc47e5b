"""Counts and figures of tags against counts made word by word."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gatework.data.tagging.tag_codec import TaggerCodec
from gatework.models.tag_figures import confusion, count_tags, tag_figures

TAGS = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]
SPANS = TaggerCodec.build([["w"] * 5], [TAGS])
PLAIN = TaggerCodec.build([["w"] * 3], [["A", "N", "V"]])
GOLD = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "O", "?", "I-LOC", "I-LOC"], ["B-PER"]]
CHOSEN = [["B-PER", "I-PER", "O", "B-PER"], ["O", "B-LOC", "I-LOC", "O", "I-LOC"], ["B-PER"]]


def counted(gold: list[list[str]], chosen: list[list[str]], codec: TaggerCodec, unseen: set[tuple[int, int]]):
    time = max(map(len, gold))
    tags = torch.full((time, len(gold)), -1)
    strange = torch.zeros(time, len(gold), dtype=torch.bool)
    for row, names in enumerate(gold):
        for step, name in enumerate(names):
            number = codec.tags.find(name)
            tags[step, row] = -1 if number is None else number
            strange[step, row] = (step, row) in unseen
    answers = [torch.tensor([codec.tags.find(name) for name in names]) for names in chosen]
    return count_tags(answers, tags, strange, torch.tensor([len(names) for names in gold]), codec)


def test_figures_of_spans() -> None:
    totals = counted(GOLD, CHOSEN, SPANS, {(1, 0), (3, 0), (0, 2)})
    figures = tag_figures(totals, SPANS)
    assert figures["accuracy"] == 6 / 10
    assert figures["unseen_accuracy"] == 2 / 3
    # meant: PER 0-2, LOC 3-4; the unknown one, LOC 3-5; PER 0-1. Answered: PER 0-2, PER 3-4; LOC 1-3, LOC 4-5; PER 0-1
    assert (figures["span_precision"], figures["span_recall"]) == (2 / 5, 2 / 5)
    assert figures["span_f1"] == pytest.approx(2 / 5)
    found = confusion(totals, SPANS)
    assert found.names == [*TAGS, "<unknown>"]
    answered, right = found.matrix.sum(axis=0).tolist(), found.matrix.diagonal().tolist()
    assert (found.support.tolist(), answered, right) == ([1, 2, 2, 1, 3, 1], [1, 3, 2, 1, 3, 0], [0, 2, 1, 1, 2, 0])
    wanted = np.mean([2 / 3, 4 / 5, 1 / 2, 0, 1, 0])
    assert figures["macro_f1"] == pytest.approx(wanted)


def test_random_tags_against_a_loop() -> None:
    generator = np.random.default_rng(5)
    names = PLAIN.tags.names
    gold = [[names[i] for i in generator.integers(0, 3, length)] for length in (7, 1, 13)]
    chosen = [[names[i] for i in generator.integers(0, 2, len(row))] for row in gold]  # V is never answered
    totals = counted(gold, chosen, PLAIN, set())
    pairs = [pair for rows in zip(gold, chosen, strict=True) for pair in zip(*rows, strict=True)]
    matrix = [[pairs.count((right, answer)) for answer in names] for right in names]
    assert confusion(totals, PLAIN).matrix.tolist() == matrix
    figures = tag_figures(totals, PLAIN)
    assert figures["accuracy"] == np.trace(matrix) / 21
    assert "unseen_accuracy" not in figures
    assert "span_f1" not in figures
    occurring = (
        [matrix[0][0] + matrix[1][0] + matrix[2][0], sum(matrix[0])],
        [sum(row[1] for row in matrix), sum(matrix[1])],
    )
    scores = [2 / (both[0] / matrix[tag][tag] + both[1] / matrix[tag][tag]) for tag, both in enumerate(occurring)]
    assert figures["macro_f1"] == pytest.approx(sum(scores) / 3)
