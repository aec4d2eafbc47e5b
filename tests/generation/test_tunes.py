"""Tunes: drawn key by key with the model's own probabilities, from a primer or as a training piece began."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from gatework.data.music.piano_rolls import KEYS, pitches_of, roll_of
from gatework.data.music.pieces import Piece, RollCodec
from gatework.errors import DivergedError, InputError
from gatework.generation.tunes import draw_keys, generate_roll, sample_steps
from gatework.models import MusicModel

OPENINGS = [[60, 64], [65], [48, 55, 72]]


@pytest.fixture(scope="module")
def model() -> MusicModel:
    torch.manual_seed(11)
    codec = RollCodec.build([Piece(roll_of([chord, [60]])[0]) for chord in OPENINGS], 4)
    model = MusicModel.build(codec, hidden_size=7)
    model.output.bias.data += 1  # some notes
    return model


def test_a_seed_reproduces_and_length_counts_steps(model: MusicModel) -> None:
    first, again, other = (generate_roll(model, length=13, seed=seed) for seed in (5, 5, 6))
    assert first.shape == (13, KEYS)
    assert first.dtype == bool
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(generate_roll(model, length=13), generate_roll(model, length=13))
    assert model.training  # as it was


def test_pieces_begin_as_training_pieces_did(model: MusicModel) -> None:
    begun = {tuple(pitches_of(generate_roll(model, length=1, seed=seed))[0]) for seed in range(23)}
    assert begun == {tuple(chord) for chord in OPENINGS}


def test_each_step_is_drawn_with_the_probabilities_after_all_before(model: MusicModel) -> None:
    primer, _ = roll_of([[60, 64, 67], [62]])
    written = generate_roll(model, primer, length=3, seed=5)
    assert np.array_equal(written[:2], primer)
    randomness = torch.Generator().manual_seed(5)
    for step in range(2, 5):
        p = model.after(written[:step])[-1].sigmoid()
        assert np.array_equal(written[step], (torch.rand(KEYS, generator=randomness) < p).numpy())


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_divides_the_logits(temperature: float) -> None:
    logits = torch.linspace(-3, 3, KEYS)
    randomness = torch.Generator().manual_seed(7)
    drawn = torch.stack([draw_keys(logits, temperature, randomness) for _ in range(4000)]).double().mean(0)
    p = 1 / (1 + torch.exp(-logits.double() / temperature))
    assert float(((drawn - p).abs() / (p * (1 - p) / 4000).sqrt()).max()) < 4.5


def test_without_temperature_what_is_likelier_than_not_sounds() -> None:
    logits = torch.tensor([-1.0, 0.1, 3.0, -0.1])
    assert draw_keys(logits, 0, torch.Generator()).tolist() == [False, True, True, False]


def test_what_is_out_of_range_is_refused(model: MusicModel) -> None:
    for options in ({"length": 0}, {"temperature": -1.0}, {"temperature": float("inf")}, {"seed": -1}):
        with pytest.raises(InputError, match=r"must be"):
            generate_roll(model, **options)
    with pytest.raises(ValueError, match="primer"):
        generate_roll(model, np.zeros((0, KEYS), bool))
    with pytest.raises(DivergedError):
        draw_keys(torch.tensor([0.0, torch.nan]), 1.0, torch.Generator())


def test_poll_ends_it(model: MusicModel) -> None:
    calls = itertools.count()

    def poll() -> None:
        if next(calls) == 3:
            raise KeyboardInterrupt

    drawn = []
    with pytest.raises(KeyboardInterrupt):
        drawn.extend(drawn_step for drawn_step in sample_steps(model, length=99, seed=1, poll=poll))
    steps = sample_steps(model, length=5, seed=1)
    assert sum(1 for _ in steps) == 5
