"""The pictures that a training leaves in its folder."""

from __future__ import annotations

import numpy as np

from gatework.data import Corpus
from gatework.insight.curves import plot_curves
from gatework.insight.gates import STEPS, plot_gates
from gatework.models.language import LanguageModel
from gatework.training import Callback, Outcome, Trainer

PIECES = 20


class PlotWriter(Callback):
    """Draws ``plots/loss.png`` and, over the beginning of the held-out text, ``plots/gates.png``."""

    def on_end(self, trainer: Trainer, outcome: Outcome) -> None:
        """Draw both."""
        if trainer.folder is None:
            return
        plots = trainer.folder.plots
        plot_curves(outcome.rows, plots / "loss.png", title=trainer.folder.path.name)
        corpus, model = trainer.data, trainer.model
        assert isinstance(corpus, Corpus)
        assert isinstance(model, LanguageModel)
        split = corpus.validation if len(corpus.validation) else corpus.train
        excerpt = readable_excerpt(model, split.tokens)
        if excerpt:
            plot_gates(model, excerpt, plots / "gates.png")


def readable_excerpt(model: LanguageModel, tokens: np.ndarray) -> str:
    """A piece of ``STEPS`` symbols from the beginning of a text: of the first pieces the one with most variety.

    Symbols that the model does not know, and documents' starts, are left out; it is empty if nothing is left.
    """
    special = [number for number in (model.vocabulary.unknown, model.vocabulary.document) if number is not None]
    known = tokens[: PIECES * STEPS]
    known = known[~np.isin(known, special)]
    pieces = [known[first : first + STEPS] for first in range(0, len(known), STEPS)]
    return model.vocabulary.decode(max(pieces, key=lambda piece: len(np.unique(piece)), default=known))
