"""The command line under real signals, while it learns, validates and samples; and under SIGKILL."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gatework.cli.main import status_of
from gatework.storage import read_tensors
from gatework.training import Interrupted, RunFolder
from gatework.training.signals import StopSignals

# kills its own process when a function is called for the n-th time, then lets it go on
DRIVER = """
import os, sys, importlib
place, name, count, number = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
owner = importlib.import_module(place)
for part in name.split(".")[:-1]:
    owner = getattr(owner, part)
name = name.split(".")[-1]
wrapped, calls = getattr(owner, name), 0

def killing(*arguments, **keywords):
    global calls
    calls += 1
    if calls == count:
        os.kill(os.getpid(), number)
    return wrapped(*arguments, **keywords)

setattr(owner, name, killing)
from gatework.cli.main import main
main(sys.argv[5:])
"""
PHASES = {
    "update": ("gatework.training.trainer", "Trainer._update", 16),
    "validation": ("gatework.training.streaming", "evaluate", 2),
    "sampling": ("gatework.generation.text", "TextWriter.feed", 20),
}


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("".join(f"line {n} of {n * n % 17} and {n * 7 % 11}\n" for n in range(60)))
    return path


def options(text: Path, run: Path) -> list[str]:
    sizes = "--hidden-size 7 --embedding-size 5 --batch 4 --window 8 --steps 30 --validate-every 10 --log-every 4"
    return ["train", str(text), "--run", str(run), *sizes.split(), "--dropout", "0.2", "--sample-length", "15"]


def results(run: Path) -> dict[str, Any]:
    folder = RunFolder(run)
    times = ("wall_seconds", "symbols_per_second")
    last = max(folder.checkpoints.glob("step-*.safetensors"))
    return {
        "name": last.name,
        "last": {name: tensor.tolist() for name, tensor in read_tensors(last)[0].items()},
        "best": {n: t.tolist() for n, t in read_tensors(folder.model / "model.safetensors")[0].items()},
        "rows": [{name: value for name, value in row.items() if name not in times} for row in folder.rows()],
        "samples": folder.samples.read_text(),
        "plots": sorted(path.name for path in folder.plots.iterdir()),
    }


@pytest.fixture(scope="module")
def whole(text: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    run = tmp_path_factory.mktemp("runs") / "whole"
    assert status_of(options(text, run)) == 0
    return results(run)


def start(phase: str, number: int, text: Path, run: Path) -> subprocess.CompletedProcess[str]:
    place, name, count = PHASES[phase]
    words = [place, name, str(count), str(int(number)), *options(text, run)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-c", DRIVER, *words],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        check=False,
    )


@pytest.mark.parametrize(
    ("phase", "number", "status"),
    [("update", signal.SIGINT, 130), ("validation", signal.SIGTERM, 143), ("sampling", signal.SIGTERM, 143)],
)
def test_signals_save_and_exit(
    phase: str, number: int, status: int, text: Path, tmp_path: Path, whole: dict[str, Any]
) -> None:
    run = tmp_path / "run"
    done = start(phase, number, text, run)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert f"gatework train --resume {run}" in done.stdout + done.stderr
    assert (run / "checkpoints").is_dir()
    assert status_of(["train", "--resume", str(run)]) == 0
    assert results(run) == whole


def test_after_sigkill_the_last_checkpoint_is_gone_on_from(text: Path, tmp_path: Path, whole: dict[str, Any]) -> None:
    run = tmp_path / "run"
    assert start("update", signal.SIGKILL, text, run).returncode == -signal.SIGKILL
    names = sorted(path.name for path in (run / "checkpoints").iterdir())
    assert names == ["step-0000000000.safetensors", "step-0000000010.safetensors"]
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"kind": "train", "step": 16, "los')
    assert status_of(["train", "--resume", str(run)]) == 0
    assert results(run) == whole
    assert all(json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines())


# --- within one process -------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_polled(number: int, status: int) -> None:
    before = signal.getsignal(number)
    with StopSignals() as stop:
        stop.poll()
        os.kill(os.getpid(), number)
        with pytest.raises(Interrupted) as caught:
            stop.poll()
    assert caught.value.status == status
    assert str(caught.value) == signal.Signals(number).name
    assert signal.getsignal(number) is before


def test_a_second_signal_is_obeyed_at_once() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells ignore it in what they run behind them
    try:
        with StopSignals() as stop:
            os.kill(os.getpid(), signal.SIGINT)
            with pytest.raises(Interrupted):
                stop.poll()
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_handlers_come_back_after_an_error() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(ValueError, match="x"), StopSignals():
        raise ValueError("x")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_stop_goes_from_process_to_process():
    """Workers of a study pass it on to the process that waits for them."""
    passed = pickle.loads(pickle.dumps(Interrupted(signal.SIGTERM)))
    assert isinstance(passed, Interrupted)
    assert (passed.status, str(passed)) == (143, "SIGTERM")
