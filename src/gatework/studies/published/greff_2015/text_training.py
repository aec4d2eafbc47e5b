"""A small network trained to predict the next character of a text, and its cross-entropies on held-out stretches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from gatework.data import load_corpus
from gatework.models import LanguageModel
from gatework.settings import CorpusConfig, LanguageModelConfig, StreamTraining
from gatework.studies.sizes import parameter_count
from gatework.studies.trials import Measured
from gatework.training import Trainer
from gatework.training.evaluation import evaluate

HELD_OUT = 0.02


def train_on_text(text: Path, model: dict[str, Any], training: dict[str, Any], *, seed: int) -> Measured:
    """Train on a text by truncated backpropagation and measure the parameters that were best on validation.

    Args:
        text: the file; its last two fiftieths are the validation and the test part.
        model: fields of ``LanguageModelConfig``; characters enter one-hot unless they say otherwise.
        training: fields of ``StreamTraining``.
        seed: of initial values and noise.

    Returns:
        ``validation`` and ``test``, nats a character, ``parameters``, and those of the recurrent layer as
        ``recurrent``.

    Raises:
        InputError: the text cannot be read, or is too short.
        DivergedError: a loss is no finite number.
    """
    corpus = load_corpus(CorpusConfig(sources=[str(text)], validation=HELD_OUT, test=HELD_OUT))
    torch.manual_seed(seed)
    network = LanguageModel(LanguageModelConfig(**{"embedding_size": 0, **model}), corpus.vocabulary)
    config = StreamTraining(**{"seed": seed, "device": "cpu", "sample_length": 0, "warmup": 0, **training})
    outcome = Trainer(network, corpus, config).fit()
    assert outcome.validation is not None
    return {
        "validation": outcome.validation.loss,
        "test": evaluate(network, corpus.test, name="test part").loss,
        "parameters": parameter_count(network),
        "recurrent": parameter_count(network.stack),
    }
