"""Rounds made up by a program, learnt by a music model, and a new one written as MIDI.

    python examples/music.py [--epochs 20] [--output tune.mid]

Each piece is a short theme over a bass, in a key of its own, that a second voice repeats four steps later: who hears
the first voice knows what the second one plays. Prints how well the next step is foretold, beside what the notes'
frequencies alone would give, and writes a piece that goes on from the beginning of a new one.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import gatework as gw
from gatework.data.music.midi import write_midi
from gatework.data.music.piano_rolls import KEYS, roll_of
from gatework.data.music.pieces import PieceData, load_pieces
from gatework.generation.tunes import generate_roll
from gatework.settings import MusicData

SCALE = (0, 2, 4, 5, 7, 9, 11, 12)
DELAY, STEPS = 4, 48


def compose(generator: np.random.Generator) -> list[list[int]]:
    """A round of two voices over a bass: the MIDI pitches at each step."""
    key = 60 + int(generator.integers(-3, 4))
    theme = [key + SCALE[step] for step in generator.integers(0, len(SCALE), 8)]
    voice = [theme[step % len(theme)] for step in range(STEPS)]
    return [sorted({key - 24, note, voice[max(0, step - DELAY)] - 12}) for step, note in enumerate(voice)]


def nats_of_frequencies(data: PieceData) -> float:
    """Nats of a held-out step if each key sounds as often as in training, whatever sounded before."""
    p = np.array(data.codec.frequencies)
    steps = np.concatenate([piece.roll[1:] for piece in data.validation])
    return float(-np.where(steps, np.log(p), np.log(1 - p)).sum(axis=1).mean())


def main(words: Sequence[str] | None = None) -> None:
    """Compose, learn, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=int, default=200)
    parser.add_argument("--epochs", type=float, default=20)
    parser.add_argument("--output", type=Path, default=Path("tune.mid"))
    arguments = parser.parse_args(words)
    generator = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "rounds.json")
        source.write_text(json.dumps([compose(generator) for _ in range(arguments.pieces)]))
        data = load_pieces(MusicData(sources=[str(source)], validation=0.2))
    model = gw.MusicModel.build(data.codec, cell="gru", hidden_size=96, projection_size=0, dropout=0.1, input_dropout=0)
    outcome = gw.fit(model, data, epochs=arguments.epochs)
    assert outcome.validation is not None
    alone = nats_of_frequencies(data)
    print(f"{outcome.validation.loss:.2f} nats a step after {outcome.seconds:.0f} s; by frequencies alone {alone:.2f}")
    primer, _ = roll_of(compose(generator)[: 2 * DELAY])
    tune = generate_roll(model, primer, length=32, temperature=0.5, seed=1)
    assert tune.shape == (2 * DELAY + 32, KEYS)
    print(f"wrote {len(tune)} steps to {write_midi(arguments.output, tune)}")


if __name__ == "__main__":
    main()
