"""Numbers in words, of a kind: a model that is told the language writes numbers of it, or of a mixture of two.

    python examples/conditional.py [--epochs 60]

Makes its own data: the numbers up to 99 in English and German words. Prints what the model writes when it is asked for
each language, and for both at once, and how many of what it wrote are numbers of the language that was asked for.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch

import gatework as gw
from gatework.generation.conditional import generate_kind
from gatework.generation.sampling import Sampling
from gatework.tasks import find_task

SMALL = {
    "English": ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    "German": ["ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"],
}
TENS = {
    "English": ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
    "German": ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"],
}


def numbers(language: str) -> list[str]:
    """The numbers that are said with tens and ones, twenty-one to ninety-nine."""
    pairs = [(tens, ones) for tens in TENS[language] for ones in SMALL[language]]
    return [f"{tens}-{ones}" if language == "English" else f"{ones}und{tens}" for tens, ones in pairs]


def main(words: Sequence[str] | None = None) -> None:
    """Make the table, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=float, default=60)
    arguments = parser.parse_args(words)
    task = find_task("conditional")
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "numbers.csv"
        with table.open("w", newline="", encoding="utf-8") as file:
            rows = [(text, language) for language in TENS for text in numbers(language)]
            csv.writer(file).writerows([("text", "label"), *rows])
        data = task.load(task.settings.data(sources=[str(table)]))
    torch.manual_seed(1)
    model = task.build(task.settings.model(hidden_size=64, embedding_size=16, dropout=0.1), data)
    outcome = gw.fit(model, data, epochs=arguments.epochs, batch=16)
    print(f"{outcome.steps} updates, {outcome.seconds:.0f} s")
    draw = Sampling(temperature=0.5)
    for language in TENS:
        texts = generate_kind(model, language, samples=40, seed=1, sampling=draw)
        right = sum(text in numbers(language) for text in texts)
        print(f"{language}: {', '.join(texts[:4])}: {right} of 40 are numbers of it")
    both = generate_kind(model, {"English": 1, "German": 1}, samples=4, seed=1, sampling=draw)
    print(f"both: {', '.join(both)}")


if __name__ == "__main__":
    main()
