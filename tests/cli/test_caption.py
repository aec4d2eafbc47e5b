"""Captions from the command line: train, evaluate, plot, predict; what is wrong is said in one line."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gatework.cli.main import status_of
from gatework.data.pictures.scenes import make_scenes

SMALL = ["--hidden-size", "7", "--embedding-size", "5", "--channels", "3", "--region-size", "11", "--convolutions", "2"]
SMALL += ["--task", "caption", "--scenes", "40", "--size", "24", "--batch", "7", "--epochs", "2", "--reading-size", "3"]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on drawn scenes."""
    folder = tmp_path_factory.mktemp("captions")
    assert status_of(["train", *SMALL, "--run", str(folder / "run")]) == 0
    return folder / "run"


@pytest.fixture
def run(once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, beside a folder ``mine`` of pictures with a table."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    mine = tmp_path / "mine"
    mine.mkdir()
    made = make_scenes(6, seed=5, size=24)
    rows = ["file\ttext"]
    for number, (image, caption) in enumerate(zip(made.images, made.captions, strict=True)):
        Image.fromarray(np.rint(image.transpose(1, 2, 0) * 255).astype(np.uint8)).save(mine / f"{number}.png")
        rows += [f"{number}.png\t{caption}", f"{number}.png\tsomething else"]
    (mine / "table.tsv").write_text("\n".join(rows), encoding="utf-8")
    shutil.copytree(once, tmp_path / "run")
    return tmp_path / "run"


def test_scenes_need_no_data(command: Callable[..., Any], run: Path) -> None:
    assert json.loads((run / "config.json").read_text())["data"]["sources"] == []
    assert (run / "samples.txt").read_text().count("  should be ") == 2 * 3  # epochs, examples shown
    record = json.loads(command("evaluate", run, "--part", "test", "--json").out)
    assert (record["unit"], record["count"]) == ("caption", 4)
    assert {"loss", "exact", "token_accuracy"} < record.keys()
    assert command("evaluate", run).status == 0
    said = command("train", *SMALL, "--steps", "1")
    assert said.status == 0
    assert len(list(Path("runs").glob("*-caption-lstm"))) == 1


def test_pictures_of_one_s_own(command: Callable[..., Any], run: Path) -> None:
    record = json.loads(command("evaluate", run, "mine", "--json").out)
    assert record["count"] == 12
    said = command(
        "train", "mine", *SMALL[:-2], "--size", "32", "--steps", "2", "--run", "other", "--validation", "0.3"
    )
    assert said.status == 0
    assert "6 of 6 pictures were brought to 32 x 32 pixels" in said.out + said.err
    config = json.loads(Path("other/config.json").read_text())
    assert config["data"]["sources"] == [str(Path("mine").resolve())]
    guessed = command("train", "mine", *[w for w in SMALL if w not in ("--task", "caption")], "--run", "third")
    assert guessed.status == 0
    assert json.loads(Path("third/config.json").read_text())["task"] == "caption"


def test_predict_reads_files_folders_and_lists(
    command: Callable[..., Any], run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [f"mine/{number}.png" for number in range(6)]
    said = command("predict", run, "mine", "--longest", "5")
    answers = [json.loads(line) for line in said.out.splitlines()]
    assert [list(answer) for answer in answers] == [["file", "caption", "score"]] * 6
    assert [answer["file"] for answer in answers] == files
    assert command("predict", run, *files, "--longest", "5").out == said.out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("".join(f"{name}\n" for name in files).encode())))
    assert command("predict", run, "--longest", "5").out == said.out
    plain = command("predict", run, files[0], "--longest", "5", "--format", "text").out
    assert plain == f"{files[0]}\t{answers[0]['caption']}\n"
    best = json.loads(command("predict", run, files[0], "--n-best", "2", "--longest", "5").out)
    assert best["n_best"][0]["caption"] == best["caption"]


@pytest.mark.pictures
def test_the_picture_of_attention(command: Callable[..., Any], run: Path) -> None:
    said = command("plot", run, "--output", "pictures")
    assert [line.rsplit("/")[-1] for line in said.out.splitlines()] == ["loss.png", "attention.png"]
    with Image.open("pictures/attention.png") as picture:
        assert picture.width > 500


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "mine", *SMALL, "--text-column", "txt"], "has no column 'txt'"),
        (["train", "lost", *SMALL], "there is no file lost/gone.png"),
        (["train", "silent", *SMALL], "line 3 has nothing under 'caption'"),
        (["train", "broken", *SMALL], "broken/0.png is no picture"),
        (["train", "nowhere", *SMALL], "nowhere"),
        (["train", *SMALL, "--size", "16"], "drawn scenes need a --size of 24 or more"),
        (["train", *SMALL, "--size", "4"], "--size"),
        (["train", *SMALL, "--attention", "none", "--input-feeding"], "input feeding needs an attention"),
        (["train", *SMALL, "--attention", "dot"], "--region-size 7"),
        (["train", *SMALL, "--convolutions", "7"], "7 convolutions leave nothing of 24 x 24 pixels"),
        (["predict", "run", "broken/0.png"], "broken/0.png is no picture"),
        (["predict", "run", "gone.png"], "gone.png"),
        (["predict", "run", "empty"], "the folder empty holds no pictures"),
        (["predict", "run", "vectors.npy"], "is a file of features, but the model knows pictures"),
        (["predict", "run", "mine", "--n-best", "9"], "--n-best is 9, more than --beam 4"),
    ],
)
def test_what_is_wrong_is_said(command: Callable[..., Any], run: Path, words: list[str], message: str) -> None:
    for name, caption in (("lost", "a"), ("silent", "a"), ("broken", "a"), ("empty", "")):
        Path(name).mkdir()
        if caption:
            shutil.copy("mine/0.png", f"{name}/0.png")
            (Path(name) / "t.csv").write_text(f"image,caption\n0.png,{caption}\n", encoding="utf-8")
    with Path("lost/t.csv").open("a") as file:
        file.write("gone.png,b\n")
    with Path("silent/t.csv").open("a") as file:
        file.write("0.png,\n")
    Path("broken/0.png").write_text("no picture")
    np.save("vectors.npy", np.zeros((2, 3)))
    said = command(*words)
    assert said.status == 2
    assert message in said.err.replace("\n", " ")
    assert "Traceback" not in said.err
