"""Small corpora, small models, and trainings that are stopped where a test wants."""

from __future__ import annotations

import dataclasses
import io
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gatework.data import Corpus, load_corpus
from gatework.generation import SampleWriter
from gatework.models import LanguageModel
from gatework.models.pretrained import own_tensors
from gatework.settings import CorpusConfig, StreamTraining
from gatework.storage import read_tensors
from gatework.training import Callback, RunFolder, Trainer
from gatework.training.checkpoint import pack_optimizer, pack_state

WORDS = ["the", "cat", "sat", "on", "a", "mat", "and", "ran", "off", "to", "see", "who", "had", "come", "from", "rain"]
TIMES = ("wall_seconds", "symbols_per_second", "examples_per_second")


def words(count: int, between: str = " ", seed: int = 7) -> str:
    draw = random.Random(seed)
    return "".join(draw.choice(WORDS) + (between if draw.random() < 0.2 else " ") for _ in range(count))


def corpus_of(text: str, **options: Any) -> Corpus:
    return load_corpus(CorpusConfig(sources=["-"], **options), stdin=io.BytesIO(text.encode()))


@pytest.fixture(scope="session")
def make_corpus() -> Callable[..., Corpus]:
    """Makes a corpus of a text and the fields of its configuration."""
    return corpus_of


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """560 characters: with the default of this folder, 15 windows an epoch."""
    return corpus_of(words(400)[:560])


@pytest.fixture(scope="session")
def documents() -> Corpus:
    """The same in lines, each a document."""
    return corpus_of(words(400, "\n")[:560], separator="\n")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Tensors of a few numbers gain nothing from threads that wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@dataclasses.dataclass
class Setup:
    """How the trainings of a test are made, and how two of them are compared."""

    corpus: Corpus
    path: Path | None = None
    model: dict[str, Any] = dataclasses.field(default_factory=dict)
    options: dict[str, Any] = dataclasses.field(default_factory=dict)

    def config(self) -> StreamTraining:
        defaults = {"batch": 5, "window": 7, "steps": 40, "log_every": 3, "warmup": 4, "sample_length": 9, "seed": 3}
        return StreamTraining(**{**defaults, **self.options})

    def trainer(self, callbacks: Sequence[Callback] = (), seed: int = 3) -> Trainer:
        torch.manual_seed(seed)
        model = LanguageModel.build(self.corpus.vocabulary, **{"hidden_size": 7, "embedding_size": 5, **self.model})
        folder = None if self.path is None else RunFolder(self.path)
        if folder is not None and not folder.config.exists():
            folder.start({"training": self.config().model_dump()})
        return Trainer(model, self.corpus, self.config(), folder, [SampleWriter(), *callbacks])

    def fitted(self, callbacks: Sequence[Callback] = ()) -> Trainer:
        trainer = self.trainer(callbacks)
        trainer.fit()
        return trainer

    def elsewhere(self, path: Path) -> Setup:
        """The same in another folder."""
        return dataclasses.replace(self, path=path)

    def resumed(self, callbacks: Sequence[Callback] = ()) -> Trainer:
        trainer = self.trainer(callbacks, seed=99)  # other weights, other random numbers
        trainer.resume()
        return trainer

    @staticmethod
    def check_same(given: Trainer, wanted: Trainer) -> None:
        found, expected = everything(given), everything(wanted)
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            if isinstance(value, Tensor):
                assert torch.equal(found[name], value), name
            else:
                assert found[name] == value, name


def timeless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in TIMES} for row in rows]


def everything(trainer: Trainer) -> dict[str, Any]:
    """All that a resumed training must have in common with one that was never stopped."""
    position = dataclasses.asdict(trainer.position)
    last, description = read_tensors(max(trainer.folder.checkpoints.glob("step-*.safetensors")))
    best, _ = read_tensors(trainer.folder.model / "model.safetensors")
    return {
        **{f"last {name}": tensor for name, tensor in last.items()},
        **{f"best {name}": tensor for name, tensor in best.items()},
        **{f"model {name}": tensor for name, tensor in own_tensors(trainer.model).items()},
        **pack_optimizer(trainer.optimizer)[0],
        **pack_state(trainer.state),
        **{name: description[name] for name in ("optimizer", "schedule", "generators", "gradient_norm")},
        "position": {name: value for name, value in position.items() if "seconds" not in name},
        "rows": timeless(trainer.rows),
        "metrics": timeless(trainer.folder.rows()),
        "samples": trainer.folder.samples.read_text() if trainer.folder.samples.exists() else "",
    }


@pytest.fixture
def setup(corpus: Corpus, tmp_path: Path) -> Callable[..., Setup]:
    def make(corpus: Corpus = corpus, path: Path | None = tmp_path / "run", **options: Any) -> Setup:
        shape = {name: options.pop(name) for name in list(options) if name in LanguageModel.Config.model_fields}
        return Setup(corpus, path, shape, options)

    return make
