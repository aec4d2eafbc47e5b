"""gatework words: neighbours in the embedding of any model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gatework.data.text.word_vectors import read_word_vectors
from gatework.models import LanguageModel


def test_neighbours_by_cosine(trained: Path, command: Callable[..., Any]) -> None:
    model = LanguageModel.from_pretrained(trained / "model")
    names, vectors = model.symbol_vectors()
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    cosines = (unit @ unit[names.index("t")]).tolist()
    order = sorted((place for place in range(len(names)) if names[place] != "t"), key=lambda place: -cosines[place])
    said = command("words", "first", "t", "--count", "3")
    assert said.status == 0
    expected = [f"{cosines[place]:6.3f}  {names[place]}" for place in order[:3] if not names[place].isspace()]
    assert [line for line in said.out.splitlines() if "'" not in line] == expected


def test_vectors_as_a_file(trained: Path, command: Callable[..., Any]) -> None:
    assert command("words", "first", "--output", "vectors.txt").status == 0
    written = read_word_vectors("vectors.txt")
    names, vectors = LanguageModel.from_pretrained(trained / "model").symbol_vectors()
    assert set(names) - set(written.words) == {" ", "\n"}
    np.testing.assert_array_equal(written.vectors, vectors.detach()[[names.index(word) for word in written.words]])
    assert command("words", "first", "--coverage", "vectors.txt").out.startswith(
        f"{len(names) - 2} of {len(names)} symbols"
    )
    said = command("words", "first", "--output", "vectors.txt")
    assert (said.status, "vectors.txt is there already" in said.err) == (2, True)
    assert command("words", "first", "--output", "vectors.txt", "--overwrite").status == 0


def test_what_cannot_be_shown(trained: Path, command: Callable[..., Any]) -> None:
    for words, cause in [
        (["words", "first"], "no word is named"),
        (["words", "first", "Q"], "there is no vector for 'Q'"),
        (["words", "first", "A"], "did you mean 'a'?"),
    ]:
        said = command(*words)
        assert said.status == 2
        assert cause.lower() in said.err.lower()
    small = [
        "--task",
        "language",
        "--hidden-size",
        "5",
        "--embedding-size",
        "0",
        "--steps",
        "2",
        "--sample-length",
        "0",
    ]
    assert command("train", "my.txt", "--run", "one-hot", *small).status == 0
    said = command("words", "one-hot", "t")
    assert (said.status, "has no embedding of symbols" in said.err) == (2, True)
