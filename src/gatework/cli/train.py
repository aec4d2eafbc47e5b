"""gatework train: from a text to a trained model, in a run folder of its own."""

from __future__ import annotations

import datetime
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatework.cli.options import with_settings
from gatework.cli.setting_up import (
    LIMITS,
    PURPOSES,
    SECTIONS,
    merged_config,
    new_trainer,
    source_name,
    with_given,
)
from gatework.errors import InputError
from gatework.settings import RecurrentConfig, RunConfig, checked_config

if TYPE_CHECKING:
    from gatework.tasks import Task
    from gatework.training import Trainer


def register(app: typer.Typer, task: str) -> None:
    """Add the command, with the options of a task in its help."""
    app.command("train")(with_settings(train, SECTIONS, shown=[task], leave_out=["sources"]))


def train(
    settings: dict[str, dict[str, Any]],
    data: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files or folders; - reads standard input; without any, the language reference inside Python.",
            show_default=False,
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help=f"What is to be learnt; seen from the data where they leave no doubt. {PURPOSES}."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Take all settings from a config.json; options given beside it win.")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="New folder for the results; runs/DATE-NAME unless given.")] = None,
    resume: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Continue a run (a folder, or `last`) bit for bit where it stopped."),
    ] = None,
) -> int:
    r"""Train a recurrent network on a text, or on the data of another task.

    Shows loss and speed while it trains, and what the model does after each epoch, keeps the model that does best on
    held-out data, and leaves everything in a run folder. Ctrl-C saves; --resume continues.

    `gatework train --task TASK --help` shows the options of a task.

    [bold]Examples[/]

    gatework train my.txt --minutes 2

    gatework train books/ --cell gru --hidden-size 512 --layers 2 --dropout 0.2

    gatework train names.txt --separator '\n' --epochs 30

    gatework train --resume last --epochs 20
    """
    if resume is not None:
        if run is not None or config is not None or data or task:
            raise InputError(
                "--resume continues a run with its own data and folder", "leave out DATA, --task, --run and --config"
            )
        return _resume(resume, settings)
    chosen = merged_config(config, settings, data, task)
    return _begin(chosen, run)


def _begin(config: RunConfig, path: Path | None) -> int:
    from gatework.cli.console import print_note
    from gatework.tasks import find_task
    from gatework.training import RunFolder

    folder = RunFolder.numbered(_new_path(config)) if path is None else RunFolder.fresh(path)
    try:
        task = find_task(config.task)
        config, trainer = new_trainer(task, config, folder)
        trainer.callbacks = _callbacks(task, trainer)
    except BaseException as error:
        folder.discard()
        if isinstance(error, KeyboardInterrupt):
            print_note("stopped before the training began; nothing was written")
        raise
    folder.start(config.model_copy(update={"data": config.data.anchored()}).model_dump(mode="json"))
    return _train(task, trainer)


def _resume(name: str, settings: dict[str, dict[str, Any]]) -> int:
    from gatework.cli.console import print_note
    from gatework.cli.progress import Notes
    from gatework.cli.runs import own_data
    from gatework.storage import write_json
    from gatework.tasks import find_task
    from gatework.tasks.building import build_model
    from gatework.training import RunFolder, Trainer

    folder = RunFolder.find(name)
    saved = folder.read_config()
    _check_resumable(settings)
    config = checked_config(with_given(saved, settings), str(folder.config))
    task, data = find_task(config.task), own_data(folder)
    trainer = Trainer(build_model(task, config, data), data, config.training, folder, [Notes()])
    checkpoint = trainer.resume()
    trainer.callbacks = _callbacks(task, trainer)
    if trainer.is_over():
        raise InputError(
            f"{folder.path} is finished after {trainer.position.step:,} updates, {trainer.epochs():.1f} epochs and "
            f"{trainer.position.seconds / 60:.1f} minutes in all",
            "give a larger --epochs, --minutes or --steps, also in all",
        )
    if config.model_dump(mode="json") != saved:
        write_json(folder.config, config.model_dump(mode="json"))
    print_note(f"continuing {folder.path} from update {trainer.position.step:,} ({checkpoint.name})")
    return _train(task, trainer)


RESUMABLE = LIMITS | {"patience", "checkpoint_minutes", "log_every", "sample_length", "sample_prompt", "show"}
"""Settings that may change when a run is resumed: how long, and what is shown."""


def _check_resumable(settings: dict[str, dict[str, Any]]) -> None:
    given = {name for section in settings.values() for name in section}
    for name in sorted(given - RESUMABLE):
        raise InputError(
            f"--{name.replace('_', '-')} cannot change when a run is resumed",
            "only " + ", ".join(f"--{one.replace('_', '-')}" for one in sorted(RESUMABLE)) + " can",
        )


def _callbacks(task: Task[Any, Any], trainer: Trainer) -> list[Any]:
    from gatework.cli.progress import Notes, ProgressDisplay
    from gatework.training import TensorBoard

    display = ProgressDisplay(task)
    found: list[Any] = [Notes(), display]
    if trainer.config.tensorboard and trainer.folder is not None:
        found.append(TensorBoard(trainer.folder.tensorboard))
    return [*found, *task.callbacks(display.show_sample)]


def _train(task: Task[Any, Any], trainer: Trainer) -> int:
    from gatework.cli.console import print_note, program
    from gatework.cli.report import print_report
    from gatework.training import Interrupted

    assert trainer.folder is not None
    trainer.folder.remember()
    try:
        outcome = trainer.fit()
    except Interrupted as stopped:
        print_note(
            f"{stopped} at update {trainer.position.step:,}; all is saved. "
            f"Continue with: {program()} train --resume {shlex.quote(str(trainer.folder.path))}"
        )
        return stopped.status
    print_report(task, trainer, outcome)
    return 0


def _new_path(config: RunConfig) -> Path:
    """``runs/DATE-DATA-CELL``."""
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    kind = config.model.cell if isinstance(config.model, RecurrentConfig) else config.task
    return Path("runs") / f"{stamp}-{source_name(config)}-{kind}"
