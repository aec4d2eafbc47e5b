"""The best model so far, kept in the run's folder or in memory."""

from __future__ import annotations

from torch import Tensor

from gatework.models.language import LanguageModel
from gatework.models.pretrained import own_tensors, restore
from gatework.training.run_folder import RunFolder


class BestModel:
    """Keeps a copy of a model's parameters and puts it back.

    Args:
        model: whose.
        folder: kept there in ``model/``; in memory where None.
    """

    def __init__(self, model: LanguageModel, folder: RunFolder | None) -> None:
        self._model = model
        self._folder = folder
        self._tensors: dict[str, Tensor] = {}

    def keep(self) -> None:
        """Keep the present parameters.

        Raises:
            StorageError: they cannot be written; the ones before stay.
        """
        if self._folder is not None:
            self._model.save_pretrained(self._folder.model)
        else:
            self._tensors = {name: tensor.detach().clone() for name, tensor in own_tensors(self._model).items()}

    def put_back(self) -> None:
        """Give the model the kept parameters.

        Raises:
            InputError, DamagedFileError: the folder does not hold them any more.
        """
        if self._folder is not None:
            self._tensors = own_tensors(LanguageModel.from_pretrained(self._folder.model))
        restore(self._model, self._tensors)
