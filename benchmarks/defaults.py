"""Which sizes, windows and rates learn most of a text in 80 seconds on this machine?

    make bench-defaults            all rows, about 20 minutes
    .venv/bin/python benchmarks/defaults.py --only default plain-pytorch

Trains on tinyshakespeare (GATEWORK_DATA; nanoGPT's split: first 90 % training, last 10 % validation) with
one setting changed a row, and a plain PyTorch LSTM for comparison. Writes benchmarks/defaults.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from gatework import LanguageModel, fit, load_corpus
from gatework.data import Corpus

VARIATIONS: dict[str, dict[str, dict[str, object]]] = {
    "default": {},
    "gru (not in torch.nn)": {"model": {"cell": "gru"}},
    "hidden 256": {"model": {"hidden_size": 256}},
    "hidden 512": {"model": {"hidden_size": 512}},
    "one-hot": {"model": {"embedding_size": 0}},
    "dropout 0.1": {"model": {"dropout": 0.1}},
    "window 16": {"training": {"window": 16}},
    "window 64": {"training": {"window": 64}},
    "batch 64": {"training": {"batch": 64}},
    "rate 3e-3": {"training": {"learning_rate": 3e-3}},
    "rate 1e-2": {"training": {"learning_rate": 1e-2}},
    "weight decay 0.01": {"training": {"weight_decay": 0.01}},
    "default, again": {},
}


@dataclass(frozen=True)
class Row:
    """One training: its name, best validation loss in nats, updates, symbols a second, parameters, seconds."""

    name: str
    loss: float
    updates: int
    symbols_per_second: float
    parameters: int
    seconds: float

    def markdown(self) -> str:
        """The row of a table."""
        return (
            f"| {self.name} | {self.loss:.4f} | {self.updates:,} | {self.symbols_per_second:,.0f} "
            f"| {self.parameters:,} | {self.seconds:.0f} |"
        )


def ours(name: str, corpus: Corpus, minutes: float) -> Row:
    """Train with the defaults and the row's changes."""
    changes = VARIATIONS[name]
    torch.manual_seed(1)
    model = LanguageModel.build(corpus.vocabulary, **changes.get("model", {}))
    outcome = fit(model, corpus, minutes=minutes, **changes.get("training", {}))
    assert outcome.validation is not None
    symbols = outcome.epochs * len(corpus.train) / outcome.seconds
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Row(name, outcome.validation.nats, outcome.steps, symbols, parameters, outcome.seconds)


class PlainLSTM(nn.Module):
    """What one writes in PyTorch by hand: embedding, nn.LSTM, output."""

    def __init__(self, symbols: int, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, hidden)
        self.lstm = nn.LSTM(hidden, hidden)
        self.output = nn.Linear(hidden, symbols)

    def forward(self, tokens: torch.Tensor, state: object) -> tuple[torch.Tensor, object]:
        """Logits and state."""
        outputs, state = self.lstm(self.embedding(tokens), state)
        return self.output(outputs), state


def plain_pytorch(corpus: Corpus, minutes: float, *, batch: int = 32, window: int = 64, rate: float = 4e-3) -> Row:
    """The issue's baseline: 1 layer of 384, batch 32, window 64, AdamW 4e-3, cosine over the clock."""
    torch.manual_seed(1)
    model = PlainLSTM(len(corpus.vocabulary), 384)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    text = torch.tensor(corpus.train.tokens.astype("int64"))
    length = (len(text) - 1) // batch
    inputs = text[: batch * length].view(batch, length).T.contiguous()
    targets = text[1 : batch * length + 1].view(batch, length).T.contiguous()
    started, updates, position, state = time.perf_counter(), 0, 0, None
    while (progress := (time.perf_counter() - started) / (60 * minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate * 0.5 * (1 + torch.cos(torch.tensor(torch.pi * progress)).item())
        if position + window > length:
            position, state = 0, None
        here = slice(position, position + window)
        logits, state = model(inputs[here], state)
        loss = F.cross_entropy(logits.flatten(0, 1), targets[here].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        state = tuple(part.detach() for part in state)
        position, updates = position + window, updates + 1
    seconds = time.perf_counter() - started
    return Row(
        "plain-pytorch",
        plain_score(model, corpus),
        updates,
        updates * batch * window / seconds,
        sum(parameter.numel() for parameter in model.parameters()),
        seconds,
    )


@torch.no_grad()
def plain_score(model: PlainLSTM, corpus: Corpus) -> float:
    """Nats a symbol over the whole validation text, read as one stream."""
    text = torch.tensor(corpus.validation.tokens.astype("int64"))[:, None]
    total, state = 0.0, None
    for first in range(0, len(text) - 1, 512):
        targets = text[first + 1 : first + 513]
        logits, state = model(text[first : first + len(targets)], state)
        total += float(F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum"))
    return total / (len(text) - 1)


def main() -> None:
    """Run the rows asked for and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=["plain-pytorch", *VARIATIONS], metavar="ROW")
    parser.add_argument("--minutes", type=float, default=4 / 3)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"))
    arguments = parser.parse_args()
    text = Path(os.environ["GATEWORK_DATA"]) / "tinyshakespeare.txt"
    corpus = load_corpus(text)
    makers: dict[str, Callable[[], Row]] = {"plain-pytorch": lambda: plain_pytorch(corpus, arguments.minutes)}
    makers |= {name: lambda name=name: ours(name, corpus, arguments.minutes) for name in VARIATIONS}
    lines = [
        "# Defaults: what is learnt of tinyshakespeare in a given time",
        "",
        f"`python benchmarks/defaults.py`, {60 * arguments.minutes:.0f} s a row, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}, {platform.machine()} {torch.backends.cpu.get_cpu_capability()}. Validation loss "
        "in nats a character (last 10 % of the text); the other columns tell how fast the machine was in that row.",
        "",
        "| row | validation loss | updates | characters/s | parameters | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for name in arguments.only:
        row = makers[name]()
        lines.append(row.markdown())
        print(lines[-1], flush=True)
        arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
