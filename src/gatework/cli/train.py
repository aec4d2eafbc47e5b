"""gatework train: from a text to a trained model, in a run folder of its own."""

from __future__ import annotations

import datetime
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatework.cli.options import check_given, with_settings
from gatework.errors import InputError, did_you_mean
from gatework.settings import TASKS, RecurrentConfig, RunConfig, checked_config

if TYPE_CHECKING:
    from gatework.models import Model
    from gatework.tasks import Task
    from gatework.training import RunFolder, Trainer

SECTIONS = {name: settings.sections for name, settings in TASKS.items()}
PURPOSES = "; ".join(f"{name}: {settings.purpose}" for name, settings in TASKS.items())


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
    chosen = _merged(config, settings, data, task)
    return _begin(chosen, run)


def _merged(
    config: Path | None, settings: dict[str, dict[str, Any]], data: list[str] | None, task: str | None
) -> RunConfig:
    """The settings of a file, those on the command line over them."""
    from gatework.storage import read_json

    if config is not None and config.is_dir():
        config = config / "config.json"
    base = {} if config is None else read_json(config)
    origin = "" if config is None else str(config)
    if not isinstance(base, dict) or not all(isinstance(base[name], dict) for name in base if name != "task"):
        raise InputError(f"{origin} is not a configuration", "take the config.json of a run as a pattern")
    base["task"] = task or base.get("task") or _guessed(data)
    _check_given(settings, base["task"])
    merged = _with_settings(base, settings)
    if data:
        merged["data"] = {**merged.get("data", {}), "sources": data}
    return checked_config(merged, origin)


def _guessed(data: list[str] | None) -> str:
    """The task that the data are for."""
    return "language"


def _check_given(settings: dict[str, dict[str, Any]], task: str) -> None:
    if task not in TASKS:
        raise InputError(f"there is no task {task!r}", did_you_mean(task, TASKS))
    check_given(settings, SECTIONS, task)


def _begin(config: RunConfig, path: Path | None) -> int:
    from gatework.cli.console import print_note
    from gatework.tasks import find_task
    from gatework.training import RunFolder

    folder = RunFolder.numbered(_new_path(config)) if path is None else RunFolder.fresh(path)
    try:
        task = find_task(config.task)
        config, trainer = _new_trainer(task, config, folder)
    except BaseException as error:
        folder.discard()
        if isinstance(error, KeyboardInterrupt):
            print_note("stopped before the training began; nothing was written")
        raise
    folder.start(config.model_copy(update={"data": config.data.anchored()}).model_dump(mode="json"))
    return _train(task, trainer)


def _new_trainer(task: Task[Any, Any], config: RunConfig, folder: RunFolder) -> tuple[RunConfig, Trainer]:
    """Read the data, settle what they decide, make the model, and check all that can be before anything is written."""
    from gatework.cli.progress import loading
    from gatework.training import Trainer

    with loading(f"reading the {task.data_word}") as progress:
        data = task.load(config.data, progress=progress, keep=folder.data)
    config = task.settled(config, data)
    trainer = Trainer(_build(task, config, data), data, config.training, folder)
    task.check(trainer)
    trainer.callbacks = _callbacks(task, trainer)
    return config, trainer


def _build(task: Task[Any, Any], config: RunConfig, data: Any) -> Model[Any, Any]:
    """The model of a configuration; its size is checked before any memory is taken."""
    import torch

    from gatework.training import check_memory

    with torch.device("meta"):
        skeleton = task.build(config.model, data)
    parameters = sum(parameter.numel() for parameter in skeleton.parameters())
    check_memory(parameters, task.activations(config, data))
    torch.manual_seed(config.training.seed)
    return task.build(config.model, data)


def _resume(name: str, settings: dict[str, dict[str, Any]]) -> int:
    from gatework.cli.console import print_note
    from gatework.cli.progress import Notes
    from gatework.cli.runs import own_data
    from gatework.storage import write_json
    from gatework.tasks import find_task
    from gatework.training import RunFolder, Trainer

    folder = RunFolder.find(name)
    saved = folder.read_config()
    _check_resumable(settings)
    config = checked_config(_with_settings(saved, settings), str(folder.config))
    task, data = find_task(config.task), own_data(folder)
    trainer = Trainer(_build(task, config, data), data, config.training, folder, [Notes()])
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


def _with_settings(saved: dict[str, Any], settings: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Saved settings, those on the command line over them; a limit given there replaces all saved limits."""
    given = settings.get("training", {})
    limits = {"training": dict.fromkeys(LIMITS) if LIMITS & given.keys() else {}}
    return {
        **saved,
        **{name: {**saved.get(name, {}), **limits.get(name, {}), **settings[name]} for name in settings},
    }


LIMITS = frozenset(("epochs", "minutes", "steps"))
"""Settings that end a training; one given at a resume replaces all of them."""
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
    source = Path(config.data.sources[0]).stem if config.data.sources else "python-reference"
    plain = re.sub(r"[^A-Za-z0-9]+", "-", source).strip("-").lower() or "text"
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    kind = config.model.cell if isinstance(config.model, RecurrentConfig) else config.task
    return Path("runs") / f"{stamp}-{plain[:30]}-{kind}"
