"""The best model so far, kept in the run's folder or in memory."""

from __future__ import annotations

from torch import Tensor

from gatework.errors import GateworkError
from gatework.models.model import Model
from gatework.models.pretrained import own_tensors, restore
from gatework.storage import read_description
from gatework.training.position import Position
from gatework.training.run_folder import RunFolder

KEPT = ("loss", "rank", "figures", "count", "step")
"""What is kept with the best model of a position's ``best_...``."""


class BestModel:
    """Keeps a copy of a model's parameters and puts it back.

    Args:
        model: whose.
        folder: kept there in ``model/``; in memory where None.
    """

    def __init__(self, model: Model, folder: RunFolder | None) -> None:
        self._model = model
        self._folder = folder
        self._tensors: dict[str, Tensor] = {}

    def keep(self, position: Position) -> None:
        """Keep the present parameters, with the loss that makes them the best.

        Raises:
            StorageError: they cannot be written; the ones before stay.
        """
        if self._folder is not None:
            score = {name: getattr(position, f"best_{name}") for name in KEPT}
            self._model.save_pretrained(self._folder.model, score=score)
        else:
            self._tensors = {name: tensor.detach().clone() for name, tensor in own_tensors(self._model).items()}

    def correct(self, position: Position) -> None:
        """Make a position that was gone back to agree with the kept model, which may be of a later update."""
        if self._folder is None:
            return
        try:
            score = read_description(self._folder.model / "model.safetensors").get("score")
        except GateworkError:  # none was kept yet, or it is damaged: the next validation keeps another
            score = None
        fresh = Position()
        for name in KEPT:
            kept = getattr(fresh, f"best_{name}") if score is None else score[name]
            setattr(position, f"best_{name}", kept)

    def put_back(self) -> None:
        """Give the model the kept parameters.

        Raises:
            InputError, DamagedFileError: the folder does not hold them any more.
        """
        if self._folder is not None:
            self._tensors = own_tensors(type(self._model).from_pretrained(self._folder.model))
        restore(self._model, self._tensors)
