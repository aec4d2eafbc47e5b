"""The scan engine beside the kernel that steps and the Python loop, for the cells that are linear in their state.

    python benchmarks/scan.py [--seconds 4] [--cells MinGRU,LRU] [--out benchmarks/results]

Writes ``scan.md`` and ``scan.json``: medians of forward and backward, all columns interleaved in one run.
``halved`` is the scan without a C compiler, as it also runs on GPUs. Before anything is timed, outputs and
gradients of every cell are compared with the loop's: no figure is reported for what computes something else.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from unittest import mock

import torch
from torch import Tensor

from gatework.cells import CELLS, Cell, family
from gatework.engine import ENGINES, checked_call, recurrence

SHAPES = ((4096, 1, 128, 128), (100, 32, 128, 128), (1000, 8, 64, 64))
LINEAR = [name for name, cell in CELLS.items() if family(cell) == "linear"]
LOOP_RUNS = 3
Run = Callable[[], Tensor]


def main() -> None:
    """Parse the arguments, check, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4, help="per row")
    parser.add_argument("--cells", default=",".join(LINEAR))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    arguments = parser.parse_args()
    names = arguments.cells.split(",")
    for name in names:
        verify(CELLS[name](19, 19))
    rows = [measure(name, shape, arguments.seconds) for name in names for shape in SHAPES]
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "scan.json").write_text(json.dumps({"machine": machine(), "rows": rows}, indent=2) + "\n")
    text = table(rows)
    (arguments.out / "scan.md").write_text(text)
    print(text)


def runs_of(cell: Cell, x: Tensor) -> dict[str, Run]:
    """Column -> what computes the outputs."""
    call = checked_call(cell, x)
    runs: dict[str, Run] = {
        engine: lambda engine=engine: ENGINES[engine].run(checked_call(cell, x)).outputs
        for engine in ("scan", "compiled", "loop")
        if ENGINES[engine].refuses(call) is None
    }
    return runs | {"halved": lambda: halved(runs["scan"])}


def halved(run: Run) -> Tensor:
    """The scan as it is where there is no compiler."""
    with uncompiled():
        return run()


def uncompiled() -> AbstractContextManager[object]:
    """While inside, recurrences are run as where there is no compiler."""
    return mock.patch.object(recurrence, "compiler", return_value=None)


def verify(cell: Cell) -> None:
    """Stop if an engine differs from the loop."""
    x = torch.randn(7, 3, cell.input_size, dtype=torch.float64, requires_grad=True)
    leaves = [x, *cell.double().parameters()]
    results = {}
    for column, run in runs_of(cell, x).items():
        outputs = run()
        results[column] = (outputs, *torch.autograd.grad(outputs.square().sum(), leaves))
    for found in results.values():
        torch.testing.assert_close(found, results["loop"], rtol=1e-10, atol=1e-10)


def measure(name: str, shape: tuple[int, ...], seconds: float) -> dict[str, object]:
    """Time one cell at one shape through every engine there is for it, forward and backward."""
    T, B, I, H = shape  # noqa: E741
    torch.manual_seed(0)
    cell, x, gradient = CELLS[name](I, H), torch.randn(T, B, I, requires_grad=True), torch.randn(T, B, H)
    runs = runs_of(cell, x)
    times: dict[str, list[float]] = {column: [] for column in runs}
    for run in runs.values():
        run().backward(gradient)
    deadline = time.monotonic() + seconds
    while len(times["loop"]) < LOOP_RUNS or time.monotonic() < deadline:
        for column, run in runs.items():
            if column == "loop" and len(times["loop"]) >= LOOP_RUNS:
                continue
            for parameter in (x, *cell.parameters()):
                parameter.grad = None
            start = time.perf_counter()
            outputs = run()
            with uncompiled() if column == "halved" else nullcontext():
                outputs.backward(gradient)
            times[column].append((time.perf_counter() - start) * 1e3)
    both = {column: statistics.median(found) for column, found in times.items()}
    return {"cell": name, "shape": shape, "both_ms": both, "runs": len(times["scan"])}


def machine() -> dict[str, object]:
    """What it ran on."""
    return {
        "cpu": platform.processor() or platform.machine(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def table(rows: list[dict]) -> str:
    """The report as Markdown."""
    lines = [
        f"{machine()}; forward and backward, medians in ms.",
        "",
        "| cell | T,B,I,H | scan | compiled | loop | halved | compiled / scan | loop / scan |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        both = row["both_ms"]
        cells = [row["cell"], ",".join(map(str, row["shape"]))]
        cells += [shown(both.get(column)) for column in ("scan", "compiled", "loop", "halved")]
        cells += [shown(both[column] / both["scan"] if column in both else None) for column in ("compiled", "loop")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def shown(number: float | None) -> str:
    """A number of a table."""
    return "–" if number is None else f"{number:.2f}"


if __name__ == "__main__":
    main()
