"""Every task on real data: what was reached, how long it took, and the command; then the same with other cells.

    python benchmarks/tasks.py [--only classify] [--compare]

Rows are in benchmarks/task_rows/, a file a task. Each is one ``gatework train`` and one ``gatework evaluate`` on the
held-out part; with ``--compare`` the same again with Elman, GRU and LSTM cells, whose hidden size is chosen so that the
whole model has as many parameters. Results are kept row by row in benchmarks/results/tasks.json, so that rows can be
measured one at a time, and benchmarks/tasks.md is written anew from them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import task_rows  # noqa: E402  (found beside this file)
import torch  # noqa: E402
from task_rows import Row  # noqa: E402

from gatework.settings import checked_config  # noqa: E402
from gatework.storage import read_json, write_json, write_text  # noqa: E402
from gatework.studies.comparison.arms import fitted_size  # noqa: E402
from gatework.tasks import find_task, load_model  # noqa: E402

RESULTS = HERE / "results" / "tasks.json"
TABLE = HERE / "tasks.md"
CELLS = ("elman", "gru", "lstm")
GATEWORK = (sys.executable, "-m", "gatework")


def rows() -> dict[str, list[Row]]:
    """Task -> its rows, by name."""
    names = [module.name for module in pkgutil.iter_modules(task_rows.__path__)]
    return {name: importlib.import_module(f"task_rows.{name}").ROWS for name in names}


def trained(row: Row, data: str, words: Sequence[str]) -> dict[str, Any]:
    """Train once and measure the held-out part."""
    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "run"
        subprocess.run([*GATEWORK, "train", *words, "--run", str(run)], check=True)
        return measured(row, data, run)


def measured(row: Row, data: str, run: Path) -> dict[str, Any]:
    """What the tables need of a finished run; its best model is measured on the held-out part."""
    measure = [*GATEWORK, "evaluate", str(run), "--json", "--part", row.part, *shlex.split(row.evaluate)]
    said = subprocess.run(measure, check=True, capture_output=True, text=True).stdout
    figures = json.loads(said.splitlines()[-1])
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    model = load_model(run / "model")
    config = read_json(run / "config.json")
    return {
        "figures": {name: value for name, value in figures.items() if isinstance(value, int | float)},
        "seconds": rows[-1]["wall_seconds"],
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "cell": config["model"].get("cell", ""),
        "hidden_size": config["model"].get("hidden_size", 0),
        "config": json.loads(json.dumps(config).replace(data, "{data}")),
    }


def compare(row: Row, data: str, base: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each cell and the row with it at the same number of parameters; that of its own cell is what ``base`` is."""
    for cell in CELLS:
        if cell == base["cell"]:
            yield cell, base
            continue
        settings = json.loads(json.dumps(base["config"]).replace("{data}", data))
        settings["model"] |= {"cell": cell, "cell_options": {}}
        config = checked_config(settings)
        size = fitted_size(config, cell, base["parameters"], find_task(config.task).load(config.data))
        settings["model"]["hidden_size"] = size
        with tempfile.TemporaryDirectory() as place:
            write_json(Path(place) / "config.json", settings)
            yield cell, trained(row, data, ["--config", f"{place}/config.json"])


def table(results: dict[str, Any]) -> str:
    """Both tables as Markdown."""
    lines = [
        "# Tasks: what was reached",
        "",
        f"One run each, seed 1, on {results.get('machine', '?')}; made by `make bench-tasks`",
        "(`python benchmarks/tasks.py`, `--only TASK` for some, `--compare` for the second table). Figures are of",
        "held-out data that chose nothing. The wall time is that of the training, validations included, on a machine",
        "that other work may have shared.",
        "",
        "| task | data | asked | reached | training | parameters | model | command: `gatework train` |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for task, found in rows().items():
        for row in found:
            result = results["rows"].get(f"{task}: {row.data}")
            if result is None:
                lines.append(f"| {task} | {row.data} | {row.asked} | not measured | | | | `{row.train}` |")
                continue
            lines.append(
                f"| {task} | {row.data} | {row.asked} | **{shown(row, result)}** | {result['seconds'] / 60:.1f} min "
                f"| {result['parameters']:,} | {result['cell']} {result['hidden_size']} | `{row.train}` |"
            )
    lines += ["", *intervals(results["rows"])]
    lines += [
        "",
        "## The same with other cells of as many parameters",
        "",
        "Settings of the first table, only cell and hidden size changed: they were chosen for the cell there, the",
        "learning rate among them. In a translation the size is the encoder's; the decoder keeps its 256 units.",
        "",
        "| task | data | figure | Elman | GRU | LSTM |",
        "|---|---|---|---|---|---|",
    ]
    for task, found in rows().items():
        for row in found:
            cells = results["cells"].get(f"{task}: {row.data}", {})
            if row.compare:
                columns = [shown(row, cells[cell]) if cell in cells else "not measured" for cell in CELLS]
                lines.append(f"| {task} | {row.data} | {row.figure} | {' | '.join(columns)} |")
    return "\n".join(lines) + "\n"


def intervals(measured: dict[str, Any]) -> list[str]:
    """The table of how often intervals hold."""
    lines = [
        "## Intervals of the forecasts",
        "",
        "Asked: within 5 points of what they say.",
        "",
        "| data | 80 % intervals hold | 95 % intervals hold | steps | CRPS, in the unit of MASE |",
        "|---|---|---|---|---|",
    ]
    for row in rows()["forecast"]:
        if result := measured.get(f"forecast: {row.data}"):
            found = result["figures"]
            held = " | ".join(f"{found[f'coverage_{share}']:.1f} %" for share in (80, 95))
            lines.append(f"| {row.data} | {held} | {found['points']:,.0f} | {found['crps']:.3f} |")
    return lines


def shown(row: Row, result: dict[str, Any]) -> str:
    """A figure as the table has it."""
    value = result["figures"][row.figure]
    return f"{value:.1%}" if "%" in row.asked and abs(value) <= 1 else f"{value:.3f}"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="rows whose 'task: data' contains this")
    parser.add_argument("--compare", action="store_true", help="with other cells too")
    parser.add_argument("--run", type=Path, help="a finished run of the row's command, instead of training anew")
    parser.add_argument("--table", action="store_true", help="only write the table anew")
    arguments = parser.parse_args()
    data = os.environ.get("GATEWORK_DATA")
    if not data:
        sys.exit("set GATEWORK_DATA to the folder of data sets")
    results = read_json(RESULTS) if RESULTS.exists() else {"rows": {}, "cells": {}}
    results["machine"] = f"{os.cpu_count()} cores, torch {torch.__version__.partition('+')[0]}"
    for task, found in rows().items():
        for row in found:
            key = f"{task}: {row.data}"
            if arguments.table or arguments.only not in key:
                continue
            if arguments.run is not None:
                results["rows"][key] = measured(row, data, arguments.run)
            elif not arguments.compare or key not in results["rows"]:
                results["rows"][key] = trained(row, data, shlex.split(row.train.replace("{data}", data)))
            write_json(RESULTS, results)
            if arguments.compare and row.compare:
                for cell, measurement in compare(row, data, results["rows"][key]):
                    results["cells"].setdefault(key, {})[cell] = measurement
                    write_json(RESULTS, results)
    write_text(TABLE, table(results))
    print(TABLE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
