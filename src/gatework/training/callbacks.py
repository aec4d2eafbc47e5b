"""What can happen beside a training: the events, and TensorBoard; other rooms have samples, plots and bars."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatework.errors import InputError

if TYPE_CHECKING:
    from gatework.training.trainer import Outcome, Trainer


class Callback:
    """Told of a training's events; does nothing unless a method is overridden.

    Rows are the lines of metrics.jsonl, see ``Trainer``.
    """

    def on_start(self, trainer: Trainer) -> None:
        """Before the first update, or the first after a resume."""

    def on_update(self, trainer: Trainer) -> None:
        """After each update."""

    def on_log(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """After each row about the training loss."""

    def on_validating(self, trainer: Trainer) -> None:
        """Before each validation."""

    def on_validation(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """After each row about the validation loss; the model is still in training mode.

        Without a validation text, at the same times with the newest row about the training loss.
        """

    def on_note(self, trainer: Trainer, text: str) -> None:
        """When there is something that the user should know."""

    def on_end(self, trainer: Trainer, outcome: Outcome) -> None:
        """After the last update; the model is the best one."""

    def on_exit(self, trainer: Trainer) -> None:
        """When the training is left, however it ends."""


class TensorBoard(Callback):
    """Writes all numbers of the rows as TensorBoard files.

    Raises:
        InputError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise InputError("TensorBoard is not installed", "pip install 'gatework[tensorboard]'") from error
        self._folder = folder
        self._make_writer = SummaryWriter
        self._writer: SummaryWriter | None = None

    def on_start(self, trainer: Trainer) -> None:
        """Open the file; what an earlier, abandoned course wrote past this point is hidden."""
        self._writer = self._make_writer(str(self._folder), purge_step=trainer.position.step + 1)

    def on_log(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Write the row."""
        self._write(row)

    def on_validation(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Write the row, if it is not one that ``on_log`` wrote."""
        if row["kind"] == "validation":
            self._write(row)

    def on_exit(self, trainer: Trainer) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()

    def _write(self, row: dict[str, Any]) -> None:
        if self._writer is None:
            return
        kind = row["kind"]
        for name, value in row.items():
            if name not in ("kind", "step") and isinstance(value, (int, float)):
                self._writer.add_scalar(f"{kind}/{name}", value, row["step"])
