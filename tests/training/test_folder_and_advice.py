"""Run folders, advice, and TensorBoard's files."""

from __future__ import annotations

import json
import os
import shutil
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatework.errors import DamagedFileError, InputError, StorageError
from gatework.training import RunFolder, TensorBoard, advise


def make_run(path: Path, rows: int = 0, time: float | None = None) -> RunFolder:
    run = RunFolder.fresh(path)
    run.start({"training": {}})
    for step in range(rows):
        run.append_row({"kind": "train", "step": step, "loss": 1 / (step + 3)})
    if time is not None:
        os.utime(run.metrics if rows else run.config, (time, time))
    return run


# --- run folders --------------------------------------------------------------------------------------


def test_a_run_is_never_overwritten(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / ".hidden").write_text("")
    for name in ("run", "file", "full"):
        with pytest.raises(InputError, match=f"{name} exists"):
            RunFolder.fresh(tmp_path / name)
    (tmp_path / "empty").mkdir()
    assert RunFolder.fresh(tmp_path / "empty").path == tmp_path / "empty"
    assert RunFolder.fresh(tmp_path / "new").path.is_dir()  # reserved: another training cannot take it


def test_names_are_taken_one_by_one(tmp_path: Path) -> None:
    taken = [RunFolder.numbered(tmp_path / "run").path.name for _ in range(3)]
    assert taken == ["run", "run-2", "run-3"]


def test_a_run_that_could_not_start_leaves_nothing(tmp_path: Path) -> None:
    folder = RunFolder.fresh(tmp_path / "run")
    folder.data.write_text("what standard input gave")
    folder.discard()
    assert not folder.path.exists()
    started = RunFolder.fresh(tmp_path / "started")
    started.start({"data": {}})
    started.discard()
    assert started.config.exists()


def test_one_process_at_a_time_trains_a_run(tmp_path: Path) -> None:
    folder = RunFolder.fresh(tmp_path / "run")
    with folder.locked(), pytest.raises(InputError, match="another process trains"), folder.locked():
        pass
    with folder.locked():
        pass


def test_last_is_the_one_trained_last_wherever_it_lies(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    inside, outside = RunFolder.fresh(root / "a"), RunFolder.fresh(tmp_path / "elsewhere")
    for folder in (outside, inside):
        folder.start({"data": {}})
    assert RunFolder.find("last", root).path == inside.path
    outside.remember(root)
    assert RunFolder.find("last", root).path == outside.path
    shutil.rmtree(outside.path)
    assert RunFolder.find("last", root).path == inside.path


def test_a_run_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        RunFolder.fresh(tmp_path / "file" / "run").start({})


def test_runs_are_found_by_path_by_name_and_by_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "runs"
    make_run(root / "b", rows=2, time=3000)
    make_run(root / "a", time=2000)
    make_run(root / "c", rows=2, time=1000)
    (root / "no-run").mkdir()
    assert RunFolder.find("last", root).path == root / "b"
    assert RunFolder.find("a", root).path == root / "a"
    assert RunFolder.find(root / "c", tmp_path).path == root / "c"
    monkeypatch.chdir(tmp_path)
    assert RunFolder.find("last").path == Path("runs/b")
    os.utime(root / "a" / "config.json", (4000, 4000))
    assert RunFolder.find("last", root).path == root / "a"
    os.utime(root / "b" / "config.json", (5000, 5000))  # rows tell when it was trained
    assert RunFolder.find("last", root).path == root / "a"


def test_what_is_no_run_is_said_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no run in .*runs/ yet.*gatework train"):
        RunFolder.find("last", tmp_path / "runs")
    with pytest.raises(InputError, match=r"runs in .*: none"):
        RunFolder.find("x", tmp_path / "runs")
    make_run(tmp_path / "runs" / "one")
    make_run(tmp_path / "runs" / "two")
    (tmp_path / "file").write_text("")
    for name in ("tree", str(tmp_path / "file"), str(tmp_path)):
        with pytest.raises(InputError, match=r"is not a run.*one, two"):
            RunFolder.find(name, tmp_path / "runs")


@pytest.mark.parametrize("content", ["[1]", "{", ""])
def test_a_damaged_configuration_is_named(tmp_path: Path, content: str) -> None:
    run = make_run(tmp_path / "run")
    run.config.write_text(content)
    with pytest.raises(DamagedFileError, match=r"config\.json"):
        run.read_config()


def test_rows_come_back(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", rows=5)
    assert [row["step"] for row in run.rows()] == [0, 1, 2, 3, 4]
    assert run.rows()[1]["loss"] == 1 / 4
    assert make_run(tmp_path / "other").rows() == []


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_half_written_last_row_is_left_out(tmp_path: Path, cut: int) -> None:
    run = make_run(tmp_path / "run", rows=5)
    whole = run.metrics.read_text()
    run.metrics.write_text(whole[:-cut])
    expected = 5 if cut == 1 else 4  # without its line's end a row is whole
    assert len(run.rows()) == expected
    assert len(run.keep_rows(9)) == expected
    run.append_row({"step": 99})
    assert [row["step"] for row in run.rows()] == [*range(expected), 99]
    assert run.metrics.read_text().endswith("\n")


@pytest.mark.parametrize("count", [0, 1, 3, 5, 8])
def test_rows_are_cut_back(tmp_path: Path, count: int) -> None:
    run = make_run(tmp_path / "run", rows=5)
    lines = run.metrics.read_text().splitlines(keepends=True)
    assert [row["step"] for row in run.keep_rows(count)] == list(range(5))[:count]
    assert run.metrics.read_text() == "".join(lines[:count])


def test_cutting_back_no_rows_is_no_error(tmp_path: Path) -> None:
    assert make_run(tmp_path / "run").keep_rows(3) == []


# --- advice -------------------------------------------------------------------------------------------


def advice(training: list[float], validation: list[float]) -> list[str]:
    rows: list[dict[str, Any]] = [{"kind": "train", "loss": loss} for loss in training]
    return advise(rows + [{"kind": "validation", "loss": loss} for loss in validation])


FALLING = [3 / (1 + n / 10) for n in range(40)]  # from 3 to 0.61, a mean of 0.63 over the last tenth


def test_a_validation_loss_that_rises_is_overfitting() -> None:
    (text,) = advice(FALLING, [1.0, 0.9, 0.97])
    assert "overfitting" in text
    assert "from 0.900 to 0.970" in text
    assert "--dropout" in text


def test_a_wide_gap_is_the_beginning_of_it() -> None:
    (text,) = advice(FALLING, [1.0, 0.9, 0.8])
    assert "far below" in text
    assert "(0.800)" in text
    assert "dropout" in text


@pytest.mark.parametrize("last", [0.64, 0.6, 0.3])
def test_equal_losses_are_underfitting(last: float) -> None:
    (text,) = advice(FALLING, [1.0, last])
    assert "can take more" in text
    assert "--hidden-size" in text


def test_a_rising_loss_wants_a_lower_rate() -> None:
    falling_and_rising = [3.0] * 10 + [2.0] * 10 + [2.5] * 10 + [2.6] * 10
    (text,) = advice(falling_and_rising, [2.75])
    assert "rose from 2.000 to 2.600" in text
    assert "learning rate" in text
    assert "rose" in advice(falling_and_rising, [])[0]


@pytest.mark.parametrize(
    ("training", "validation"),
    [
        ([], []),
        ([], [2.0, 3.0]),
        ([3.0, 2.0], []),
        ([2.0, 3.0, 4.0], []),
        (FALLING, []),
        (FALLING, [1.0, 0.665]),
        (FALLING, [0.63]),
        ([3.0], [3.1]),
        ([2.0] * 30 + [2.05] * 10, [2.1]),
    ],
)
def test_there_is_not_always_something_to_say(training: list[float], validation: list[float]) -> None:
    assert advice(training, validation) == []


# --- TensorBoard --------------------------------------------------------------------------------------


def scalars(folder: Path) -> dict[tuple[str, int], float]:
    """Read the event files by their format: length, checksum, record, checksum."""
    event_pb2 = pytest.importorskip("tensorboard.compat.proto.event_pb2")
    found = {}
    for path in folder.iterdir():
        raw, place = path.read_bytes(), 0
        while place < len(raw):
            (length,) = struct.unpack_from("<Q", raw, place)
            event = event_pb2.Event.FromString(raw[place + 12 : place + 12 + length])
            place += 12 + length + 4
            for value in event.summary.value:
                number = value.simple_value or sum(value.tensor.float_val)
                found[value.tag, event.step] = number
    return found


def test_tensorboard_files_hold_the_rows(setup: Callable[..., Any]) -> None:
    given = setup(steps=9, log_every=3, validate_every=6)
    trainer = given.trainer()
    trainer.callbacks = [TensorBoard(trainer.folder.tensorboard)]
    outcome = trainer.fit()
    found = scalars(trainer.folder.tensorboard)
    wanted = {
        (f"{row['kind']}/{name}", row["step"]): value
        for row in outcome.rows
        for name, value in row.items()
        if name not in ("kind", "step")
    }
    assert found.keys() == wanted.keys()
    assert {("train/loss", 3), ("train/learning_rate", 9), ("validation/bits", 6)} <= found.keys()
    assert all(found[key] == pytest.approx(value, rel=1e-6) for key, value in wanted.items())


def test_without_tensorboard_the_remedy_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(InputError, match=r"TensorBoard is not installed.*pip install 'gatework\[tensorboard\]'"):
        TensorBoard(tmp_path)
    assert json.dumps([path.name for path in tmp_path.iterdir()]) == "[]"
