"""Persons and places in sentences, found by how their names are spelled.

    python examples/tag.py [--data my.tsv] [--epochs 8] [--run FOLDER]

Makes sentences about people and towns unless a file is named (a word and its tag a line, a blank line after each
sentence), trains a tagger with a conditional random field, and shows what it finds in sentences whose names it has
never read: only their characters tell what they are.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import gatework as gw
from gatework.data.tagging.tagged_dataset import load_tagged
from gatework.settings.tasks.tag import TagData

BEGINNINGS = [
    "Ar",
    "Bel",
    "Cor",
    "Dun",
    "El",
    "Fal",
    "Gar",
    "Hol",
    "In",
    "Kel",
    "Mar",
    "Nor",
    "Os",
    "Per",
    "Ros",
    "Tal",
]
MIDDLES = ["a", "be", "di", "ge", "lo", "mi", "na", "re", "so", "ti"]
PERSON, PLACE = ["son", "man", "wick"], ["ford", "ville", "burg"]
SENTENCES = [
    "{person} lives in {place} .",
    "We met {person} near {place} and went home .",
    "Has {person} ever seen {place} ?",
    "{place} is far from {place} .",
    "The train to {place} was late , said {person} .",
]


def main(words: Sequence[str] | None = None) -> None:
    """Make sentences, train, and tag new ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="tagged sentences; made-up ones unless given")
    parser.add_argument("--epochs", type=float, default=8)
    parser.add_argument("--run", type=Path, help="a new folder for metrics, pictures and the model")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "names.tsv"
        made.write_text("\n".join(sentence(random.Random(seed)) for seed in range(400)), encoding="utf-8")
        data = load_tagged(TagData(sources=[str(arguments.data or made)]))
    model = gw.Tagger.build(data.codec, crf=True, hidden_size=64)
    outcome = gw.fit(model, data, epochs=arguments.epochs, batch=8, warmup=20, folder=arguments.run)
    assert outcome.validation is not None
    for name, value in outcome.validation.figures.items():
        print(f"{name.replace('_', ' ')} {value:.3f}")
    for seed in range(1000, 1003):
        new = [line.split("\t")[0] for line in sentence(random.Random(seed)).splitlines()]
        tags = model.tags([model.codec.encode(new)])[0]
        print(" ".join(word if tag == "O" else f"{word}/{tag}" for word, tag in zip(new, tags, strict=True)))


def sentence(draw: random.Random) -> str:
    """A sentence about people and places, a word and its tag a line."""
    lines = []
    for word in draw.choice(SENTENCES).split():
        if word == "{person}":
            lines += [f"{name(draw, [''])}\tB-PER", f"{name(draw, PERSON)}\tI-PER"]
        else:
            lines.append(f"{name(draw, PLACE)}\tB-LOC" if word == "{place}" else f"{word}\tO")
    return "\n".join(lines) + "\n"


def name(draw: random.Random, endings: Sequence[str]) -> str:
    """A name of some syllables; its ending says what it is the name of."""
    middle = "".join(draw.choices(MIDDLES, k=draw.randint(1, 2)))
    return draw.choice(BEGINNINGS) + middle + draw.choice(endings)


if __name__ == "__main__":
    main()
