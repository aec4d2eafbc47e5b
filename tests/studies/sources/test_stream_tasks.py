"""What is wanted is the character that comes next; the held-out part is no part of what is trained on."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gatework.data.files.sources import python_reference
from gatework.studies.networks import StepReader
from gatework.studies.sources.stream_tasks import character_task


def test_the_next_character_is_wanted():
    task = character_task(50, 3, np.random.default_rng(5))
    assert torch.equal(task.x[1:].argmax(-1), task.wanted[:-1])
    text = "\n".join(b"".join(chapter.chunks(1 << 20)).decode() for chapter in python_reference())
    letters = sorted(set(text))
    known = text[: len(text) * 9 // 10]
    for stream in task.x.argmax(-1).T.tolist():
        assert "".join(letters[code] for code in stream) in known + known[:50]


def test_an_even_guess_costs_the_bits_of_the_alphabet():
    task = character_task(2, 3, np.random.default_rng(5))
    model = StepReader("elman", task.outputs, 2, task.outputs)
    torch.nn.init.zeros_(model.head.weight)
    torch.nn.init.zeros_(model.head.bias)
    with torch.no_grad():
        assert task.held_out(model) == pytest.approx(math.log2(task.outputs), rel=1e-5)
