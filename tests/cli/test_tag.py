"""The task tag on the command line: train, evaluate, predict, and input that is wrong."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gatework.cli.main import status_of
from gatework.data import read_tagged, write_word_vectors

from .conftest import Said

Command = Callable[..., Said]

SENTENCES = [
    [("Anna", "B-PER"), ("Berg", "I-PER"), ("sees", "O"), ("Oslo", "B-LOC")],
    [("See", "O"), ("Oslo", "B-LOC"), (".", "O")],
    [("Anna", "B-PER"), ("sleeps", "O")],
]
SMALL = [
    *("--hidden-size", "13", "--embedding-size", "5", "--character-size", "3", "--character-hidden", "7"),
    *("--batch", "5", "--validation", "0.2", "--dropout", "0", "--embedding-dropout", "0", "--word-dropout", "0.1"),
]


def text(sentences: list[list[tuple[str, str]]]) -> str:
    return "\n".join("".join(f"{word}\t{tag}\n" for word, tag in sentence) for sentence in sentences)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data and the run ``run``."""
    folder = tmp_path_factory.mktemp("tag")
    (folder / "names.tsv").write_text(text(SENTENCES * 12), encoding="utf-8")
    words = [
        "train",
        str(folder / "names.tsv"),
        "--task",
        "tag",
        "--epochs",
        "15",
        "--learning-rate",
        "0.03",
        "--run",
        str(folder / "run"),
        "--crf",
    ]
    assert status_of([*words, *SMALL]) == 0
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_training_shows_what_it_does(work: Path, command: Command) -> None:
    said = command("train", "names.tsv", "--task", "tag", "--epochs", "1", "--run", "new", *SMALL, "--max-length", "3")
    assert (said.status, said.err) == (0, "")
    assert "known   " in said.out
    assert "4 tags, of spans" in said.out
    assert "training sentences of more than 3 words are left out" in said.out
    assert "Oslo/" in said.out
    assert "span f1" in said.out
    samples = (work / "new" / "samples.txt").read_text()
    assert "[B-LOC]" in samples or "Oslo/B-LOC" in samples
    assert command("plot", "new").status == 0


def test_evaluate_tells_figures_and_a_table_of_tags(work: Path, command: Command) -> None:
    said = command("evaluate", "run")
    assert "words" in said.out.splitlines()[0]
    assert "accuracy 1.0000" in said.out
    assert "span f1 1.0000" in said.out
    table = [line.split() for line in said.out.splitlines()]
    assert ["class", "precision", "recall", "F1", "examples"] in table
    found = json.loads(command("evaluate", "run", "names.tsv", "--json").out)
    assert found["unit"] == "word"
    assert found["count"] == 108
    assert found["classes"]["O"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "examples": 48}
    assert {"accuracy", "macro_f1", "span_precision", "span_recall", "span_f1"} < found.keys()
    Path("other.tsv").write_text("Anna\tB-PER\n.\tO\n\nParis\tB-CITY\n")
    said = command("evaluate", "run", "other.tsv")
    assert said.status == 0
    assert "'B-CITY' (1)" in said.err
    assert "unseen accuracy 0.0000" in said.out


def test_predict_writes_what_can_be_read_again(work: Path, command: Command) -> None:
    Path("in.txt").write_text("Anna Berg sees Oslo\n\n# Oslo\nAnna sleeps\n")
    lines = [json.loads(line) for line in command("predict", "run", "in.txt").out.splitlines()]
    assert [line["words"] for line in lines] == [
        ["Anna", "Berg", "sees", "Oslo"],
        [],
        ["#", "Oslo"],
        ["Anna", "sleeps"],
    ]
    assert lines[0]["tags"] == ["B-PER", "I-PER", "O", "B-LOC"]
    assert lines[1]["tags"] == []
    said = command("predict", "run", "in.txt", "--format", "text", "--output", "out.tsv")
    assert (said.status, said.out) == (0, "")
    again = [(one.words, one.tags) for one in read_tagged("out.tsv")]
    assert again == [(line["words"], line["tags"]) for line in lines if line["words"]]
    columns = command("predict", "run", "out.tsv", "--format", "text").out
    assert columns == Path("out.tsv").read_text().replace("\n\n\n", "\n\n")
    assert command("evaluate", "run", "out.tsv").status == 0


def test_predict_answers_line_by_line_in_a_pipe(work: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Anna\nsleeps\n\nOslo\n")))
    said = command("predict", "run", "--columns", "--batch", "1")
    assert [json.loads(line)["words"] for line in said.out.splitlines()] == [["Anna", "sleeps"], ["Oslo"]]


def test_pretrained_vectors(work: Path, command: Command) -> None:
    vectors = np.random.default_rng(3).normal(0, 0.5, (3, 5))
    write_word_vectors("vectors.txt", ["anna", "paris", "oslo"], vectors)
    begin = ["train", "names.tsv", "--task", "tag", "--word-vectors", "vectors.txt", "--epochs", "1"]
    said = command(*begin, *SMALL[:2], *SMALL[4:], "--run", "new", "--frozen")
    assert (said.status, said.err) == (0, "")
    assert "pretrained vectors of 29% of the training words" in said.out  # 2 of 7
    from gatework.models import Tagger

    model = Tagger.from_pretrained("new/model")
    names, weights = model.symbol_vectors()
    for word, vector in zip(["anna", "paris", "oslo"], vectors, strict=True):
        assert weights[names.index(word)].tolist() == vector.astype(np.float32).tolist()
    said = command(*begin, *SMALL[4:], "--embedding-size", "7")
    assert said.status == 2
    assert "vectors have 5 numbers, --embedding-size is 7. Leave out --embedding-size" in said.err
    said = command("train", "names.tsv", "--task", "tag", "--frozen")
    assert said.status == 2
    assert "Give --word-vectors" in said.err


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("a\tX\nb\n", [], "my.tsv line 2 has only 1 columns, the first word 2"),
        ("a\nb\n", [], "line 1 gives column 0 for both word and tag"),
        ("a\tX\n\nb\tX\n", [], "all training words of my.tsv have the tag 'X'"),
        ("", [], "my.tsv holds no sentence"),
        ("a\tX\n" * 10_001, [], "line 1 begins a sentence of more than 10,000 words"),
        ("a\tX\nb\tY\n", ["--tag-column", "-3"], "no column -3 for the tag. Name a column from 0 to 1"),
        (
            "a\tX\nb\tY\n",
            ["--crf", "--label-smoothing", "0.1"],
            "label smoothing is for tags that are chosen one by one",
        ),
        ("a\tX\nb\tY\n", ["--window", "5"], "--window is no option of the task tag"),
    ],
)
def test_what_cannot_be_learnt_from_is_one_line(work, command: Command, content, options, message) -> None:
    Path("my.tsv").write_text(content)
    said = command("train", "my.tsv", "--task", "tag", "--validation", "0", *options)
    assert said.status == 2
    assert message in said.err
    assert said.err.count("\n") == 1
    assert not Path("runs").exists() or not list(Path("runs").iterdir())


def test_sentences_of_one_word_are_enough(work: Path, command: Command) -> None:
    Path("my.tsv").write_text("a\tX\n\nb\tY\n\nc\tX\n")
    said = command("train", "my.tsv", "--task", "tag", "--epochs", "2", "--run", "new", *SMALL, "--crf")
    assert (said.status, said.err) == (0, "")


def test_evaluation_on_tags_that_are_not_known_is_refused(work: Path, command: Command) -> None:
    Path("other.tsv").write_text("Anna\tPROPN\nsleeps\tVERB\n")
    said = command("evaluate", "run", "other.tsv")
    assert said.status == 2
    assert "'PROPN' (1), 'VERB' (1). It knows B-LOC, B-PER, I-PER, O" in said.err
