"""gatework train: from a text to a trained model, in a run folder of its own."""

from __future__ import annotations

import datetime
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatework.cli.options import with_settings
from gatework.errors import InputError
from gatework.settings import SECTIONS, RunConfig, checked_config

if TYPE_CHECKING:
    from gatework.data import Corpus
    from gatework.models import LanguageModel
    from gatework.training import RunFolder, Trainer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("train")(with_settings(train, SECTIONS, leave_out=["sources"]))


def train(
    settings: dict[str, dict[str, Any]],
    data: Annotated[
        list[str] | None,
        typer.Argument(
            help="Text files or folders; - reads standard input; without any, the language reference inside Python.",
            show_default=False,
        ),
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
    r"""Train a recurrent language model on a text.

    Shows loss, bits per symbol and speed while it trains, writes a sample after each epoch, keeps the model
    with the best validation loss, and leaves everything in a run folder. Ctrl-C saves; --resume continues.

    [bold]Examples[/]

    gatework train my.txt --minutes 2

    gatework train books/ --cell gru --hidden-size 512 --layers 2 --dropout 0.2

    gatework train names.txt --separator '\n' --epochs 30

    gatework train --resume last --epochs 20
    """
    if resume is not None:
        if run is not None or config is not None or data:
            raise InputError(
                "--resume continues a run with its own data and folder", "leave out DATA, --run and --config"
            )
        return _resume(resume, settings)
    chosen = _merged(config, settings, data)
    return _begin(chosen, run)


def _merged(config: Path | None, settings: dict[str, dict[str, Any]], data: list[str] | None) -> RunConfig:
    """The settings of a file, those on the command line over them."""
    from gatework.storage import read_json

    if config is not None and config.is_dir():
        config = config / "config.json"
    base = {} if config is None else read_json(config)
    origin = "" if config is None else str(config)
    if not isinstance(base, dict) or not all(isinstance(section, dict) for section in base.values()):
        raise InputError(f"{origin} is not a configuration", "take the config.json of a run as a pattern")
    merged = _with_settings(base, settings)
    if data:
        merged["data"]["sources"] = data
    return checked_config(merged, origin)


def _begin(config: RunConfig, path: Path | None) -> int:
    from gatework.cli.console import print_note
    from gatework.training import RunFolder

    folder = RunFolder.numbered(_new_path(config)) if path is None else RunFolder.fresh(path)
    try:
        trainer = _new_trainer(config, folder)
    except BaseException as error:
        folder.discard()
        if isinstance(error, KeyboardInterrupt):
            print_note("stopped before the training began; nothing was written")
        raise
    folder.start(config.model_copy(update={"data": config.data.anchored()}).model_dump(mode="json"))
    return _train(trainer)


def _new_trainer(config: RunConfig, folder: RunFolder) -> Trainer:
    """Read the text, make the model, and check all that can be checked before anything is written."""
    from gatework.cli.progress import loading
    from gatework.data import load_corpus
    from gatework.generation import check_prompt
    from gatework.training import Trainer

    with loading("reading the text") as progress:
        corpus = load_corpus(config.data, progress=progress, keep=folder.data)
    trainer = Trainer(_build(config, corpus), corpus, config.training, folder)
    check_prompt(trainer.model, config.training.sample_prompt)
    trainer.callbacks = _callbacks(trainer)
    return trainer


def _build(config: RunConfig, corpus: Corpus) -> LanguageModel:
    """The model of a configuration; its size is checked before any memory is taken."""
    import torch

    from gatework.models import LanguageModel
    from gatework.training import check_memory

    with torch.device("meta"):
        skeleton = LanguageModel(config.model, corpus.vocabulary)
    steps = config.training.batch * config.training.window
    kept_a_step = config.model.layers * 3 * config.model.hidden_size + 2 * len(corpus.vocabulary)  # at the least
    check_memory(sum(parameter.numel() for parameter in skeleton.parameters()), steps * kept_a_step)
    torch.manual_seed(config.training.seed)
    return LanguageModel(config.model, corpus.vocabulary)


def _resume(name: str, settings: dict[str, dict[str, Any]]) -> int:
    from gatework.cli.console import print_note
    from gatework.cli.progress import Notes
    from gatework.cli.texts import own_corpus
    from gatework.storage import write_json
    from gatework.training import RunFolder, Trainer

    folder = RunFolder.find(name)
    saved = folder.read_config()
    _check_resumable(settings)
    config = checked_config(_with_settings(saved, settings), str(folder.config))
    corpus = own_corpus(folder)
    trainer = Trainer(_build(config, corpus), corpus, config.training, folder, [Notes()])
    checkpoint = trainer.resume()
    trainer.callbacks = _callbacks(trainer)
    if trainer.is_over():
        raise InputError(
            f"{folder.path} is finished after {trainer.position.step:,} updates, {trainer.epochs():.1f} epochs and "
            f"{trainer.position.seconds / 60:.1f} minutes in all",
            "give a larger --epochs, --minutes or --steps, also in all",
        )
    if config.model_dump(mode="json") != saved:
        write_json(folder.config, config.model_dump(mode="json"))
    print_note(f"continuing {folder.path} from update {trainer.position.step:,} ({checkpoint.name})")
    return _train(trainer)


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
RESUMABLE = LIMITS | {"patience", "checkpoint_minutes", "log_every", "sample_length", "sample_prompt"}
"""Settings that may change when a run is resumed: how long, and what is shown."""


def _check_resumable(settings: dict[str, dict[str, Any]]) -> None:
    given = {name for section in settings.values() for name in section}
    for name in sorted(given - RESUMABLE):
        raise InputError(
            f"--{name.replace('_', '-')} cannot change when a run is resumed",
            "only " + ", ".join(f"--{one.replace('_', '-')}" for one in sorted(RESUMABLE)) + " can",
        )


def _callbacks(trainer: Trainer) -> list[Any]:
    from gatework.cli.progress import Notes, ProgressDisplay
    from gatework.generation import SampleWriter
    from gatework.insight import PlotWriter
    from gatework.training import TensorBoard

    display = ProgressDisplay()
    found: list[Any] = [Notes(), display]
    if trainer.config.tensorboard and trainer.folder is not None:
        found.append(TensorBoard(trainer.folder.tensorboard))
    return [*found, SampleWriter(display.show_sample), PlotWriter()]


def _train(trainer: Trainer) -> int:
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
    print_report(trainer, outcome)
    return 0


def _new_path(config: RunConfig) -> Path:
    """``runs/DATE-TEXT-CELL``."""
    source = Path(config.data.sources[0]).stem if config.data.sources else "python-reference"
    plain = re.sub(r"[^A-Za-z0-9]+", "-", source).strip("-").lower() or "text"
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    return Path("runs") / f"{stamp}-{plain[:30]}-{config.model.cell}"
