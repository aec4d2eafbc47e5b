"""Training in one line of Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from gatework.data import Corpus
from gatework.data.dataset import Dataset
from gatework.models.model import Model
from gatework.settings import checked, task_settings
from gatework.training.callbacks import Callback
from gatework.training.run_folder import RunFolder
from gatework.training.trainer import Outcome, Trainer


def fit(
    model: Model,
    data: Corpus | Dataset,
    *,
    folder: str | Path | None = None,
    callbacks: Sequence[Callback] = (),
    **options: Any,
) -> Outcome:
    """Train a model; afterwards it holds the parameters that were best on the validation part.

    Args:
        model: what is trained, in place.
        data: what on: a corpus for a language model, a data set for any other.
        folder: a new folder for metrics, checkpoints and the best model; nothing is written where None.
        callbacks: told of all events.
        **options: fields of the task's training settings, as ``minutes=1`` or ``learning_rate=0.01``.

    Raises:
        InputError: the corpus is too short, the folder exists, or an option does not exist or is out of range.
    """
    config = checked(task_settings(model.task).training, options)
    torch.manual_seed(config.seed)
    run = None if folder is None else RunFolder.fresh(Path(folder))
    try:
        trainer = Trainer(model, data, config, run, callbacks)
    except BaseException:
        if run is not None:
            run.discard()
        raise
    if run is not None:
        sections = {"data": data.config.anchored(), "model": model.config, "training": config}
        dumped = {name: section.model_dump(mode="json") for name, section in sections.items()}
        run.start({"task": model.task, **dumped})
    return trainer.fit()
