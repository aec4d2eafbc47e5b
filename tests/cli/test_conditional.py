"""Text of a given kind from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

SMALL = ["--hidden-size", "7", "--embedding-size", "5", "--condition-size", "3", "--batch", "8", "--steps", "6"]


def test_train_generate_evaluate(place: Path, command: Callable) -> None:
    names = place / "names"
    names.mkdir()
    (names / "Up.txt").write_text("abc\nabd\nbcd\n" * 9)
    (names / "Down.txt").write_text("cba\ndba\ndcb\n" * 9)
    assert command("train", "names", "--task", "conditional", "--run", "r", *SMALL).status == 0
    said = command("generate", "r", "--label", "Up", "--samples", "3", "--seed", "1")
    assert said.status == 0
    assert len(said.out.splitlines()) == 3
    assert command("generate", "r", "--label", "Up", "--samples", "3", "--seed", "1").out == said.out
    each = command("generate", "r", "--samples", "2").out.splitlines()
    assert [line.partition("\t")[0] for line in each] == ["Down", "Down", "Up", "Up"]
    assert command("generate", "r", "--label", "Up=1", "--label", "Down=3").status == 0
    assert "loss" in command("evaluate", "r").out
    assert "symbols" in command("evaluate", "r", "names").out
    unknown = command("generate", "r", "--label", "Upp")
    assert unknown.status == 2
    assert "Did you mean 'Up'" in unknown.err
    assert "--beam is no option of the task conditional" in command("generate", "r", "--beam", "3").err
