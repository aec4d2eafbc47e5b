"""Very long sequences: memory and time of forward and backward, plain and with ``checkpoint_every``.

    python benchmarks/long.py [--rounds 9] [--out benchmarks/results]

The memory of every row is measured in a process of its own, after a short run that loads and builds what is needed
once: the peak of the resident set above that. Any run has to hold its outputs, and the gradient that they are given
(of all steps, though the loss looks at the last alone); the larger of these is told apart from what the run needs
beyond. Seconds are medians of plain and checkpointed runs by turns in one process.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gatework.cells import LSTM, LSTMP, Cell
from gatework.engine import run


@dataclass(frozen=True)
class Shape:
    """A run, and the steps between its checkpoints.

    Attributes:
        name: of the cell, for the table.
        make: makes the cell.
        time: steps.
        batch: rows.
        every: between checkpoints.
        inputs: whether the gradient of the input is wanted too, as where a layer lies below.
        plain: whether the run without checkpoints is measured beside.
    """

    name: str
    make: Callable[[], Cell]
    time: int
    batch: int
    every: int
    inputs: bool = False
    plain: bool = True


ROWS = (
    Shape("LSTM 64 -> 128", partial(LSTM, 64, 128), 10_000, 8, 100),
    Shape("LSTM 64 -> 128", partial(LSTM, 64, 128), 10_000, 8, 100, inputs=True),
    Shape("LSTMP 64 -> 256 -> 64", partial(LSTMP, 64, 64, memory_size=256), 10_000, 8, 100),
    Shape("LSTM 16 -> 16", partial(LSTM, 16, 16), 1_000_000, 1, 1000, plain=False),
)
HEAD = [
    f"Forward and backward, float32, {torch.get_num_threads()} threads. Outputs: they, or their gradient, which any",
    "run has to hold; beyond: what else it needs at its peak, with the gradient of the input where that is wanted.",
    "Seconds: medians, by turns.",
    "",
    "| cell | steps | batch | gradient of the input | checkpoint every | peak MiB | outputs MiB | beyond MiB | seconds "
    "| peak, x plain | beyond, x plain | time, x plain |",
    "|---|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|",
]


def main() -> None:
    """Measure all rows, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="of runs by turns; 0 measures no time")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--peak", type=int, nargs=2, metavar=("ROW", "CHECKPOINTED"), help="measure in this process")
    arguments = parser.parse_args()
    if arguments.peak is not None:
        row, checkpointed = arguments.peak
        print(json.dumps(peak_mib(ROWS[row], bool(checkpointed))))
        return
    lines = [*HEAD]
    for index, shape in enumerate(ROWS):
        lines += table_rows(index, shape, arguments.rounds)
        print("\n".join(lines[-2:] if shape.plain else lines[-1:]), flush=True)
    (arguments.out / "long.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def table_rows(index: int, shape: Shape, rounds: int) -> list[str]:
    """The rows of a shape: plain, if that is measured, and checkpointed."""
    kinds = [False, True] if shape.plain else [True]
    times = seconds(shape, kinds, rounds if shape.plain else min(rounds, 1)) if rounds else [[] for _ in kinds]
    outputs = shape.time * shape.batch * shape.make().hidden_size * 4 / 2**20
    peaks = [_peak_in_another_process(index, kind) for kind in kinds]
    lines = []
    for kind, peak, found in zip(kinds, peaks, times, strict=True):
        more = " | | |"
        if kind and shape.plain:
            slower = [mine / plain for mine, plain in zip(found, times[0], strict=True)]
            ratios = ([peak / peaks[0]], [(peak - outputs) / (peaks[0] - outputs)], slower)
            more = " | ".join(median_of(ratio, 3) for ratio in ratios) + " |"
        sizes = f"| {shape.name} | {shape.time} | {shape.batch} | {'yes' if shape.inputs else 'no'} "
        measured = f"| {shape.every if kind else '-'} | {peak:.0f} | {outputs:.0f} | {peak - outputs:.0f} "
        lines.append(f"{sizes}{measured}| {median_of(found, 2)} | {more}")
    return lines


def median_of(values: list[float], digits: int) -> str:
    """For the table; a dash if nothing was measured."""
    return f"{statistics.median(values):.{digits}f}" if values else "-"


def prepared(shape: Shape, checkpointed: bool) -> tuple[Callable[[Tensor], Any], Tensor]:
    """What runs forward and backward, and on what."""
    cell, x = shape.make(), torch.randn(shape.time, shape.batch, shape.make().input_size)
    every = shape.every if checkpointed else None

    def once(x: Tensor) -> None:
        run(cell, x.requires_grad_(shape.inputs), checkpoint_every=every).outputs[-1].sum().backward()
        x.grad = None

    once(x[: 3 * shape.every].clone())
    return once, x


def seconds(shape: Shape, kinds: list[bool], rounds: int) -> list[list[float]]:
    """The times of each kind of run, by turns."""
    runs, times = [prepared(shape, kind) for kind in kinds], [[] for _ in kinds]
    if rounds > 1:  # the memory of the first runs is new
        for once, x in runs:
            once(x)
    for _ in range(rounds):
        for (once, x), found in zip(runs, times, strict=True):
            start = time.perf_counter()
            once(x)
            found.append(time.perf_counter() - start)
    return times


def _peak_in_another_process(index: int, checkpointed: bool) -> float:
    command = [sys.executable, __file__, "--peak", str(index), str(int(checkpointed))]
    return float(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def peak_mib(shape: Shape, checkpointed: bool) -> float:
    """The peak of a run's memory above what was there before."""
    once, x = prepared(shape, checkpointed)
    before = memory_mib("VmRSS")
    once(x)
    return memory_mib("VmHWM") - before


def memory_mib(entry: str) -> float:
    """The memory of this process now (VmRSS) or at its peak (VmHWM, which unlike getrusage's forgets the parent's)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(entry)).split()[1]) / 1024


if __name__ == "__main__":
    main()
