"""Learning from separate examples: batches, scores, the best model by its goal, and a resume bit for bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.data.dataset import Dataset, make_dataset
from gatework.data.padding import Batch, padded
from gatework.data.text.symbols import Symbols
from gatework.errors import InputError
from gatework.models.encoder import make_stack
from gatework.models.model import ExampleModel, Totals
from gatework.models.reading import SymbolReader
from gatework.settings import EncoderConfig, ExampleData, ExampleTraining
from gatework.training import Callback, Interrupted, RunFolder, Trainer, measure
from gatework.training.examples import ExampleObjective
from gatework.training.trainer import make_objective

from .conftest import Setup


class Word(NamedTuple):
    letters: np.ndarray
    has_a: int


@dataclasses.dataclass(frozen=True)
class Words(Batch):
    letters: Tensor
    lengths: Tensor
    has_a: Tensor


class FindsA(ExampleModel[EncoderConfig, Symbols, Word, Words]):
    """Whether a word has an a."""

    task = "finds-a"
    goal = "accuracy"
    Config = EncoderConfig
    Codec = Symbols

    def __init__(self, config: EncoderConfig, codec: Symbols) -> None:
        super().__init__(config, codec)
        self.read = SymbolReader(len(codec), 5)
        self.stack = make_stack(config, 5)
        self.output = nn.Linear(self.stack.output_size, 2)

    def length(self, example: Word) -> int:
        return len(example.letters)

    def collate(self, examples: Sequence[Word]) -> Words:
        letters, lengths = padded([example.letters for example in examples])
        return Words(letters, lengths, torch.tensor([example.has_a for example in examples]))

    def logits(self, batch: Words) -> Tensor:
        return self.output(self.stack(self.read(batch.letters), lengths=batch.lengths).outputs.sum(0))

    def loss(self, batch: Words) -> Tensor:
        return F.cross_entropy(self.logits(batch), batch.has_a)

    def totals(self, batch: Words) -> Totals:
        logits, right = self.logits(batch), batch.has_a
        correct = float((logits.argmax(1) == right).sum())
        return {"loss": float(F.cross_entropy(logits, right, reduction="sum")), "count": len(right), "correct": correct}

    def figures(self, totals: Totals) -> dict[str, float]:
        return {"accuracy": totals["correct"] / totals["count"]}


def words(count: int, seed: int) -> list[Word]:
    generator = np.random.default_rng(seed)
    drawn = [generator.integers(1, 6, generator.integers(1, 5)) for _ in range(count)]
    return [Word(letters, int((letters == 1).any())) for letters in drawn]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    symbols = Symbols("character", ("<unknown>", *"abcde"))
    return make_dataset((words(67, 1), words(23, 2), words(11, 3)), symbols, ExampleData(), "words")


@pytest.fixture
def trainer(dataset: Dataset, tmp_path: Path) -> Callable[..., Trainer]:
    def make(callbacks: Sequence[Callback] = (), name: str | None = "run", seed: int = 3, **options: Any) -> Trainer:
        torch.manual_seed(seed)
        model = FindsA.build(dataset.codec, hidden_size=7, bidirectional=True, dropout=0.2)
        config = ExampleTraining(**{"batch": 11, "steps": 40, "log_every": 3, "warmup": 4, "seed": 3, **options})
        folder = None if name is None else RunFolder(tmp_path / name)
        if folder is not None and not folder.config.exists():
            folder.start({"training": config.model_dump()})
        return Trainer(model, dataset, config, folder, callbacks)

    return make


def test_it_learns_and_keeps_the_model_with_the_best_figure(trainer: Callable[..., Trainer], dataset: Dataset) -> None:
    given = trainer(steps=120, learning_rate=0.02)
    before = measure(given.model, dataset.validation)
    outcome = given.fit()
    assert outcome.validation is not None
    assert outcome.validation.figures["accuracy"] > 0.85 > before.figures["accuracy"]
    validations = [row for row in outcome.rows if row["kind"] == "validation"]
    assert outcome.validation.figures["accuracy"] == max(row["accuracy"] for row in validations)
    assert measure(given.model, dataset.validation) == outcome.validation
    loaded = FindsA.from_pretrained(given.folder.model)
    assert measure(loaded, dataset.validation) == outcome.validation
    assert not given.model.training
    training = [row for row in outcome.rows if row["kind"] == "train"]
    assert {"examples_per_second", "learning_rate", "gradient_norm"} < training[0].keys()
    assert "bits" not in training[0]


def test_a_pass_has_each_example_once(trainer: Callable[..., Trainer], dataset: Dataset) -> None:
    objective = trainer(name=None).objective
    assert isinstance(objective, ExampleObjective)
    assert objective.batches(0) == 7  # 67 examples by 11
    assert sum(objective.units(2, index) for index in range(objective.batches(2))) == 67
    assert objective.validation_share == 23 / 67
    limited = trainer(name=None, batch_steps=13)
    assert limited.objective.batches(0) > 7
    assert limited.fit().steps == 40


def test_a_score_is_the_mean_over_all_examples(trainer: Callable[..., Trainer], dataset: Dataset) -> None:
    model = trainer(name=None).model.eval()
    with torch.no_grad():
        each = [model.totals(model.collate([example])) for example in dataset.test]
    score = measure(model.train(), dataset.test, batch=4)
    assert score.count == 11
    assert score.loss == pytest.approx(sum(one["loss"] for one in each) / 11, rel=1e-5)
    assert score.figures["accuracy"] == sum(one["correct"] for one in each) / 11
    assert score.rank == -score.figures["accuracy"]
    assert model.training


class Stop(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_update(self, trainer: Trainer) -> None:
        if trainer.position.step == self.step:
            raise Interrupted(2)


@pytest.mark.parametrize("cut", [1, 7, 20, 21])
def test_a_resumed_training_is_bit_for_bit_the_same(trainer: Callable[..., Trainer], cut: int) -> None:
    whole = trainer(name="whole")
    whole.fit()
    with pytest.raises(Interrupted):
        trainer([Stop(cut)]).fit()
    again = trainer(seed=99)
    again.resume()
    again.fit()
    Setup.check_same(again, whole)


def test_other_data_are_refused(trainer: Callable[..., Trainer], dataset: Dataset) -> None:
    with pytest.raises(Interrupted):
        trainer([Stop(5)]).fit()
    other = trainer()
    other.objective.fingerprint = "another"
    with pytest.raises(InputError, match="not those that the run was trained on"):
        other.resume()


def test_activity_is_part_of_what_is_learnt_but_not_of_the_loss(trainer: Callable[..., Trainer]) -> None:
    def size(**options: float) -> tuple[float, float]:
        given = trainer(name=None, steps=40, learning_rate=0.02, **options)
        outcome = given.fit()
        batch = given.model.collate(given.data.validation)
        outputs = given.model.stack(given.model.read(batch.letters), lengths=batch.lengths).outputs
        return float(outputs.detach().square().mean()), outcome.rows[0]["loss"]

    (plain, first), (small, same) = size(), size(activity=30.0, activity_change=10.0)
    assert small < plain / 2
    assert first == pytest.approx(same, rel=0.2)


def test_what_does_not_belong_together_is_refused(trainer: Callable[..., Trainer], dataset: Dataset) -> None:
    model = trainer(name=None).model
    with pytest.raises(TypeError, match="FindsA cannot learn from a str with ExampleTraining"):
        make_objective(model, "words", ExampleTraining(), torch.device("cpu"))
