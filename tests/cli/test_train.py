"""gatework train, as a newcomer types it."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gatework.cli.console import program

from .conftest import SMALL, TEXT, Said

Command = Callable[..., Said]


def test_a_run_leaves_all_its_files_and_says_what_to_do_next(trained: Path) -> None:
    names = {path.relative_to(trained).as_posix() for path in trained.rglob("*") if path.is_file()}
    assert {
        "config.json",
        "metrics.jsonl",
        "samples.txt",
        "model/config.json",
        "model/model.safetensors",
        "model/vocabulary.json",
        "plots/loss.png",
        "plots/gates.png",
        "checkpoints/step-0000000024.safetensors",
    } <= names


def test_it_shows_loss_sample_pictures_and_next_commands(place: Path, command: Command) -> None:
    said = command("train", "my.txt", "--steps", "24", "--run", "runs/first", *SMALL)
    assert re.search(r"best validation loss \d\.\d{4} nats = \d\.\d{4} bits per character", said.out)
    for wanted in ("it writes:", "plots/loss.png", "plots/gates.png", "gatework generate runs/first", "engine "):
        assert wanted in said.out
    assert "\x1b[" not in said.out  # plain where it is no terminal


def test_the_next_commands_work(place: Path, command: Command) -> None:
    said = command("train", "my.txt", "--steps", "24", "--run", "runs/first", *SMALL)
    lines = [line.strip() for line in said.out.partition("next:")[2].splitlines() if line.strip()]
    assert all(line.startswith(f"{program()} ") for line in lines)
    commands = [shlex.split(line.removeprefix(program())) for line in lines]
    assert [words[0] for words in commands] == ["generate", "evaluate", "plot", "train"]
    for words in commands:
        assert command(*words).status == 0, words


@pytest.mark.parametrize(
    ("called", "found", "typed"),
    [
        ("/opt/bin/gatework", "/opt/bin/gatework", "gatework"),
        ("/home/me/.venv/bin/gatework", None, ".venv/bin/gatework"),
        ("/home/me/.venv/bin/gatework", "/opt/bin/gatework", ".venv/bin/gatework"),
        ("/lib/gatework/__main__.py", None, "python3 -m gatework"),
    ],
)
def test_how_the_program_is_typed_again(
    called: str, found: str | None, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [called])
    monkeypatch.setattr(sys, "executable", "python3")
    monkeypatch.setattr(shutil, "which", lambda name: found)
    monkeypatch.setattr(os.path, "relpath", lambda path: os.path.normpath(str(path)).removeprefix("/home/me/"))
    assert program() == typed


def test_a_saved_configuration_repeats_the_run(trained: Path, command: Command) -> None:
    again = command("train", "--config", trained / "config.json", "--run", "runs/again")
    assert again.status == 0
    assert _losses(trained.with_name("again")) == _losses(trained)


def test_options_win_over_the_file(trained: Path, command: Command) -> None:
    command("train", "--config", trained / "config.json", "--run", "runs/wider", "--hidden-size", "17")
    saved = json.loads((trained.with_name("wider") / "config.json").read_text())
    assert (saved["model"]["hidden_size"], saved["training"]["batch"]) == (17, 5)


def test_resuming_goes_on_as_if_never_stopped(trained: Path, command: Command) -> None:
    command("train", "my.txt", "--steps", "48", "--schedule", "constant", "--run", "runs/whole", *SMALL)
    command("train", "my.txt", "--steps", "23", "--schedule", "constant", "--run", "runs/parts", *SMALL)
    said = command("train", "--resume", "runs/parts", "--steps", "48")
    assert "continuing runs/parts from update 23" in said.err
    whole = (trained.with_name("whole") / "checkpoints/step-0000000048.safetensors").read_bytes()
    parts = (trained.with_name("parts") / "checkpoints/step-0000000048.safetensors").read_bytes()
    assert _tensor_bytes(whole) == _tensor_bytes(parts)


def test_a_finished_run_resumes_with_another_limit_only(trained: Path, command: Command) -> None:
    said = command("train", "--resume", "runs/first", "--epochs", "1")
    assert said.status == 0
    saved = json.loads((trained / "config.json").read_text())["training"]
    assert (saved["epochs"], saved["steps"]) == (1, None)


def test_what_is_trained_cannot_change_on_resume(trained: Path, command: Command) -> None:
    said = command("train", "--resume", "last", "--hidden-size", "9")
    assert said.status == 2
    assert "--hidden-size cannot change" in said.err


def test_standard_input_is_kept_with_the_run(place: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert command("train", "-", "--steps", "12", "--run", "runs/piped", *SMALL).status == 0
    assert (place / "runs/piped/data.txt").read_text() == TEXT
    assert command("train", "--resume", "runs/piped", "--steps", "14").status == 0
    assert command("evaluate", "runs/piped").status == 0


def test_any_cell_and_its_options(place: Path, command: Command) -> None:
    said = command(
        "train",
        "my.txt",
        "--steps",
        "3",
        "--run",
        "runs/e",
        "--cell",
        "elman",
        "--cell-option",
        "activation=relu",
        *SMALL,
    )
    assert said.status == 0
    saved = json.loads((place / "runs/e/model/config.json").read_text())
    assert saved["config"]["cell_options"] == {"activation": "relu"}


def test_a_time_limit_ends_the_run(place: Path, command: Command) -> None:
    assert command("train", "my.txt", "--minutes", "0.01", "--run", "runs/t", *SMALL).status == 0
    rows = [json.loads(line) for line in (place / "runs/t/metrics.jsonl").read_text().splitlines()]
    assert "validation" in {row["kind"] for row in rows}


def test_spanish_keeps_its_accents(place: Path, command: Command) -> None:
    text = "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, vivía un hidalgo; ¿quién? ¡señor!\n" * 50
    (place / "quijote.txt").write_text(text, encoding="utf-8")
    assert command("train", "quijote.txt", "--steps", "200", "--run", "runs/q", *SMALL).status == 0
    said = command("generate", "runs/q", "--prompt", "vivía", "--length", "400", "--seed", "3")
    assert said.out.startswith("vivía")
    assert set("íéñ¿¡") & set(said.out[5:])
    assert set(said.out) <= set(text)


def _losses(run: Path) -> list[tuple[str, int, float]]:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [(row["kind"], row["step"], row["loss"]) for row in rows]


def _tensor_bytes(file: bytes) -> bytes:
    """What follows the header of a safetensors file."""
    return file[8 + int.from_bytes(file[:8], "little") :]
