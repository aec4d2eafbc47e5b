"""A small network trained on a published collection of piano rolls, and its likelihoods on the three parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from gatework.models import MusicModel
from gatework.settings.tasks.music import MusicConfig, MusicData, MusicTraining
from gatework.studies.sizes import parameter_count
from gatework.studies.study import data_folder
from gatework.studies.trials import Measured
from gatework.tasks.music import TASK
from gatework.training import Trainer
from gatework.training.examples import measure


def train_on_music(
    collection: str,
    model: dict[str, Any],
    training: dict[str, Any],
    *,
    seed: int,
    max_steps: int | None = None,
    validation_only: bool = False,
) -> Measured:
    """Train on a collection and measure the parameters that were best on its validation part.

    Args:
        collection: the name of its file in ``GATEWORK_DATA/music``, without ``.mat``.
        model: fields of ``MusicConfig``; nothing lies between input, recurrent layer and output unless they say so.
        training: fields of ``MusicTraining``.
        seed: of initial values, order and noise.
        max_steps: training pieces are cut so that at most so many steps are predicted in each.
        validation_only: leave the other two parts unmeasured, where a training only helps to choose.

    Returns:
        ``train``, ``validation``, ``test``: negative log-likelihood of a step, nats; ``test_pieces``, the mean of the
        test pieces' own means; ``parameters``, those of the recurrent layer alone as ``recurrent``, ``epochs`` made,
        ``best_epoch``, and ``curve``, validation by epoch.

    Raises:
        InputError: there is no such file.
        DivergedError: a loss is no finite number.
    """
    source = data_folder() / "music" / f"{collection}.mat"
    data = TASK.load(MusicData(sources=[str(source)], max_steps=max_steps))
    torch.manual_seed(seed)
    plain: dict[str, Any] = {"layers": 1, "projection_size": 0, "dropout": 0.0, "input_dropout": 0.0}
    network = MusicModel(MusicConfig(**{**plain, **model}), data.codec)
    config = MusicTraining(**{"seed": seed, "device": "cpu", "show": 0, "warmup": 0, **training})
    trainer = Trainer(network, data, config)
    outcome = trainer.fit()
    assert outcome.validation is not None
    others: Measured = {}
    if not validation_only:
        others = {
            "train": measure(network, data.train).loss,
            "test": measure(network, data.test).loss,
            "test_pieces": float(np.mean([measure(network, [piece]).loss for piece in data.test])),
        }
    return {
        **others,
        "validation": outcome.validation.loss,
        "parameters": parameter_count(network),
        "recurrent": parameter_count(network.stack),
        "epochs": round(outcome.epochs),
        "best_epoch": round(outcome.step / trainer.objective.batches(0)),
        "curve": [round(row["loss"], 4) for row in outcome.rows if row["kind"] == "validation"],
    }
