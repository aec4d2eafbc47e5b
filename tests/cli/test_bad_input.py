"""Bad input: one line with cause and remedy on standard error, status 2, no traceback, nothing lost."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gatework.cli.main import status_of

from .conftest import SMALL, Said

Command = Callable[..., Said]


def refused(said: Said, *words: str, status: int = 2) -> None:
    """Check that a command was refused in one line which has these words."""
    assert said.status == status
    lines = said.err.strip().splitlines()
    assert len(lines) == 1, said.err
    assert lines[0].startswith("error: ")
    assert "Traceback" not in said.err
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["cannot read my.txt", "Check the path"]),
        (b"", ["my.txt is empty"]),
        (b"too short", ["8 symbols", "--batch", "--window"]),
        (b"caf\xe9 " * 900, ["not utf-8", "byte 3", "--encoding", "--level byte"]),
    ],
)
def test_texts_that_cannot_be_used(place: Path, command: Command, content: bytes | None, words: list[str]) -> None:
    if content is None:
        (place / "my.txt").unlink()
    else:
        (place / "my.txt").write_bytes(content)
    refused(command("train", "my.txt", "--run", "runs/x"), *words)
    assert not list(place.glob("runs/*"))


def test_an_empty_folder(place: Path, command: Command) -> None:
    (place / "texts").mkdir()
    refused(command("train", "texts"), "texts")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--hidden-size", "0"], ["--hidden-size", "greater than or equal to 1"]),
        (["--window", "3", "--stride", "4"], ["stride (4) must not exceed window (3)"]),
        (["--tied"], ["--embedding-size 384"]),
        (["--dropout", "1"], ["--dropout"]),
        (["--validation", "0.6", "--test", "0.4"], ["leave nothing to train on"]),
        (["--cell", "lstmm"], ["Did you mean 'lstm'"]),
        (["--cell-option", "biass=1"], ["biass", "Did you mean 'bias'"]),
        (["--cell-option", "bias"], ["NAME=VALUE"]),
        (["--connection", "dense"], ["--connection", "residual"]),
        (["--tied", "--embedding-size", "384", "--connection", "skip"], ["--connection skip"]),
        (["--zoneout", "0.1"], ["NAME=VALUE", "--zoneout all=0.1"]),
        (["--zoneout", "c=x"], ["--zoneout c:", "'x'"]),
        (["--zoneout", "q=0.1"], ["zoneout of 'q'", "h, c", "gatework cells lstm"]),
        (["--hidden-size", "60000", "--layers", "9"], ["GiB", "--hidden-size"]),
        (["--device", "nonsense"], ["no device 'nonsense'"]),
        (["--hiden-size", "3"], ["--hidden-size"]),
        (["--optimizer", "adamm"], ["adamw"]),
        (["--separator", "%%%"], ["%%%"]),
        (["--encoding", "utf-99"], ["--encoding"]),
    ],
)
def test_impossible_settings(place: Path, command: Command, options: list[str], words: list[str]) -> None:
    refused(command("train", "my.txt", *options), *words)
    assert not list(place.glob("runs/*"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"model": {"hiden_size": 3}}', ["config.json", "'model.hiden_size'", "Did you mean 'hidden_size'"]),
        ('{"modle": {}}', ["Did you mean 'model'"]),
        ('{"model": {"hidden_size": "wide"}}', ["config.json", "model.hidden_size", "'wide'"]),
        ('{"model": ', ["config.json", "not valid JSON"]),
        ("[3]", ["config.json"]),
    ],
)
def test_configurations_that_cannot_be_used(place: Path, command: Command, text: str, words: list[str]) -> None:
    (place / "config.json").write_text(text)
    refused(command("train", "--config", "config.json"), *words)


def test_a_run_is_never_overwritten(trained: Path, command: Command) -> None:
    before = {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()}
    refused(command("train", "my.txt", "--run", "runs/first"), "runs/first exists", "--resume")
    assert {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()} == before


def test_runs_that_do_not_exist(place: Path, command: Command) -> None:
    refused(command("generate", "last"), "no run", "gatework train")
    refused(command("generate", "nonesuch"), "nonesuch is not a run")
    refused(command("train", "--resume", "nonesuch"), "nonesuch is not a run")


def test_a_prompt_with_unknown_symbols(trained: Path, command: Command) -> None:
    refused(command("generate", "last", "--prompt", "the 猫"), "'猫'", "Leave them out")


@pytest.mark.parametrize(
    "option", [("--temperature", "-1"), ("--top-k", "0"), ("--top-p", "0"), ("--length", "0"), ("--samples", "0")]
)
def test_sampling_out_of_range(trained: Path, command: Command, option: tuple[str, str]) -> None:
    refused(command("generate", "last", *option), "must be")


@pytest.mark.parametrize("damage", ["truncate", "flip", "remove", "replace"])
def test_a_damaged_model(trained: Path, command: Command, damage: str) -> None:
    path = trained / "model/model.safetensors"
    content = bytearray(path.read_bytes())
    if damage == "remove":
        path.unlink()
    else:
        content[-9] ^= 1
        path.write_bytes({"truncate": content[:-99], "flip": content, "replace": b"nonsense"}[damage])
    refused(command("generate", "last"), "model.safetensors")


def test_resume_falls_back_to_the_newest_good_checkpoint(trained: Path, command: Command) -> None:
    command("train", "--resume", "last", "--steps", "31")
    newest = sorted((trained / "checkpoints").iterdir())[-1]
    newest.write_bytes(newest.read_bytes()[:-50])
    said = command("train", "--resume", "last", "--steps", "33")
    assert said.status == 0
    assert newest.name in said.err
    assert "is damaged" in said.err
    assert "from update 24" in said.err


def test_no_good_checkpoint_at_all(trained: Path, command: Command) -> None:
    for path in (trained / "checkpoints").iterdir():
        path.write_bytes(b"nonsense")
    said = command("train", "--resume", "last", "--steps", "33")
    assert said.status == 2
    assert "all checkpoints" in said.err.splitlines()[-1]


def test_a_text_that_changed_since(trained: Path, command: Command) -> None:
    Path("my.txt").write_text("something else altogether, " * 99)
    refused(command("train", "--resume", "last", "--steps", "33"), "not those that")


def test_a_full_disk_while_saving(trained: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in (trained / "checkpoints").iterdir()}
    sync = os.fsync

    def full(descriptor: int) -> None:
        if "checkpoints" in os.readlink(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        said = command("train", "--resume", "last", "--steps", "31")
    assert said.status == 2
    assert "No space left on device" in said.err.splitlines()[-1]
    assert {path.name: path.read_bytes() for path in (trained / "checkpoints").iterdir()} == before
    assert command("train", "--resume", "last", "--steps", "31").status == 0


def test_a_folder_that_cannot_be_made(place: Path, command: Command) -> None:
    (place / "blocked").write_text("a file")
    refused(command("train", "my.txt", "--steps", "2", "--run", "blocked/run", *SMALL), "cannot write")


def test_a_training_that_diverges(place: Path, command: Command) -> None:
    exploding = ["--cell", "elman", "--cell-option", "activation=relu", "--optimizer", "sgd", "--learning-rate", "1e3"]
    said = command(
        "train", "my.txt", "--run", "runs/x", *exploding, "--clip-norm", "1e9", "--validate-every", "1", *SMALL
    )
    assert said.status == 3
    last = said.err.splitlines()[-1]
    assert re.search(r"became (nan|inf) at step \d+", last)
    assert "--learning-rate" in last
    assert "last good checkpoint is kept" in last
    assert any((place / "runs/x/checkpoints").iterdir())


def test_unknown_commands_and_missing_arguments(command: Command) -> None:
    refused(command("trian"), "trian", "`gatework --help`")
    refused(command("generate"), "RUN", "`gatework generate --help`")


def test_debug_shows_the_traceback(place: Path) -> None:
    with pytest.raises(Exception, match="cannot read"):
        status_of(["train", "nonesuch.txt"], debug=True)


def test_every_setting_is_an_option_and_is_saved(trained: Path, command: Command) -> None:
    from gatework.settings import task_settings

    help_text = command("train", "--help").out
    saved = json.loads((trained / "config.json").read_text())
    for section, model in task_settings("language").sections.items():
        for name in model.model_fields:
            assert name in saved[section]
            option = {"sources": "data...", "cell_options": "--cell-option"}.get(name, "--" + name.replace("_", "-"))
            assert option in help_text
