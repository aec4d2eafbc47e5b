"""Training in one line of Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from gatework.data import Corpus
from gatework.models.language import LanguageModel
from gatework.settings import TrainingConfig, checked
from gatework.training.callbacks import Callback
from gatework.training.run_folder import RunFolder
from gatework.training.trainer import Outcome, Trainer


def fit(
    model: LanguageModel,
    corpus: Corpus,
    *,
    folder: str | Path | None = None,
    callbacks: Sequence[Callback] = (),
    **options: Any,
) -> Outcome:
    """Train a model; afterwards it holds the parameters that were best on the validation text.

    Args:
        model: what is trained, in place.
        corpus: what on.
        folder: a new folder for metrics, checkpoints and the best model; nothing is written where None.
        callbacks: told of all events.
        **options: fields of ``TrainingConfig``, as ``minutes=1`` or ``learning_rate=0.01``.

    Raises:
        InputError: the corpus is too short, the folder exists, or an option does not exist or is out of range.
    """
    config = checked(TrainingConfig, options)
    torch.manual_seed(config.seed)
    run = None if folder is None else RunFolder.fresh(Path(folder))
    try:
        trainer = Trainer(model, corpus, config, run, callbacks)
    except BaseException:
        if run is not None:
            run.discard()
        raise
    if run is not None:
        sections = {"data": corpus.config.anchored(), "model": model.config, "training": config}
        run.start({name: section.model_dump(mode="json") for name, section in sections.items()})
    return trainer.fit()
