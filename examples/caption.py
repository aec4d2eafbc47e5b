"""Scenes of coloured shapes described in words, also such as were never seen in training.

    python examples/caption.py [--scenes 4000] [--epochs 6] [--draw FOLDER]

Draws scenes with captions, trains a small convolutional network with a recurrent decoder that attends to regions of the
picture, and describes scenes of combinations that training has not shown. ``--draw`` writes these as PNG files, and a
picture of where the model looked for each word.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

import gatework as gw
from gatework.data.pictures.captions import Captioned, load_captions
from gatework.models import Captioner
from gatework.settings.tasks.caption import CaptionData
from gatework.tasks import find_task
from gatework.training import measure

SHOWN = 5


def main(words: Sequence[str] | None = None) -> None:
    """Draw, train, measure, describe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=4000)
    parser.add_argument("--epochs", type=float, default=6)
    parser.add_argument("--hidden-size", type=int, default=128)
    parser.add_argument("--draw", type=Path, help="where to write pictures")
    arguments = parser.parse_args(words)
    data = load_captions(CaptionData(scenes=arguments.scenes))
    model = Captioner.build(data.codec, hidden_size=arguments.hidden_size)
    outcome = gw.fit(model, data, epochs=arguments.epochs, batch=16)
    figures = measure(model, data.test).figures
    share, accuracy = figures["exact"], figures["token_accuracy"]
    print(f"{share:.1%} of {len(data.test)} captions exact, {accuracy:.1%} of words, after {outcome.steps} updates")
    task = find_task("caption")
    print(task.show(model, data.test[:SHOWN]))
    if arguments.draw is not None:
        save(data.test[:SHOWN], arguments.draw)
        task.pictures(model, data, arguments.draw)


def save(examples: Sequence[Captioned], folder: Path) -> None:
    """Write scenes as PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, example in enumerate(examples):
        Image.fromarray(example.seen.transpose(1, 2, 0)).save(folder / f"scene-{number}.png")


if __name__ == "__main__":
    main()
