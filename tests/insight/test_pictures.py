"""Pictures are read back: PNG files of a sensible size that show something, whatever the labels."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gatework.cells import Cell, Gate
from gatework.data import Vocabulary, load_corpus
from gatework.errors import InputError, StorageError
from gatework.insight import PlotWriter, plot_curves, plot_gates, readable_excerpt
from gatework.layers import Stack
from gatework.models import LanguageModel
from gatework.settings import CorpusConfig
from gatework.training import fit

AWKWARD = "$a$ \\frac{x}_^%\n\t\u00e9\u4f60\U0001f600\u202e\u0301\x07\x00\u05d0"
LETTERS = Vocabulary.build("character", dict.fromkeys(AWKWARD + "bcd", 1))


def make(vocabulary: Vocabulary = LETTERS, **options: Any) -> LanguageModel:
    torch.manual_seed(3)
    return LanguageModel.build(vocabulary, **{"hidden_size": 7, "embedding_size": 5, **options})


def checked_picture(path: Path, width: tuple[int, int], height: tuple[int, int]) -> np.ndarray:
    assert path.read_bytes().startswith(b"\x89PNG\r\n")
    pixels = matplotlib.image.imread(path)[:, :, :3]
    assert width[0] < pixels.shape[1] < width[1]
    assert height[0] < pixels.shape[0] < height[1]
    assert float(pixels.std()) > 0.02
    assert float(pixels.mean()) > 0.3  # white paper, not a black page
    return pixels


def test_gates_are_drawn(tmp_path: Path) -> None:
    target = plot_gates(make(layers=2), "abcd" * 30, tmp_path / "deep" / "gates.png", layer=1)
    assert target == tmp_path / "deep" / "gates.png"
    first = checked_picture(target, (1200, 2500), (1000, 2000))
    assert len(np.unique((first.reshape(-1, 3) * 255).astype(int), axis=0)) > 100  # colours, many
    other = plot_gates(make(layers=2), "abcd" * 30, tmp_path / "gates.png", layer=0)
    assert not np.array_equal(first, matplotlib.image.imread(other)[:, :, :3])
    assert sorted(path.name for path in target.parent.iterdir()) == ["gates.png"]


@pytest.mark.parametrize("cell", ["gru-reset-after", "gru", "elman"])
def test_every_cell_can_be_drawn(tmp_path: Path, cell: str) -> None:
    target = plot_gates(make(cell=cell, hidden_size=53), "abcd", tmp_path / "gates.png")
    checked_picture(target, (600, 1500), (200, 1500))


class Uneven(Cell):
    """Its output, its gate and its memory differ in width."""

    states = ("h", "c")
    memory = 2

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.i = Gate(input_size, 3, recurrence=None)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return (self.hidden_size, self.memory)

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        i = torch.tanh(self.i(x))
        return torch.cat([h[:, 3:], i], dim=1), c + i.sum(dim=1, keepdim=True) * torch.arange(self.memory)


class Uneven53(Uneven):
    memory = 53


@pytest.mark.parametrize("cell", [Uneven, Uneven53])
def test_states_and_gates_of_different_widths_can_be_drawn(tmp_path: Path, cell: type[Cell]) -> None:
    model = make()
    model.stack = Stack(cell, 5, 7)
    checked_picture(plot_gates(model, "abcd" * 3, tmp_path / "gates.png"), (600, 1500), (300, 1500))


@pytest.mark.parametrize("text", ["a", AWKWARD, "$", "$$", "a$b$", "\n", "\U0001f600", "\x07", "\\$\\"], ids=ascii)
def test_any_symbol_is_a_label(tmp_path: Path, text: str) -> None:
    checked_picture(plot_gates(make(), text, tmp_path / "gates.png"), (600, 1500), (300, 2000))


def test_any_byte_is_a_label(tmp_path: Path) -> None:
    model = make(Vocabulary.build("byte", {}, document=True), hidden_size=3)
    for begin in range(0, 256, 64):
        text = bytes(range(begin, begin + 64)).decode("utf-8", "surrogateescape")
        checked_picture(plot_gates(model, text, tmp_path / "gates.png"), (600, 2500), (300, 2000))


def test_words_are_labels(tmp_path: Path) -> None:
    vocabulary = Vocabulary.build("word", {"incomprehensibilities": 2, "$x_1$": 1, "$": 2, "x_1": 1, ".": 1})
    model = make(vocabulary)
    text = " ".join(["incomprehensibilities $ x_1 ."] * 9)
    missing = vocabulary.missing(text)
    assert not missing
    checked_picture(plot_gates(model, text, tmp_path / "gates.png"), (600, 2500), (300, 2500))


@pytest.mark.parametrize("scale", [0.0, 1e4])
def test_dull_and_saturated_models_can_be_drawn(tmp_path: Path, scale: float) -> None:
    model = make()
    for parameter in model.parameters():
        parameter.data *= scale
    checked_picture(plot_gates(model, "abcd", tmp_path / "gates.png"), (600, 1500), (300, 2000))


@pytest.mark.parametrize(
    ("text", "layer", "words"),
    [("", 0, "empty"), ("abZ", 0, "'Z'"), ("ab", 1, "layers 0 to 0"), ("ab", -1, "no layer -1")],
)
def test_what_cannot_be_drawn_is_said(tmp_path: Path, text: str, layer: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        plot_gates(make(), text, tmp_path / "gates.png", layer=layer)
    assert not list(tmp_path.iterdir())


def rows(training: list[float], validation: list[float]) -> list[dict[str, Any]]:
    made = [{"kind": "train", "step": 20 * n, "loss": v, "learning_rate": 0.1 / n} for n, v in enumerate(training, 1)]
    made += [{"kind": "validation", "step": 50 * n, "loss": v} for n, v in enumerate(validation, 1)]
    return [{**row, "bits": row["loss"] / math.log(2)} for row in made]


@pytest.mark.parametrize(
    ("training", "validation", "title"),
    [
        ([3, 2.5, 2.2, 2.0, 1.9], [2.6, 2.3, 2.4], "a run"),
        ([3.0], [], ""),
        ([], [3.0], "x"),
        ([3.0, 2.9], [2.9], "run $1_{^ \U0001f600\n\u4f60 $"),
        ([3.0, math.nan, 2.0], [2.0, 2.0], "$"),
        ([2.0, 2.0], [2.0], "cost $5 or $6"),
    ],
)
def test_curves_are_drawn(tmp_path: Path, training: list[float], validation: list[float], title: str) -> None:
    target = plot_curves(rows(training, validation), tmp_path / "plots" / "loss.png", title=title)
    checked_picture(target, (1000, 1500), (500, 900))


def test_curves_differ_with_their_numbers(tmp_path: Path) -> None:
    pictures = [
        matplotlib.image.imread(plot_curves(rows(losses, [2.0]), tmp_path / "loss.png"))
        for losses in ([3.0, 2.5, 2.0], [3.0, 2.0, 2.5], [3.0, 2.0, 2.5])
    ]
    assert not np.array_equal(pictures[0], pictures[1])
    assert np.array_equal(pictures[1], pictures[2])


def test_no_metrics_no_curves(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no metrics"):
        plot_curves([], tmp_path / "loss.png")


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "plots").write_text("")
    with pytest.raises(StorageError, match="loss"):
        plot_curves(rows([3.0], []), tmp_path / "plots" / "loss.png")
    with pytest.raises(StorageError, match="gates"):
        plot_gates(make(), "abc", tmp_path / "plots" / "gates.png")


def test_an_excerpt_has_only_what_the_model_knows() -> None:
    vocabulary = Vocabulary.build("character", dict.fromkeys("abc", 1), document=True)
    model = make(vocabulary)
    assert readable_excerpt(model, np.array([1, 2, 3, 0, 4, 1, 2] * 40)) == ("abca" * 40)[:80]
    assert readable_excerpt(model, np.array([0, 1, 0, 0])) == ""
    assert readable_excerpt(model, np.array([], np.uint8)) == ""
    assert len(readable_excerpt(model, np.array([2] * 170 + [2, 3] * 40))) == 80
    assert set(readable_excerpt(model, np.array([2] * 170 + [2, 3] * 40))) == {"a", "b"}


@given(st.lists(st.integers(0, 13), max_size=60))
def test_an_excerpt_in_words_can_be_read_again(tokens: list[int]) -> None:
    words = ["don", "'", "t", "don't", "3", ".", "5", "3.5", "-", "\n", "a", '"']
    model = make(Vocabulary.build("word", {word: 20 - n for n, word in enumerate(words)}))
    assert not model.vocabulary.missing(readable_excerpt(model, np.array(tokens) % len(model.vocabulary)))


def test_a_training_leaves_its_pictures(tmp_path: Path) -> None:
    text = ("some words of a text " * 30).encode()
    corpus = load_corpus(CorpusConfig(sources=["-"], validation=0.2), stdin=io.BytesIO(text))
    fit(
        make(corpus.vocabulary),
        corpus,
        folder=tmp_path / "a $b$ run",
        steps=3,
        batch=4,
        window=5,
        callbacks=[PlotWriter()],
    )
    checked_picture(tmp_path / "a $b$ run" / "plots" / "loss.png", (1000, 1500), (500, 900))
    checked_picture(tmp_path / "a $b$ run" / "plots" / "gates.png", (1000, 2500), (800, 2000))


def test_a_held_out_text_of_unknown_symbols_does_not_spoil_the_end(tmp_path: Path) -> None:
    corpus = load_corpus(CorpusConfig(sources=["-"], validation=0.3), stdin=io.BytesIO(b"ab" * 70 + b"Z" * 60))
    outcome = fit(
        make(corpus.vocabulary), corpus, folder=tmp_path / "run", steps=3, batch=4, window=5, callbacks=[PlotWriter()]
    )
    assert outcome.steps == 3
    assert [path.name for path in (tmp_path / "run" / "plots").iterdir()] == ["loss.png"]
