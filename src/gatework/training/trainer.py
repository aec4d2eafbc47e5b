"""The training loop."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from gatework.data import Corpus
from gatework.data.dataset import Dataset
from gatework.errors import DivergedError, InputError
from gatework.models.model import Model
from gatework.settings import TrainingConfig
from gatework.training import snapshot
from gatework.training.activity import ActivityRegularization
from gatework.training.best import BestModel
from gatework.training.callbacks import Callback
from gatework.training.checkpoint import newest_checkpoint, write_checkpoint
from gatework.training.device import find_device
from gatework.training.objective import Objective
from gatework.training.objectives import make_objective
from gatework.training.optimizers import make_optimizer, peak_learning_rate
from gatework.training.position import Outcome, Position
from gatework.training.run_folder import RunFolder
from gatework.training.schedules import Limits, Schedule
from gatework.training.score import Score
from gatework.training.signals import Interrupted, StopSignals

FRESH = 0.02
"""The last model is not scored if so small a part of all updates came after the last validation."""


class Trainer:
    """Trains a model: a language model by truncated backpropagation through time, others on batches of examples.

    With a folder it leaves there ``metrics.jsonl``, ``checkpoints/`` and the best model in ``model/``; without one it
    writes nothing. Rows are dictionaries: ``kind`` "train" or "validation", ``step``, ``epoch``, ``loss``,
    ``wall_seconds``; in training ``learning_rate``, ``gradient_norm`` and the speed (``symbols_per_second`` or
    ``examples_per_second``); of a language model ``bits`` per symbol; in validation what else the model measures.

    Args:
        model: what is trained.
        data: what on: a ``Corpus`` for a language model, else a ``Dataset``.
        config: how.
        folder: where the results go.
        callbacks: told of all events, in order.

    Raises:
        InputError: the texts are too short for the windows; the device does not exist.
    """

    BASE_COLUMNS = ("kind", "step", "epoch", "loss", "wall_seconds")
    """What every row has; what else a validation's has was measured by the model."""

    def __init__(
        self,
        model: Model,
        data: Corpus | Dataset,
        config: TrainingConfig,
        folder: RunFolder | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self.device = find_device(config.device)
        self.model = model.to(self.device)
        self.data = data
        self.config = config
        self.folder = folder
        self.callbacks = callbacks
        self.objective: Objective = make_objective(model, data, config, self.device)
        self.limits = Limits.of(config, self.objective.batches(0))
        self.schedule = Schedule(config)
        self.optimizer = make_optimizer(model.parameters(), config)
        self.position = Position()
        self.activity = _activity(self.model, config)
        self.best = BestModel(model, folder)
        self.stop = StopSignals()
        self.state: Any = None
        self.gradient_norm = 0.0
        self.rows: list[dict[str, Any]] = []
        self._since = time.perf_counter()
        self._row_seconds = 0.0
        self._row_units = 0
        self._last_checkpoint = 0.0

    def fit(self) -> Outcome:
        """Train until a limit is reached; the model then holds the best parameters.

        Raises:
            Interrupted: Ctrl-C or SIGTERM came; a checkpoint was saved first.
            DivergedError: the loss is no finite number any more.
            StorageError: the folder cannot be written.
        """
        self._since = time.perf_counter() - self.position.seconds
        self._last_checkpoint = self.position.seconds
        self.model.train()
        self.activity = self.activity or _activity(self.model, self.config)
        try:
            with self._locked(), self.stop:
                if not self.position.step:
                    self.save_checkpoint()
                self._tell("on_start")
                return self._until_end()
        except Interrupted:
            self.save_checkpoint()
            raise
        finally:
            if self.activity is not None:
                self.activity.remove()
                self.activity = None
            self._tell("on_exit")

    def _locked(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext() if self.folder is None else self.folder.locked()

    def _until_end(self) -> Outcome:
        while True:
            self.stop.poll()
            reason = self._finished()
            if self._validation_due(reason):
                self._validate()
                reason = self._finished()
            if reason:
                return self._end(reason)
            self._update()
            if self.position.step % self.config.log_every == 0:
                self._log()
            self._tell("on_update")  # after the row: who stops the training here leaves none out
            if self.position.seconds - self._last_checkpoint > 60 * self.config.checkpoint_minutes:
                self.save_checkpoint()

    def _update(self) -> None:
        """Learn the next batch."""
        position = self.position
        loss, state = self.updated(position.epoch, position.window, self.state, self.learning_rate())
        self._advance(loss, state)

    def updated(self, epoch: int, index: int, state: Any, rate: float) -> tuple[float, Any]:
        """One update on a batch of a pass: its loss before, and the state that goes on to the next.

        Raises:
            DivergedError: loss or gradient is no finite number; nothing was learnt from it.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        if self.activity is not None:
            self.activity.forget()
        loss, state = self.objective.loss(epoch, index, state)
        self.optimizer.zero_grad(set_to_none=True)
        (loss if self.activity is None else loss + self.activity.penalty()).backward()
        self.gradient_norm = self._clip()
        value = float(loss.detach())
        self._check_finite(value)
        self.optimizer.step()
        return value, state

    def _clip(self) -> float:
        """Clip the gradient as configured; return its norm before."""
        config, parameters = self.config, list(self.model.parameters())
        norm = torch.nn.utils.clip_grad_norm_(parameters, config.clip_norm or math.inf)
        if config.clip_value is not None:
            torch.nn.utils.clip_grad_value_(parameters, config.clip_value)
        return float(norm)

    def _check_finite(self, loss: float) -> None:
        if math.isfinite(loss) and math.isfinite(self.gradient_norm):
            return
        what = f"loss became {loss}" if not math.isfinite(loss) else f"gradient's norm became {self.gradient_norm}"
        raise self._diverged(what, self.position.step + 1)

    def _check_parameters(self) -> None:
        """An update can overflow though its loss was finite; what it left must not replace anything good."""
        if not all(bool(parameter.isfinite().all()) for parameter in self.model.parameters()):
            raise self._diverged("parameters overflowed", self.position.step)

    def _diverged(self, what: str, step: int) -> DivergedError:
        remedy = f"lower --learning-rate ({peak_learning_rate(self.config):g}) or set --clip-norm"
        if self.folder is not None and any(self.folder.checkpoints.glob("step-*")):
            remedy += f"; the last good checkpoint is kept in {self.folder.checkpoints}"
        return DivergedError(f"the {what} at step {step}", remedy)

    def _advance(self, loss: float, state: Any) -> None:
        position = self.position
        self._row_units += self.objective.units(position.epoch, position.window)
        position.step += 1
        position.window += 1
        position.loss_sum += loss
        position.loss_count += 1
        position.seconds = time.perf_counter() - self._since
        self.state = state
        if position.window == self.objective.batches(position.epoch):
            position.epoch, position.window, self.state = position.epoch + 1, 0, None

    def progress(self) -> float:
        """The fraction of the training that is done."""
        position = self.position
        reserved = position.validation_seconds or self._validation_guess()
        return self.limits.progress(position.step, position.seconds, reserved)

    def _validation_guess(self) -> float:
        """Seconds that the first validation may take: reading costs about a third of learning."""
        epochs = self.epochs()
        return self.position.seconds * self.objective.validation_share / (3 * epochs) if epochs else 0.0

    def is_over(self) -> bool:
        """Whether nothing is left to do, not even a validation."""
        reason = self._finished()
        return bool(reason) and not self._validation_due(reason)

    def epochs(self) -> float:
        """Passes over the training data so far."""
        return self.position.epoch + self.position.window / self.objective.batches(self.position.epoch)

    def learning_rate(self) -> float:
        """The learning rate of the next update."""
        factor = self.schedule.factor(self.position.step, self.epochs(), self.progress())
        return peak_learning_rate(self.config) * factor

    def _finished(self) -> str:
        if self.config.patience is not None and self.position.stale >= self.config.patience:
            return "patience"
        return "limit" if self.progress() >= 1 else ""

    def _validation_due(self, reason: str) -> bool:
        position, every = self.position, self.config.validate_every
        if position.step in (0, position.validated_step):
            return False
        regular = position.window == 0 if every is None else position.step % every == 0
        learnt_since = position.step - max(0, position.validated_step)
        return regular or (bool(reason) and learnt_since > FRESH * position.step)

    def _log(self) -> None:
        position = self.position
        if not position.loss_count:
            return
        loss = position.loss_sum / position.loss_count
        seconds = position.seconds - self._row_seconds
        row = {
            **self._row("train", loss),
            "learning_rate": self.learning_rate(),
            "gradient_norm": self.gradient_norm,
            f"{self.objective.unit}s_per_second": round(self._row_units / seconds) if seconds > 0 else 0,
        }
        position.loss_sum, position.loss_count = 0.0, 0
        self._begin_row()
        self._add(row)
        self._tell("on_log", row)

    def _begin_row(self) -> None:
        self._row_seconds, self._row_units = self.position.seconds, 0

    def _row(self, kind: str, loss: float) -> dict[str, Any]:
        return {
            "kind": kind,
            "step": self.position.step,
            "epoch": round(self.epochs(), 4),
            "loss": loss,
            **self.objective.columns(loss),
            "wall_seconds": round(self.position.seconds, 3),
        }

    def _add(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        self.position.rows += 1
        if self.folder is not None:
            self.folder.append_row(row)

    def _validate(self) -> None:
        """Score the validation part, keep the model if it is the best; without such a part, keep the newest."""
        started = time.perf_counter()
        self._tell("on_validating")
        self._check_parameters()
        score = self.objective.score(self.stop.poll)
        if score is not None and not math.isfinite(score.loss):
            raise self._diverged(f"validation loss became {score.loss}", self.position.step)
        position = self.position
        self._log()
        position.validated_step = position.step
        position.seconds = time.perf_counter() - self._since
        if score is not None:
            self.schedule.validated(score.rank)
            self._add({**self._row("validation", score.loss), **score.figures})
        if score is None or score.rank <= position.best_rank:
            self._keep(score)
        else:
            position.stale += 1
        self.save_checkpoint()
        self._tell("on_validation", self.rows[-1])
        position.seconds = time.perf_counter() - self._since
        position.validation_seconds = time.perf_counter() - started
        self._begin_row()

    def _keep(self, score: Score | None) -> None:
        """Keep the present model as the best."""
        position = self.position
        position.best_loss = math.inf if score is None else score.loss
        position.best_rank = math.inf if score is None else score.rank
        position.best_figures = {} if score is None else dict(score.figures)
        position.best_count = 0 if score is None else score.count
        position.best_step, position.stale = position.step, 0
        self.best.keep(position)

    def _end(self, reason: str) -> Outcome:
        position = self.position
        self.best.put_back()
        validation = None
        if position.best_count:
            validation = Score(position.best_loss, position.best_count, position.best_figures, self.model.goal)
        outcome = Outcome(
            validation, position.best_step, position.step, self.epochs(), position.seconds, reason, self.rows
        )
        self.model.eval()
        self._tell("on_end", outcome)
        return outcome

    def save_checkpoint(self) -> Path | None:
        """Save all that ``resume`` needs; None where there is no folder.

        Raises:
            DivergedError: there is nothing good to save.
            StorageError: it cannot be written.
        """
        if self.folder is None:
            return None
        self._check_parameters()
        self._last_checkpoint = self.position.seconds
        return write_checkpoint(self.folder.checkpoints, self.position.step, *snapshot.pack(self))

    def resume(self) -> Path:
        """Go back to the newest good checkpoint of the folder; ``fit`` then goes on as if never stopped.

        Raises:
            InputError: there is no checkpoint, or data or model are not those it was made with.
            DamagedFileError: no checkpoint is whole.
        """
        assert self.folder is not None
        path, tensors, description = newest_checkpoint(self.folder.checkpoints, self.note)
        snapshot.check(self, tensors, description)
        self.folder.clear_unfinished()
        snapshot.unpack(self, tensors, description)
        self.best.correct(self.position)
        self.rows = self.folder.keep_rows(self.position.rows)
        self.position.rows = len(self.rows)  # fewer if the system crashed before it wrote them to the disk
        self._begin_row()
        return path

    def note(self, text: str) -> None:
        """Tell the callbacks something that the user should know."""
        self._tell("on_note", text)

    def _tell(self, event: str, *arguments: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(self, *arguments)


def _activity(model: Model, config: TrainingConfig) -> ActivityRegularization | None:
    """What watches the model's activity, where that costs anything."""
    if not (config.activity or config.activity_change):
        return None
    try:
        return ActivityRegularization(model, alpha=config.activity, beta=config.activity_change)
    except ValueError as error:
        raise InputError(str(error), "leave out --activity and --activity-change") from error
