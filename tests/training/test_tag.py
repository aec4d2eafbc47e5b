"""A tagger in training: it learns, and goes on bit for bit where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gatework.data.tagging.tagged_dataset import TaggedDataset, load_tagged
from gatework.models import Tagger
from gatework.settings.tasks.tag import TagData, TagTraining
from gatework.training import Callback, Interrupted, RunFolder, Trainer, measure

from .conftest import Setup

SMALL = {"hidden_size": 7, "embedding_size": 5, "character_size": 3, "character_hidden": 7}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> TaggedDataset:
    """Made-up words whose last letter is their tag; the letter before says nothing."""
    generator = np.random.default_rng(3)
    path = tmp_path_factory.mktemp("tagged") / "words.tsv"
    with path.open("w") as file:
        for _ in range(90):
            for letters in generator.choice(list("abc"), (generator.integers(1, 6), 3)):
                file.write(f"{''.join(letters)}\t{letters[-1].upper()}\n")
            file.write("\n")
    return load_tagged(TagData(sources=[str(path)], validation=0.2))


@pytest.fixture
def trainer(dataset: TaggedDataset, tmp_path: Path) -> Callable[..., Trainer]:
    def make(callbacks: Any = (), name: str = "run", seed: int = 3, crf: bool = False, **options: Any) -> Trainer:
        torch.manual_seed(seed)
        model = Tagger.build(dataset.codec, crf=crf, dropout=0.2, **SMALL)
        config = TagTraining(**{"batch": 11, "steps": 30, "log_every": 3, "warmup": 4, "seed": 3, **options})
        folder = RunFolder(tmp_path / name)
        if not folder.config.exists():
            folder.start({"training": config.model_dump()})
        return Trainer(model, dataset, config, folder, callbacks)

    return make


@pytest.mark.parametrize("crf", [False, True])
def test_it_learns(trainer: Callable[..., Trainer], dataset: TaggedDataset, crf: bool) -> None:
    given = trainer(steps=80, learning_rate=0.02, crf=crf)
    before = measure(given.model, dataset.validation).figures["accuracy"]
    outcome = given.fit()
    assert outcome.validation is not None
    assert outcome.validation.figures["accuracy"] > 0.9 > 0.7 > before
    assert outcome.validation.goal == "accuracy"
    loaded = measure(Tagger.from_pretrained(given.folder.model), dataset.validation)
    assert loaded == outcome.validation
    words = [word for example in dataset.validation for word in example.words]
    assert loaded.totals["words"] == loaded.count == len(words)
    assert loaded.totals["unseen"] == len([word for word in words if word not in dataset.codec.seen])


class Stop(Callback):
    def on_update(self, trainer: Trainer) -> None:
        if trainer.position.step == 17:
            raise Interrupted(2)


def test_a_resumed_training_is_bit_for_bit_the_same(trainer: Callable[..., Trainer]) -> None:
    whole = trainer(name="whole", crf=True)
    whole.fit()
    with pytest.raises(Interrupted):
        trainer([Stop()], crf=True).fit()
    again = trainer(seed=99, crf=True)
    again.resume()
    again.fit()
    Setup.check_same(again, whole)
