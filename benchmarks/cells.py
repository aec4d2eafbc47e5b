"""Every published cell beside its own loop and the package torchrecurrent: medians, columns interleaved.

    make bench-cells
    python benchmarks/cells.py [--only lstm mut1] [--seconds 3] [--quick] [--out benchmarks/results]

Forward and backward at (T, B, I, H) = (100, 32, 128, 128) in float32, on the engine that ``auto`` takes. Writes
``cells.md`` and ``cells.json``; ``--quick`` measures a moment of each and writes nothing unless told where.
Before a cell is timed, its outputs and gradients are compared with its loop's.

``floor`` is the time of the products' arithmetic at the rate of torch's large matrix products on these cores.
``per FLOP`` is the time for each operation of the cell's products against that of our LSTM, run in turns with it:
cells with few products pay for their elementwise functions there.
torchrecurrent's cells differ in places from the papers and so from ours (its MUT1 multiplies the x that the paper takes
bare); the docstrings of ours say where.
Cells of the family ``linear`` are also measured at T = 4096, B = 1, on every engine that runs them.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import math
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import Tensor

from engine import machine, product_rate, shown
from gatework.cells import CELLS, LSTM, Cell, cell_name, family, find_cell
from gatework.engine import ENGINES, checked_call, plan

SHAPE = (100, 32, 128, 128)
LONG = (4096, 1, 128, 128)
GOALS = {"loop": 4.0, "torchrecurrent": 4.0}
PER_FLOP = 1.2
LEAST = 3
# named otherwise there; all else has our name
THEIRS = {
    "BRC": "BR",
    "CoRNN": "coRNN",
    "MemoryControllerLSTM": "MCLSTM",
    "NASCell": "NAS",
    "NBRC": "NBR",
    "ResidualLSTM": "ResLSTM",
    "TauGRU": "tauGRU",
}
NOT_THEIRS = {"LSTM", "GRU", "Elman"}
Run = Callable[[], Tensor]


def main() -> None:
    """Parse the arguments, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=sorted(CELLS), metavar="CELL")
    parser.add_argument("--seconds", type=float, default=3, help="for each cell")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    seconds = 0.2 if arguments.quick else arguments.seconds
    out = arguments.out or (None if arguments.quick else Path("benchmarks/results"))
    kinds = sorted(map(find_cell, arguments.only), key=lambda kind: (family(kind), cell_name(kind)))
    rate = product_rate()
    rows = [measured(kind, seconds, rate) for kind in kinds]
    report = {
        "machine": machine(),
        "product_gflops": rate,
        "shape": SHAPE,
        "torchrecurrent": version(),
        "rows": rows,
        "geometric_means": {column: mean(row["ratios"].get(column) for row in rows) for column in GOALS},
        "long": [long_run(kind, seconds) for kind in kinds if family(kind) == "linear"],
    }
    text = table(report)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "cells.json").write_text(json.dumps(report, indent=2) + "\n")
        (out / "cells.md").write_text(text)
    print(text)


def version() -> str | None:
    """Which torchrecurrent is installed."""
    try:
        return importlib.metadata.version("torchrecurrent")
    except importlib.metadata.PackageNotFoundError:
        return None


def measured(kind: type[Cell], seconds: float, rate: float) -> dict[str, object]:
    """Time one cell, its loop, the same cell of torchrecurrent and our LSTM in turns."""
    T, B, I, H = SHAPE  # noqa: E741
    torch.manual_seed(0)
    cell, lstm = kind(I, H), LSTM(I, H)
    x = torch.randn(T, B, I, requires_grad=True)
    chosen = plan(checked_call(cell, x))
    verify(kind(19, 19), chosen.engine.name)  # equal sizes, as in what is timed
    runs: dict[str, Run] = {"ours": lambda: chosen.engine.run(checked_call(cell, x)).outputs}
    if chosen.engine.name != "loop":
        runs["loop"] = lambda: ENGINES["loop"].run(checked_call(cell, x)).outputs
    runs["lstm"] = lambda: plan(checked_call(lstm, x)).engine.run(checked_call(lstm, x)).outputs
    if (theirs := other(kind, I, H)) is not None:
        runs["torchrecurrent"] = lambda: theirs(x)[0]
    times = in_turns(runs, seconds)
    flops = 6 * T * B * multiplied(cell)
    ours = times["ours"]
    ratios = {column: times.get(column, ours if column == "loop" else math.nan) / ours for column in GOALS}
    return {
        "cell": cell_name(kind),
        "family": family(kind),
        "engine": chosen.engine.name,
        "because": None if chosen.engine.name == "compiled" else str(chosen),
        "ms": times,
        "ratios": {column: ratio for column, ratio in ratios.items() if not math.isnan(ratio)},
        "flops": flops,
        "gflops": flops / ours / 1e6,
        "floor_ms": flops / rate / 1e6,
        "per_flop_of_lstm": (ours / flops) / (times["lstm"] / (6 * T * B * multiplied(lstm))) if flops else None,
    }


def other(kind: type[Cell], input_size: int, hidden_size: int) -> torch.nn.Module | None:
    """The layer of torchrecurrent, if it is installed and has the cell."""
    if version() is None or kind.__name__ in NOT_THEIRS:
        return None
    layer = getattr(importlib.import_module("torchrecurrent"), THEIRS.get(kind.__name__, kind.__name__), None)
    return None if layer is None else layer(input_size, hidden_size)


def verify(cell: Cell, engine: str) -> None:
    """Stop if the engine differs from the loop."""
    cell, results = cell.double(), []
    x = torch.randn(7, 3, cell.input_size, dtype=torch.float64, requires_grad=True)
    for name in (engine, "loop"):
        outputs = ENGINES[name].run(checked_call(cell, x)).outputs
        wanted = [x, *cell.parameters()]
        gradients = torch.autograd.grad(outputs.square().sum(), wanted, allow_unused=True, materialize_grads=True)
        results.append([outputs, *gradients])
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-8)


def multiplied(cell: Cell) -> int:
    """The weights that a row is multiplied by in a step: matrices, whole or in blocks."""
    return sum(parameter.numel() for parameter in cell.parameters() if parameter.ndim > 1)


def in_turns(runs: dict[str, Run], seconds: float) -> dict[str, float]:
    """Medians in ms of forward and backward; slow columns get fewer turns once each has had its least."""
    gradient = torch.randn_like(next(iter(runs.values()))())
    times: dict[str, list[float]] = {column: [] for column in runs}
    for run in runs.values():
        run().backward(gradient)
    deadline = time.monotonic() + seconds
    while min(map(len, times.values())) < LEAST or time.monotonic() < deadline:
        for column, run in runs.items():
            if column not in ("ours", "lstm") and len(times[column]) >= LEAST:
                continue
            start = time.perf_counter()
            run().backward(gradient)
            times[column].append((time.perf_counter() - start) * 1e3)
    return {column: statistics.median(found) for column, found in times.items()}


def long_run(kind: type[Cell], seconds: float) -> dict[str, object]:
    """Time a linear cell over one long row, on every engine but the loop."""
    T, B, I, H = LONG  # noqa: E741
    torch.manual_seed(0)
    cell, x = kind(I, H), torch.randn(T, B, I, requires_grad=True)
    runs: dict[str, Run] = {
        name: lambda engine=engine: engine.run(checked_call(cell, x)).outputs  # type: ignore[misc]
        for name, engine in ENGINES.items()
        if name != "loop" and engine.refuses(checked_call(cell, x)) is None
    }
    chosen = plan(checked_call(cell, x)).engine.name
    return {"cell": cell_name(kind), "auto": chosen, "ms": in_turns(runs, seconds) if runs else {}}


def mean(ratios: Iterable[float | None]) -> float | None:
    """The geometric mean of what was measured."""
    known = [ratio for ratio in ratios if ratio]
    return math.exp(sum(map(math.log, known)) / len(known)) if known else None


def table(report: dict) -> str:
    """The report as Markdown; what misses its goal is bold and says so."""
    theirs = report["torchrecurrent"]
    lines = [
        f"{report['machine']}, matrix products at {report['product_gflops']:.0f} GFLOP/s.",
        f"Forward and backward at (T, B, I, H) = {tuple(report['shape'])}, medians in ms; "
        f"torchrecurrent {theirs or 'is not installed: not measured'}.",
        f"Goals: {GOALS['loop']:g}x the loop, {GOALS['torchrecurrent']:g}x torchrecurrent, "
        f"{PER_FLOP:g}x our LSTM's time for each FLOP.",
        "",
        "| family | cell | engine | ms | loop | torchrecurrent | x loop | x torchrecurrent "
        "| GFLOP/s | floor | per FLOP |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in report["rows"]:
        ms, ratios = row["ms"], row["ratios"]
        marked = [at_least(ratios.get(column), goal) for column, goal in GOALS.items()]
        values = [row["family"], row["cell"], row["engine"], shown(ms["ours"]), shown(ms.get("loop"))]
        values += [shown(ms.get("torchrecurrent")), *marked, f"{row['gflops']:.0f}", shown(row["floor_ms"])]
        lines.append("| " + " | ".join([*values, at_most(row["per_flop_of_lstm"], PER_FLOP)]) + " |")
    means = ", ".join(f"{shown(value)}x {column}" for column, value in report["geometric_means"].items())
    lines += ["", f"Geometric means: {means}."]
    lines += [f"- {row['cell']}: {row['because']}" for row in report["rows"] if row["because"]]
    if report["long"]:
        lines += ["", f"Linear cells at (T, B, I, H) = {LONG}, forward and backward, ms:", ""]
        for row in report["long"]:
            found = ", ".join(f"{name} {value:.2f}" for name, value in row["ms"].items())
            lines.append(f"- {row['cell']}: {found or 'the loop alone runs it'} (auto takes {row['auto']})")
    return "\n".join(lines) + "\n"


def at_least(ratio: float | None, goal: float) -> str:
    return shown(ratio) if ratio is None or ratio >= goal else f"**{ratio:.2f} < {goal:g}**"


def at_most(ratio: float | None, goal: float) -> str:
    return shown(ratio) if ratio is None or ratio <= goal else f"**{ratio:.2f} > {goal:g}**"


if __name__ == "__main__":
    main()
