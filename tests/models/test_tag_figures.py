"""Counts and figures of tags against counts made word by word."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gatework.data.tag_codec import TaggerCodec
from gatework.models.tag_figures import confusion, count_tags, tag_figures, tag_rows

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
    rows = {row.tag: (row.meant, row.answered, row.right) for row in tag_rows(totals, SPANS)}
    assert rows == {"O": (3, 3, 2), "I-LOC": (2, 2, 1), "B-PER": (2, 3, 2), "B-LOC": (1, 1, 0), "I-PER": (1, 1, 1)}
    assert [row.tag for row in tag_rows(totals, SPANS)] == ["O", "B-PER", "I-LOC", "B-LOC", "I-PER"]
    wanted = np.mean([2 / 3, 4 / 5, 1 / 2, 0, 1])
    assert figures["macro_f1"] == pytest.approx(wanted)


def test_random_tags_against_a_loop() -> None:
    generator = np.random.default_rng(5)
    names = PLAIN.tags.names
    gold = [[names[i] for i in generator.integers(0, 3, length)] for length in (7, 1, 13)]
    chosen = [[names[i] for i in generator.integers(0, 2, len(row))] for row in gold]  # V is never answered
    totals = counted(gold, chosen, PLAIN, set())
    pairs = [pair for rows in zip(gold, chosen, strict=True) for pair in zip(*rows, strict=True)]
    matrix = [[pairs.count((right, answer)) for answer in names] for right in names]
    assert confusion(totals, PLAIN).tolist() == matrix
    figures = tag_figures(totals, PLAIN)
    assert figures["accuracy"] == np.trace(matrix) / 21
    assert "unseen_accuracy" not in figures
    assert "span_f1" not in figures
    row = {row.tag: row for row in tag_rows(totals, PLAIN)}
    assert row["A"].precision == matrix[0][0] / (matrix[0][0] + matrix[1][0] + matrix[2][0])
    assert row["A"].recall == matrix[0][0] / sum(matrix[0])
    harmonic = 2 / (1 / row["A"].precision + 1 / row["A"].recall)
    assert row["A"].f1 == pytest.approx(harmonic)
    assert (row["V"].precision, row["V"].f1) == (0, 0)
