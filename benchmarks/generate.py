"""Characters a second of a model that writes: medians, all columns interleaved in one run.

    python benchmarks/generate.py [--seconds 20] [--out benchmarks/results]

Writes ``generate.md`` and ``generate.json``. ``nn.LSTM`` and ``nn.LSTMCell`` are loops over PyTorch's modules under
inference_mode, as one would write them; ``loop`` is gatework symbol by symbol through its loop engine, ``step``
the same with packed weights, ``native`` what ``generate`` does. All have the same sizes and draw from
softmax(logits / 0.8). Before anything is timed, the likeliest text of all of gatework's is compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from engine import machine
from gatework.data import Vocabulary
from gatework.generation import Sampling, generate, sample_tokens
from gatework.models import LanguageModel

CASES = ((1, 128, 1), (1, 384, 1), (2, 512, 1), (1, 384, 8))
EMBEDDING, SYMBOLS, TEMPERATURE = 128, 65, 0.8
GOAL = 10


def main() -> None:
    """Parse the arguments, check, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20, help="per row")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    arguments = parser.parse_args()
    rows = [measure(*case, arguments.seconds) for case in CASES]
    report = {"machine": machine(), "symbols": SYMBOLS, "embedding": EMBEDDING, "rows": rows}
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "generate.json").write_text(json.dumps(report, indent=2) + "\n")
    text = table(report)
    (arguments.out / "generate.md").write_text(text)
    print(text)


class Watched(Sampling):
    """The same sampling; not being ``Sampling`` itself, it is asked for every symbol."""


def measure(layers: int, hidden: int, batch: int, seconds: float) -> dict:
    """Characters a second in all rows together, for each way."""
    torch.manual_seed(0)
    vocabulary = Vocabulary.build("character", {chr(0x21 + index): 1 for index in range(SYMBOLS - 1)})
    models = [
        LanguageModel.build(vocabulary, hidden_size=hidden, layers=layers, embedding_size=EMBEDDING).eval()
        for _ in range(2)
    ]
    model, looped = models
    looped.load_state_dict(model.state_dict())
    for layer in looped.stack:
        layer[0].engine = "loop"
    verify(models)
    runs: dict[str, tuple[Callable[[int], object], int]] = {
        "nn.LSTM": (module_loop(layers, hidden, batch), 150),
        "nn.LSTMCell": (cell_loop(layers, hidden, batch), 150),
        "loop": (written(looped, Watched(TEMPERATURE), batch), 150),
        "step": (written(model, Watched(TEMPERATURE), batch), 150),
        "native": (written(model, Sampling(TEMPERATURE), batch), 2000),
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run, _ in runs.values():
        run(20)
    deadline = time.monotonic() + seconds
    while len(times["native"]) < 5 or time.monotonic() < deadline:
        for name, (run, length) in runs.items():
            start = time.perf_counter()
            run(length)
            times[name].append((time.perf_counter() - start) / length / batch)
    rates = {name: 1 / statistics.median(found) for name, found in times.items()}
    return {"layers": layers, "hidden": hidden, "batch": batch, "per_second": rates, "runs": len(times["native"])}


def verify(models: list[LanguageModel]) -> None:
    """Stop if the ways differ."""
    texts = {generate(model.double(), "A", length=60, temperature=0) for model in models}
    for model in models:
        model.float()
    if len(texts) > 1:
        raise SystemExit(f"the native loop and the loop engine write different texts: {texts}")


def written(model: LanguageModel, sampling: Sampling, batch: int) -> Callable[[int], object]:
    """What a user calls: prompt, seeds and packing of weights included."""
    return lambda length: [
        row.tolist() for row in sample_tokens(model, "", length=length, samples=batch, sampling=sampling)
    ]


class Torch(nn.Module):
    """The same model in PyTorch."""

    def __init__(self, layers: int, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, EMBEDDING)
        self.rnn = nn.LSTM(EMBEDDING, hidden, layers)
        self.cells = nn.ModuleList(nn.LSTMCell(hidden if depth else EMBEDDING, hidden) for depth in range(layers))
        self.output = nn.Linear(hidden, SYMBOLS)

    def next(self, hidden: Tensor) -> Tensor:
        """Draw a symbol a row, from the last layer's output."""
        return torch.multinomial(torch.softmax(self.output(hidden) / TEMPERATURE, dim=-1), 1)[:, 0]


def module_loop(layers: int, hidden: int, batch: int) -> Callable[[int], object]:
    model = Torch(layers, hidden).eval()

    @torch.inference_mode()
    def run(length: int) -> list[list[int]]:
        symbols, state, found = torch.zeros(batch, dtype=torch.int64), None, []
        for _ in range(length):
            outputs, state = model.rnn(model.embedding(symbols)[None], state)
            symbols = model.next(outputs[0])
            found.append(symbols.tolist())
        return found

    return run


def cell_loop(layers: int, hidden: int, batch: int) -> Callable[[int], object]:
    model = Torch(layers, hidden).eval()

    @torch.inference_mode()
    def run(length: int) -> list[list[int]]:
        symbols, found = torch.zeros(batch, dtype=torch.int64), []
        states = [(torch.zeros(batch, hidden), torch.zeros(batch, hidden)) for _ in range(layers)]
        for _ in range(length):
            x = model.embedding(symbols)
            for depth, cell in enumerate(model.cells):
                states[depth] = cell(x, states[depth])
                x = states[depth][0]
            symbols = model.next(x)
            found.append(symbols.tolist())
        return found

    return run


def table(report: dict) -> str:
    """The report as Markdown."""
    columns = list(report["rows"][0]["per_second"])
    lines = [
        f"{report['machine']}; {SYMBOLS} symbols, embedding {EMBEDDING}, LSTM, float32; medians.",
        "",
        f"Characters a second, all rows of a batch together (goal: native {GOAL}x nn.LSTM at 1x384, B=1):",
        "",
        f"| layers x hidden, B | {' | '.join(columns)} | native / nn.LSTM | native / nn.LSTMCell |",
        "|---" * (len(columns) + 3) + "|",
    ]
    for row in report["rows"]:
        rates = row["per_second"]
        cells = [f"{row['layers']}x{row['hidden']}, {row['batch']}", *(f"{rates[column]:,.0f}" for column in columns)]
        cells += [f"{rates['native'] / rates[other]:.1f}x" for other in ("nn.LSTM", "nn.LSTMCell")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
