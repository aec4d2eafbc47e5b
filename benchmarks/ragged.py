"""Batches as they come: lengths, resets, both directions and stacks. Medians, all columns of a row interleaved.

    python benchmarks/ragged.py [--seconds 4] [--rows lengths,resets,directions,layers] [--out benchmarks/results]

Writes ``ragged.md``: milliseconds of forward and backward through an LSTM, 32 rows, 128 units.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import gatework
from engine import machine
from gatework import cells

BATCH, HIDDEN = 32, 128
Run = Callable[[], Tensor]


def main() -> None:
    """Parse the arguments, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4, help="per row")
    parser.add_argument("--rows", default="lengths,resets,directions,layers")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    arguments = parser.parse_args()
    tables = {"lengths": lengths, "resets": resets, "directions": directions, "layers": layers}
    parts = [f"{machine()}; medians in ms of forward and backward, LSTM, B={BATCH}, H={HIDDEN}.", ""]
    for name in arguments.rows.split(","):
        parts += [*tables[name](arguments.seconds), ""]
    arguments.out.mkdir(parents=True, exist_ok=True)
    text = "\n".join(parts)
    (arguments.out / "ragged.md").write_text(text)
    print(text)


def lengths(seconds: float) -> list[str]:
    """Lengths uniform in [L/10, L] beside torch.nn's packed sequences, and beside as many steps without padding."""
    lines = [
        "| L | steps run | nn.LSTM packed | gatework.LSTM packed | Recurrent, lengths | same steps, no padding "
        "| x nn, packed | x nn | of no padding |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    theirs, drop_in = nn.LSTM(HIDDEN, HIDDEN), gatework.LSTM(HIDDEN, HIDDEN)
    ours = gatework.Recurrent(cells.LSTM(HIDDEN, HIDDEN))
    for longest in (50, 200, 1000):
        given = some_lengths(longest)
        x, steps = torch.randn(longest, BATCH, HIDDEN), int(given.sum())
        short = torch.randn(-(-steps // BATCH), BATCH, HIDDEN)
        found = medians(
            [
                partial(packed, theirs, x, given),
                partial(packed, drop_in, x, given),
                lambda x=x, given=given: ours(x, lengths=given).outputs,
                lambda short=short: ours(short).outputs,
            ],
            [theirs, drop_in, ours],
            seconds,
        )
        times = " | ".join(f"{value:.1f}" for value in found)
        ratios = (found[0] / found[1], found[0] / found[2], found[2] / found[3])
        lines.append(f"| {longest} | {steps} | {times} | {' | '.join(f'{ratio:.2f}' for ratio in ratios)} |")
    return lines


def resets(seconds: float) -> list[str]:
    """A reset about every 50 steps of each row."""
    layer = gatework.Recurrent(cells.LSTM(HIDDEN, HIDDEN))
    x, anew = torch.randn(200, BATCH, HIDDEN), torch.rand(200, BATCH) < 1 / 50
    found = medians([lambda: layer(x).outputs, lambda: layer(x, resets=anew).outputs], [layer], seconds)
    return [
        "| T | no resets | resets about every 50 steps | more |",
        "|---|---|---|---|",
        f"| 200 | {found[0]:.1f} | {found[1]:.1f} | {found[1] / found[0] - 1:+.1%} |",
    ]


def directions(seconds: float) -> list[str]:
    """Both directions, rows whole and of unequal lengths."""
    lines = [
        "| bidirectional, T=200 | nn.LSTM | gatework.LSTM | x nn |",
        "|---|---|---|---|",
    ]
    theirs, ours = (kind(HIDDEN, HIDDEN, bidirectional=True) for kind in (nn.LSTM, gatework.LSTM))
    x, given = torch.randn(200, BATCH, HIDDEN), some_lengths(200)
    runs: dict[str, list[Run]] = {
        "whole rows": [lambda: theirs(x)[0], lambda: ours(x)[0]],
        "packed": [partial(packed, theirs, x, given), partial(packed, ours, x, given)],
    }
    for name, pair in runs.items():
        found = medians(pair, [theirs, ours], seconds)
        lines.append(f"| {name} | {found[0]:.1f} | {found[1]:.1f} | {found[0] / found[1]:.2f} |")
    return lines


def layers(seconds: float) -> list[str]:
    """Three layers as one module, and one after the other by hand."""
    stack = gatework.Stack(cells.LSTM, HIDDEN, HIDDEN, layers=3)
    single = [gatework.Recurrent(cells.LSTM(HIDDEN, HIDDEN)) for _ in range(3)]
    x = torch.randn(200, BATCH, HIDDEN)

    def by_hand() -> Tensor:
        outputs = x
        for layer in single:
            outputs = layer(outputs).outputs
        return outputs

    found = medians([by_hand, lambda: stack(x).outputs], [stack, *single], seconds)
    return [
        "| 3 layers, T=200 | one by one | Stack | more |",
        "|---|---|---|---|",
        f"| whole rows | {found[0]:.1f} | {found[1]:.1f} | {found[1] / found[0] - 1:+.1%} |",
    ]


def some_lengths(longest: int) -> Tensor:
    """Uniform in [L/10, L], one of them L."""
    found = torch.randint(longest // 10, longest + 1, (BATCH,), generator=torch.Generator().manual_seed(0))
    found[0] = longest
    return found


def packed(module: nn.Module, x: Tensor, given: Tensor) -> Tensor:
    """As programs with torch.nn do it."""
    outputs = module(pack_padded_sequence(x, given, enforce_sorted=False))[0]
    return pad_packed_sequence(outputs)[0]


def medians(runs: list[Run], modules: list[nn.Module], seconds: float) -> list[float]:
    """Milliseconds of each run and its gradient, by turns."""
    times: list[list[float]] = [[] for _ in runs]
    for run in runs:
        run().sum().backward()
    deadline = time.monotonic() + seconds
    while len(times[0]) < 3 or time.monotonic() < deadline:
        for run, found in zip(runs, times, strict=True):
            for module in modules:
                module.zero_grad()
            start = time.perf_counter()
            run().sum().backward()
            found.append((time.perf_counter() - start) * 1e3)
    return [statistics.median(found) for found in times]


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
