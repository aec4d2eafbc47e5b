"""Why the estimators train with gatework's own loop and not with skorch's: the same model on the same names, both ways.

    python benchmarks/estimators.py [--rounds 3] [--epochs 2]

Needs GATEWORK_DATA and skorch (pip install -c constraints.txt skorch). Both train one classifier of surnames with AdamW
at one rate, in turns, so that what else the machine does meets both; printed are the medians of seconds for an epoch
and of held-out accuracy. The result is kept in benchmarks/results/estimators.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.helper import predefined_split

from gatework.data.labelled.labelled_dataset import LabelledDataset, load_labelled
from gatework.models import Classifier
from gatework.models.classify import ClassBatch
from gatework.settings import checked
from gatework.settings.tasks.classify import ClassifierConfig, ClassifyData
from gatework.storage import write_text
from gatework.training import fit, measure

RATE, BATCH = 0.003, 32
RESULT = Path(__file__).parent / "results" / "estimators.md"


class Examples(torch.utils.data.Dataset):
    """A part of the data as skorch's loaders want it."""

    def __init__(self, examples: Any) -> None:
        self.examples = list(examples)

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Any:
        return self.examples[index], self.examples[index].label


class Loss(torch.nn.Module):
    """What skorch calls a criterion: the model gives its own loss."""

    def forward(self, loss: torch.Tensor, labels: Any) -> torch.Tensor:
        """As it came."""
        return loss


class Own(torch.nn.Module):
    """The classifier, whose forward pass is its loss."""

    def __init__(self, model: Classifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Any) -> torch.Tensor:
        """The loss of a batch, whose rows come first, as skorch counts them."""
        return self.model.loss(ClassBatch(batch["steps"].transpose(0, 1), batch["lengths"], batch["labels"]))


class Net(NeuralNet):
    """skorch's net; a batch is not an array, so that it goes to the module as it is."""

    def infer(self, x: Any, **options: Any) -> Any:
        """What the module makes of a batch."""
        return self.module_(x)


def with_skorch(model: Classifier, data: LabelledDataset, epochs: int) -> None:
    """Train by skorch: random batches, the best epoch by its validation loss not kept."""

    def collate(pairs: Any) -> Any:
        batch = model.collate([example for example, _ in pairs])
        rows = {"steps": batch.steps.transpose(0, 1), "lengths": batch.lengths, "labels": batch.labels}
        return rows, batch.labels

    Net(
        Own(model),
        criterion=Loss,
        optimizer=torch.optim.AdamW,
        lr=RATE,
        max_epochs=epochs,
        batch_size=BATCH,
        iterator_train__shuffle=True,
        iterator_train__collate_fn=collate,
        iterator_valid__collate_fn=collate,
        train_split=predefined_split(Examples(data.validation)),
        verbose=0,
    ).fit(Examples(data.train))


def with_gatework(model: Classifier, data: LabelledDataset, epochs: int) -> None:
    """Train by the trainer that the estimators use."""
    fit(model, data, epochs=epochs, batch=BATCH, learning_rate=RATE, schedule="constant", warmup=0)


def main() -> None:
    """Train in turns, print and keep the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2)
    arguments = parser.parse_args()
    names = Path(os.environ.get("GATEWORK_DATA") or sys.exit("set GATEWORK_DATA to the folder of data sets")) / "names"
    data = load_labelled(ClassifyData(sources=[str(names)]))
    config = checked(ClassifierConfig, {})
    ways = {"skorch": with_skorch, "gatework": with_gatework}
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    accuracy: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(arguments.rounds + 1):
        for way, train in ways.items():
            torch.manual_seed(number)
            model = Classifier(config, data.codec)
            start = time.perf_counter()
            train(model, data, arguments.epochs)
            if number:  # the first round builds kernels
                seconds[way].append((time.perf_counter() - start) / arguments.epochs)
                accuracy[way].append(measure(model, data.validation).figures["accuracy"])
    lines = [f"| {way} | {statistics.median(seconds[way]):.2f} | {np.median(accuracy[way]):.1%} |" for way in ways]
    ratio = statistics.median(a / b for a, b in zip(seconds["skorch"], seconds["gatework"], strict=True))
    text = [
        "# The same classifier of names, trained by skorch and by gatework",
        "",
        f"`python benchmarks/estimators.py --rounds {arguments.rounds} --epochs {arguments.epochs}`, medians of",
        f"rounds in turns; skorch takes {ratio:.2f} times as long (median of the ratios).",
        "",
        "| trained by | seconds an epoch | validation accuracy |",
        "|---|---|---|",
        *lines,
    ]
    write_text(RESULT, "\n".join(text) + "\n")
    print("\n".join(text))


if __name__ == "__main__":
    main()
