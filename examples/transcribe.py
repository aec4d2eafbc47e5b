"""Morse code, written down by ear.

    python examples/transcribe.py [--messages 200] [--epochs 10] [--picture heard.png]

Makes recordings of messages in Morse code, each with its own pitch, speed and hiss, and a table of what they say: WAV
files and ``text.csv``, as ``gatework train FOLDER --task transcribe`` reads them. A transcriber learns from them,
not told when each letter is sent, and then writes down messages that it has not heard, and when each letter began.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import gatework as gw
from gatework.data.sound.audio import write_wav
from gatework.data.sound.transcribed import load_speech
from gatework.data.text.edit_distance import errors
from gatework.generation import transcribe
from gatework.insight import plot_phonemes
from gatework.settings import TranscribeData

CODE = {"a": ".-", "e": ".", "i": "..", "m": "--", "n": "-.", "o": "---", "s": "...", "t": "-"}
RATE = 4000


def main(words: Sequence[str] | None = None) -> None:
    """Send, learn, listen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=200, help="recordings to learn from")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--hidden-size", type=int, default=48)
    parser.add_argument("--picture", type=Path, help="where to draw what was heard of one message: .png")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        send(Path(folder), arguments.messages, np.random.default_rng(1))
        config = TranscribeData(sources=[folder], bands=5, deltas=0, stacked=3, validation=0.1, test=0.1)
        data = load_speech(config)
        model = gw.Transcriber.build(
            data.codec, cell="gru", hidden_size=arguments.hidden_size, dropout=0, time_masks=0, band_masks=0
        )
        outcome = gw.fit(model, data, epochs=arguments.epochs, batch=4, learning_rate=0.01)
        assert outcome.validation is not None
        print(f"{outcome.steps} updates, {outcome.seconds:.0f} s")
        listen(model, data.test, arguments.picture)


def send(folder: Path, messages: int, generator: np.random.Generator) -> None:
    """Write recordings and the table of what they say."""
    with (folder / "text.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("path", "text"))
        for number in range(messages):
            text = "".join(generator.choice(list(CODE), generator.integers(3, 7)))
            write_wav(folder / f"{number}.wav", beeps(text, generator), RATE)
            table.writerow((f"{number}.wav", text))


def beeps(text: str, generator: np.random.Generator) -> np.ndarray:
    """A text in Morse code: a dot, or the silence after a beep, takes one unit, a dash or the end of a letter three."""
    unit = round(RATE * generator.uniform(0.03, 0.045))
    key = [on for letter in text for sign in CODE[letter] for on in ([1] * (1 + 2 * (sign == "-")) + [0])]
    ends = np.cumsum([sum(2 + 2 * (sign == "-") for sign in CODE[letter]) for letter in text])
    keyed = np.repeat(np.insert(np.array([0, *key]), np.repeat(ends + 1, 2), 0), unit)
    tone = np.sin(2 * np.pi * generator.uniform(600, 700) * np.arange(len(keyed)) / RATE)
    return 0.3 * keyed * tone + generator.uniform(0.01, 0.05) * generator.standard_normal(len(keyed))


def listen(model: gw.Transcriber, messages: Sequence[tuple], picture: Path | None) -> None:
    """Print what messages say, what is heard, and how much of it is wrong."""
    found = transcribe(model, [message.steps for message in messages])
    for message, heard in list(zip(messages, found, strict=True))[:5]:
        begins = " ".join(f"{first:.2f}" for first, _ in heard.times)
        print(f"sent {''.join(message.words):8} heard {heard.text:8} letters begin at {begins} s")
    wrong, letters = errors((one.text, "".join(message.words)) for message, one in zip(messages, found, strict=True))
    print(f"{wrong / letters:.1%} of {letters} letters are wrong, in messages that it has not heard")
    if picture is not None:
        steps, codec = messages[0].steps, model.codec
        heard, _ = model.hear([steps])
        names = ["blank" if token == codec.blank else name for token, name in enumerate(codec.symbols.names)]
        said = codec.names(messages[0].tokens)
        plot_phonemes(heard[:, 0], names, picture, features=codec.frames(steps), transcript=said, blank=codec.blank)


if __name__ == "__main__":
    main()
