"""The compiled engine beside torch.nn and the Python loop: medians, all columns interleaved in one run.

    python benchmarks/engine.py [--seconds 4] [--cells LSTM,GRU] [--shapes 0,3] [--out benchmarks/results]

Writes ``engine.md`` and ``engine.json``. Before anything is timed, outputs and gradients of every cell are
compared with the loop's: no figure is reported for a kernel that computes something else.
``floor`` is the time of the step's arithmetic at the rate of torch's large matrix products on these cores:
nothing that uses torch's products for the hoisted part can be much faster.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from gatework.cells import CELLS, Cell
from gatework.engine import ENGINES, checked_call
from gatework.engine.stepper import Stepper

SHAPES = (
    (100, 32, 128, 128),
    (200, 32, 64, 128),
    (100, 64, 512, 512),
    (50, 8, 256, 256),
    (35, 20, 640, 640),
    (1000, 1, 128, 128),
    (100, 128, 256, 256),
    (64, 32, 65, 384),
)
NATIVE = {"LSTM": torch.nn.LSTM, "GRUResetAfter": torch.nn.GRU, "Elman": torch.nn.RNN}
STEPS = (64, 256)
Run = Callable[[], Tensor]


def main() -> None:
    """Parse the arguments, check, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4, help="per row")
    parser.add_argument("--cells", default="Elman,GRU,GRUResetAfter,LSTM", help="see benchmarks/cells.py for all")
    parser.add_argument("--shapes", default=",".join(map(str, range(len(SHAPES)))))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    arguments = parser.parse_args()
    chosen = [SHAPES[int(index)] for index in arguments.shapes.split(",")]
    names = arguments.cells.split(",")
    for name in names:
        verify(CELLS[name](5, 19))
    rate = product_rate()
    rows = [measure(name, shape, arguments.seconds, rate) for name in names for shape in chosen]
    steps = [measure_step(size) for size in STEPS]
    report = {
        "machine": machine(),
        "product_gflops": rate,
        "rows": rows,
        "speedup": {name: speedups([row for row in rows if row["cell"] == name]) for name in names},
        "steps": steps,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "engine.json").write_text(json.dumps(report, indent=2) + "\n")
    text = table(report)
    (arguments.out / "engine.md").write_text(text)
    print(text)


def verify(cell: Cell) -> None:
    """Stop if the kernel differs from the loop."""
    cell, results = cell.double(), []
    x = torch.randn(7, 3, cell.input_size, dtype=torch.float64, requires_grad=True)
    for engine in ("compiled", "loop"):
        outputs = ENGINES[engine].run(checked_call(cell, x)).outputs
        results.append((outputs, *torch.autograd.grad(outputs.square().sum(), [x, *cell.parameters()])))
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


def product_rate() -> float:
    """GFLOP/s of torch's large matrix products on the threads that it uses."""
    a, b = torch.randn(1536, 1536), torch.randn(1536, 1536)
    times = []
    for _ in range(15):
        start = time.perf_counter()
        a.mm(b)
        times.append(time.perf_counter() - start)
    return 2 * 1536**3 / statistics.median(times) / 1e9


def measure(name: str, shape: tuple[int, ...], seconds: float, rate: float) -> dict[str, object]:
    """Time one cell at one shape through every engine there is for it."""
    T, B, I, H = shape  # noqa: E741
    torch.manual_seed(0)
    cell, x, gradient = CELLS[name](I, H), torch.randn(T, B, I, requires_grad=True), torch.randn(T, B, H)
    parameters = [x, *cell.parameters()]
    runs: dict[str, Run] = {"compiled": lambda: ENGINES["compiled"].run(checked_call(cell, x)).outputs}
    if name in NATIVE:
        module = NATIVE[name](I, H)
        parameters += list(module.parameters())
        runs["torch.nn"] = lambda: module(x)[0]
    runs["loop"] = lambda: ENGINES["loop"].run(checked_call(cell, x)).outputs
    forward: dict[str, list[float]] = {column: [] for column in runs}
    whole: dict[str, list[float]] = {column: [] for column in runs}
    for run in runs.values():
        run().backward(gradient)
    deadline = time.monotonic() + seconds
    while len(whole["compiled"]) < 3 or time.monotonic() < deadline:
        for column, run in runs.items():
            if column == "loop" and len(whole["loop"]) >= 3:
                continue
            for parameter in parameters:
                parameter.grad = None
            start = time.perf_counter()
            outputs = run()
            middle = time.perf_counter()
            outputs.backward(gradient)
            end = time.perf_counter()
            forward[column].append((middle - start) * 1e3)
            whole[column].append((end - start) * 1e3)
    flops = 2 * T * B * sum(p.numel() for p in cell.parameters() if p.ndim == 2)
    return {
        "cell": name,
        "shape": shape,
        "forward_ms": {column: statistics.median(times) for column, times in forward.items()},
        "both_ms": {column: statistics.median(times) for column, times in whole.items()},
        "floor_ms": 3 * flops / rate / 1e6,
        "runs": len(whole["compiled"]),
    }


def measure_step(size: int) -> dict[str, float]:
    """Time one streaming step of an LSTM from Python, in microseconds."""
    cell, module, x = CELLS["LSTM"](size, size), torch.nn.LSTMCell(size, size), torch.randn(1, size)
    stepper, state = Stepper(cell), cell.initial_state(1)
    runs = {"compiled": lambda: stepper(x, state), "torch.nn.LSTMCell": lambda: module(x, tuple(state))}
    times: dict[str, list[float]] = {column: [] for column in runs}
    with torch.no_grad():
        for _ in range(3000):
            for column, run in runs.items():
                start = time.perf_counter()
                run()
                times[column].append((time.perf_counter() - start) * 1e6)
    return {"hidden": size, **{column: statistics.median(found) for column, found in times.items()}}


def speedups(rows: list[dict]) -> dict[str, float]:
    """Geometric means over shapes, and the worst, of forward and backward."""
    found: dict[str, float] = {}
    for other in ("torch.nn", "loop"):
        ratios = [row["both_ms"][other] / row["both_ms"]["compiled"] for row in rows if other in row["both_ms"]]
        if ratios:
            found[other] = math.exp(sum(map(math.log, ratios)) / len(ratios))
            found[f"{other} (worst)"] = min(ratios)
    return found


def machine() -> dict[str, object]:
    """What it ran on."""
    return {
        "cpu": platform.processor() or platform.machine(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def table(report: dict) -> str:
    """The report as Markdown."""
    lines = [
        f"{report['machine']}, matrix products at {report['product_gflops']:.0f} GFLOP/s; medians in ms.",
        "",
        "| cell | T,B,I,H | forward: compiled | torch.nn | loop "
        "| both: compiled | torch.nn | loop | floor | x nn | x loop |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in report["rows"]:
        forward, both = row["forward_ms"], row["both_ms"]
        cells = [row["cell"], ",".join(map(str, row["shape"]))]
        cells += [shown(times.get(column)) for times in (forward, both) for column in ("compiled", "torch.nn", "loop")]
        cells += [shown(row["floor_ms"])]
        cells += [shown(both[other] / both["compiled"] if other in both else None) for other in ("torch.nn", "loop")]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "Geometric means, forward and backward:", ""]
    lines += [
        f"- {cell}: " + ", ".join(f"{value:.2f}x {other}" for other, value in found.items())
        for cell, found in report["speedup"].items()
    ]
    lines += ["", "One streaming LSTM step from Python, B=1, in us:", ""]
    lines += [f"- {', '.join(f'{name} {value:.1f}' for name, value in step.items())}" for step in report["steps"]]
    return "\n".join(lines) + "\n"


def shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    main()
