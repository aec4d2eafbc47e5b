"""What happens on ordinary days: texts change, folders hold runs, readers go away, two trainings start at once."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gatework.training import RunFolder

from .conftest import SMALL, TEXT, Said

Command = Callable[..., Said]


@pytest.mark.parametrize("command_name", ["evaluate", "plot"])
def test_a_text_that_changed_is_not_measured_as_if_it_had_not(
    trained: Path, command: Command, command_name: str
) -> None:
    Path("my.txt").write_text("zebra " + TEXT)
    said = command(command_name, "last")
    assert said.status == 2
    assert "my.txt has changed since" in said.err


def test_a_folder_with_runs_in_it_is_read_without_them(place: Path, command: Command) -> None:
    for _ in range(2):
        assert command("train", ".", "--steps", "3", *SMALL).status == 0
    assert command("train", "--resume", "last", "--steps", "5").status == 0
    assert command("evaluate", "last").status == 0


def test_two_trainings_in_one_second_have_a_folder_each(
    place: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Stopped:
            return cls(2026, 11, 20, 12, 0, 0)

    monkeypatch.setattr(datetime, "datetime", Stopped)
    for _ in range(2):
        assert command("train", "my.txt", "--steps", "2", *SMALL).status == 0
    names = sorted(path.name for path in Path("runs").iterdir() if path.is_dir())
    assert names == ["20261120-120000-my-lstm", "20261120-120000-my-lstm-2"]


def test_last_is_the_run_trained_last_wherever_it_lies(place: Path, command: Command) -> None:
    command("train", "my.txt", "--steps", "2", *SMALL)
    command("train", "my.txt", "--steps", "2", "--run", "elsewhere", *SMALL)
    assert RunFolder.find("last").path == place / "elsewhere"


def test_a_run_is_trained_by_one_process_at_a_time(trained: Path, command: Command) -> None:
    with RunFolder(trained).locked():
        said = command("train", "--resume", "last", "--steps", "30")
    assert said.status == 2
    assert "another process trains" in said.err


def test_a_finished_run_says_so(trained: Path, command: Command) -> None:
    said = command("train", "--resume", "last")
    assert said.status == 2
    assert "finished after 24 updates" in said.err


def test_a_limit_replaces_those_of_a_file(trained: Path, command: Command) -> None:
    command("train", "--config", trained, "--epochs", "0.1", "--run", "runs/short")
    saved = json.loads(Path("runs/short/config.json").read_text())["training"]
    assert (saved["epochs"], saved["steps"]) == (0.1, None)


def test_a_failed_start_does_not_block_the_name(place: Path, command: Command) -> None:
    words = ["train", "my.txt", "--steps", "2", "--run", "mine", *SMALL]
    assert command(*words, "--sample-prompt", "猫").status == 2
    assert command(*words).status == 0


def test_a_moved_run_keeps_its_standard_input(place: Path, trained: Path) -> None:
    line = f"{sys.executable} -m gatework train - --steps 2 --run piped {' '.join(SMALL)} < my.txt"
    assert subprocess.run(line, shell=True, capture_output=True, timeout=100).returncode == 0
    Path("piped").rename("moved")
    line = f"{sys.executable} -m gatework evaluate moved"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr


def test_a_training_goes_on_when_its_reader_has_gone(place: Path) -> None:
    line = f"{sys.executable} -u -m gatework train my.txt --steps 40 --run r {' '.join(SMALL)} | head -n 1"
    subprocess.run(line, shell=True, capture_output=True, text=True, timeout=100)
    assert Path("r/checkpoints/step-0000000040.safetensors").exists()


def test_a_saved_model_has_no_text_but_draws_one_that_is_given(trained: Path, command: Command) -> None:
    for words in (["evaluate", trained / "model"], ["plot", trained / "model"]):
        said = command(*words)
        assert said.status == 2
        assert "saved model" in said.err
    assert command("evaluate", trained / "model", "my.txt").status == 0
    assert command("plot", trained / "model", "--text", "the cat", "--output", "pictures").status == 0


def test_without_a_validation_text(place: Path, command: Command) -> None:
    said = command("train", "my.txt", "--steps", "60", "--validation", "0", "--run", "r", *SMALL)
    assert said.status == 0
    assert "training loss" in Path("r/samples.txt").read_text()
    assert "gatework evaluate r --part train" in said.out
    refused = command("train", "my.txt", "--validation", "0", "--patience", "3")
    assert "--patience needs validation data" in refused.err


def test_names_are_printed_as_they_are(place: Path, command: Command) -> None:
    said = command("train", ":heart:[bold].txt")
    assert "cannot read :heart:[bold].txt" in said.err


def test_options_that_would_be_ignored_are_refused(trained: Path, command: Command) -> None:
    assert "--part" in command("evaluate", "last", "my.txt", "--part", "test").err
    said = command("train", "my.txt", "--cell-option", "bias=maybe")
    assert "bias is 'maybe'" in said.err


def test_false_is_false(place: Path, command: Command) -> None:
    assert command("train", "my.txt", "--steps", "2", "--run", "r", "--cell-option", "bias=False", *SMALL).status == 0
    assert json.loads(Path("r/config.json").read_text())["model"]["cell_options"] == {"bias": False}


@pytest.mark.parametrize(
    "words",
    [
        ["train", "x" * 300],
        ["train", "my.txt", "--run", "x" * 300],
        ["train", "my.txt", "--epochs", "inf"],
        ["train", "my.txt", "--epochs", "1e308"],
        ["train", "my.txt", "--optimizer", "nesterov", "--momentum", "0"],
        ["train", "my.txt", "--device", "meta"],
        ["generate", "x" * 300],
        ["generate", "runs/first", "--seed", "9" * 30],
        ["generate", "runs/first", "--samples", "99999999999"],
        ["evaluate", "runs/first", "my.txt", "--encoding", "nonsense"],
    ],
)
def test_strange_words_are_refused_in_one_line(trained: Path, command: Command, words: list[str]) -> None:
    said = command(*words)
    assert said.status == 2
    assert said.err.count("\n") == 1
    assert said.err.startswith("error: ")


def test_a_full_terminal_device_is_no_traceback(trained: Path) -> None:
    line = f"{sys.executable} -m gatework generate runs/first > /dev/full"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=100)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_windows_that_no_memory_holds_are_refused_before_it_is_taken(place: Path, command: Command) -> None:
    Path("long.txt").write_text(TEXT * 400)
    sizes = ["--hidden-size", "9000", "--batch", "1000", "--window", "1500"]
    said = command("train", "long.txt", *sizes)
    assert said.status == 2
    assert "GiB" in said.err
    assert "--window" in said.err


def test_ctrl_c_while_the_text_is_read_says_that_nothing_was_written(
    place: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*arguments: object, **keywords: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gatework.tasks.language.load_corpus", stop)
    said = command("train", "my.txt", "--run", "mine")
    assert said.status == 130
    assert "nothing was written" in said.err
    assert not Path("mine").exists()
