"""Learn to write dates as machines do: a sequence for a sequence, and where each letter was read.

    python examples/translate.py [--pairs 3000] [--epochs 12] [--draw attention.png]

Makes pairs such as "the 3rd of may, 1987" and "1987-05-03", trains an encoder and a decoder with attention on their
characters, prints how many unseen dates come out exactly, and draws where the decoder looked.
"""

from __future__ import annotations

import argparse
import datetime
import random
from collections.abc import Sequence
from pathlib import Path

import torch

from gatework.data.dataset import make_dataset
from gatework.data.translation.language_pair import LanguagePair
from gatework.data.translation.translated import Translated
from gatework.generation.translating import Translator, source_symbols
from gatework.insight.attention import plot_attention
from gatework.models import TranslationModel
from gatework.settings.tasks.translate import TranslationData, TranslationTraining
from gatework.training import Trainer

ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


def spoken(day: datetime.date, draw: random.Random) -> str:
    """A date as one of several ways to say it."""
    month, ending = day.strftime("%B").lower(), ENDINGS.get(day.day, "th")
    return draw.choice(
        [
            f"the {day.day}{ending} of {month}, {day.year}",
            f"{month} {day.day}, {day.year}",
            f"{day.day}.{day.month}.{day.year}",
            f"{day.day} {month[:3]} {day.year}",
        ]
    )


def pairs_of(count: int) -> list[tuple[str, str]]:
    """Dates of two centuries, said and written."""
    draw = random.Random(1)
    days = [datetime.date(1900, 1, 1) + datetime.timedelta(draw.randrange(73_000)) for _ in range(count)]
    return [(spoken(day, draw), day.isoformat()) for day in days]


def main(words: Sequence[str] | None = None) -> None:
    """Make pairs, train, translate, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=3000)
    parser.add_argument("--epochs", type=float, default=12)
    parser.add_argument("--hidden-size", type=int, default=64)
    parser.add_argument("--draw", type=Path, help="where to draw the attention: a .png")
    arguments = parser.parse_args(words)

    pairs = pairs_of(arguments.pairs)
    held, config = len(pairs) // 10, TranslationData(level="character")
    languages = LanguagePair.build(pairs[held:], config)
    examples = [Translated(languages.read(said), languages.written(date), (said, date)) for said, date in pairs]
    data = make_dataset((examples[held:], examples[:held], []), languages, config, "dates")
    torch.manual_seed(1)
    model = TranslationModel.build(languages, cell="gru", hidden_size=arguments.hidden_size, embedding_size=32)
    outcome = Trainer(model, data, TranslationTraining(epochs=arguments.epochs)).fit()

    translator = Translator(model)
    found = [best[0] for best in translator.translate([said for said, _ in pairs[:held]])]
    right = sum(one.text == date for one, (_, date) in zip(found, pairs, strict=False))
    print(f"{right / held:.1%} of {held} unseen dates are exact after {outcome.steps} updates, {outcome.seconds:.0f} s")
    for (said, _), one in list(zip(pairs, found, strict=False))[:5]:
        print(f"{said:>24} -> {one.text}")
    if arguments.draw and found[0].attention is not None:
        source = source_symbols(languages, pairs[0][0])
        print(plot_attention(found[0].attention, source, found[0].symbols, arguments.draw, title="where it looked"))


if __name__ == "__main__":
    main()
