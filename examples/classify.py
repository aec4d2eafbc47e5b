"""Which language a name is from: a classifier from a table to answers, with what it looks at.

    python examples/classify.py [--names names.tsv] [--epochs 20]

Without a table of your own (name TAB language, no header) it makes up names of three invented languages that differ in
their endings alone. Prints the accuracy on names that it has not seen, how sure it is of a few, and how much each
letter counted.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import gatework as gw
from gatework.data.labelled.labelled_dataset import ClassExample, load_labelled
from gatework.models import Classifier
from gatework.settings.tasks.classify import ClassifyData
from gatework.training import measure

ENDINGS = {"Norlish": ["son", "sen"], "Veltic": ["ini", "elli"], "Orsk": ["ov", "enko"]}


def main(words: Sequence[str] | None = None) -> None:
    """Read names, train, measure, answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", type=Path, help="a table of names and languages, made up unless given")
    parser.add_argument("--epochs", type=float, default=10)
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        table = arguments.names or made_up(Path(folder) / "names.tsv", 600)
        data = load_labelled(ClassifyData(sources=[str(table)], validation=0.1, test=0.2))
    model = Classifier.build(data.codec, hidden_size=32, embedding_size=16, pooling="attention", dropout=0.2)
    gw.fit(model, data, epochs=arguments.epochs)
    figures = measure(model, data.test).figures
    print(f"accuracy {figures['accuracy']:.3f} on {len(data.test)} names, macro F1 {figures['macro_f1']:.3f}")
    for example in data.test[:3]:
        show(model, example)


def made_up(path: Path, count: int) -> Path:
    """Write a table of invented names."""
    draw = random.Random(7)
    rows = []
    for number in range(count):
        language = list(ENDINGS)[number % len(ENDINGS)]
        stem = "".join(draw.choice("bdfgklmnprt") + draw.choice("aeiou") for _ in range(draw.randint(1, 3)))
        rows.append(f"{stem.capitalize()}{draw.choice(ENDINGS[language])}\t{language}\n")
    path.write_text("".join(rows), encoding="utf-8")
    return path


def show(model: Classifier, example: ClassExample) -> None:
    """Print the most probable class of a name and the weight of each of its letters."""
    shares = model.probabilities([example])[0]
    best = int(shares.argmax())
    weights = model.attention(example)
    letters = " ".join(f"{letter}{weight:.2f}" for letter, weight in zip(example.shown, weights, strict=True))
    print(f"{example.shown}: {model.codec.labels.names[best]} ({shares[best]:.2f})   {letters}")


if __name__ == "__main__":
    main()
