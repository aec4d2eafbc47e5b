"""Very long sequences: memory and time of forward and backward, plain and with ``checkpoint_every``.

    python benchmarks/long.py [--out benchmarks/results]

Every row is measured in a process of its own, after a short run that loads and builds what is needed once. Memory is
the peak of the resident set above that; the results, which any run has to hold, are part of it.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from gatework.cells import LSTM
from gatework.engine import run


@dataclass(frozen=True)
class Shape:
    """Sizes of a run, and the steps between checkpoints; 0 keeps everything."""

    time: int
    batch: int
    input: int
    hidden: int
    every: int


ROWS = (Shape(10_000, 8, 64, 128, 0), Shape(10_000, 8, 64, 128, 100), Shape(1_000_000, 1, 16, 16, 1000))
ROUNDS_UP_TO = 100_000  # steps beyond which one measured run is enough


def main() -> None:
    """Measure all rows, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--row", type=int, help="measure one row in this process and print it")
    arguments = parser.parse_args()
    if arguments.row is not None:
        print(json.dumps(measure(ROWS[arguments.row])))
        return
    lines = [
        "LSTM, forward and backward, float32. Results: the outputs themselves, part of the peak.",
        "",
        "| steps | batch | input | hidden | checkpoint every | peak MiB | results MiB | seconds |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for index, shape in enumerate(ROWS):
        command = [sys.executable, __file__, "--row", str(index)]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        results = shape.time * shape.batch * shape.hidden * 4 / 2**20
        sizes = " | ".join(str(value) for value in asdict(shape).values())
        lines.append(f"| {sizes} | {found['peak_mib']:.0f} | {results:.0f} | {found['seconds']:.2f} |")
        print(lines[-1], flush=True)
    (arguments.out / "long.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def measure(shape: Shape) -> dict[str, float]:
    """Peak memory in MiB of the first run, and seconds: of the fastest of four, or of the first if it is long."""
    cell, x = LSTM(shape.input, shape.hidden), torch.randn(shape.time, shape.batch, shape.input)
    every = shape.every or None

    def once(x: torch.Tensor) -> float:
        start = time.perf_counter()
        run(cell, x, checkpoint_every=every).outputs[-1].sum().backward()
        return time.perf_counter() - start

    once(x[: 3 * shape.every or 50])
    before = resident_mib()
    seconds = once(x)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    if shape.time <= ROUNDS_UP_TO:
        seconds = min(once(x) for _ in range(4))
    return {"peak_mib": peak, "seconds": seconds}


def resident_mib() -> float:
    """The memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
