"""gatework train: from a text to a trained model, in a run folder of its own."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatework.cli.options import with_settings
from gatework.errors import InputError
from gatework.settings import SECTIONS, RunConfig, checked_config

if TYPE_CHECKING:
    from gatework.data import Corpus
    from gatework.models import LanguageModel
    from gatework.training import RunFolder


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

    base = {} if config is None else read_json(config)
    origin = "" if config is None else str(config)
    if not isinstance(base, dict) or not all(isinstance(section, dict) for section in base.values()):
        raise InputError(f"{origin} is not a configuration", "take the config.json of a run as a pattern")
    merged = {**base, **{name: {**base.get(name, {}), **given} for name, given in settings.items()}}
    if data:
        merged["data"]["sources"] = data
    return checked_config(merged, origin)


def _begin(config: RunConfig, path: Path | None) -> int:
    from gatework.cli.progress import loading
    from gatework.data import load_corpus
    from gatework.training import RunFolder, Trainer

    folder = RunFolder.fresh(path or _new_path(config))
    with loading("reading the text") as progress:
        corpus = load_corpus(config.data, progress=progress, keep=folder.data)
    trainer = Trainer(_build(config, corpus), corpus, config.training, folder)
    trainer.callbacks = _callbacks(trainer)
    folder.start(_lasting(config, folder).model_dump(mode="json"))
    return _train(trainer)


def _build(config: RunConfig, corpus: Corpus) -> LanguageModel:
    """The model of a configuration; its size is checked before any memory is taken."""
    import torch

    from gatework.models import LanguageModel
    from gatework.training import check_memory

    with torch.device("meta"):
        skeleton = LanguageModel(config.model, corpus.vocabulary)
    check_memory(sum(parameter.numel() for parameter in skeleton.parameters()))
    torch.manual_seed(config.training.seed)
    return LanguageModel(config.model, corpus.vocabulary)


def _lasting(config: RunConfig, folder: RunFolder) -> RunConfig:
    """The configuration with sources that can be read again, from wherever: standard input was kept in the run."""
    paths = [folder.data if name == "-" else Path(name) for name in config.data.sources]
    data = config.data.model_copy(update={"sources": [str(path.resolve()) for path in paths]})
    return config.model_copy(update={"data": data})


def _resume(name: str, settings: dict[str, dict[str, Any]]) -> int:
    from gatework.cli.console import print_note
    from gatework.cli.progress import Notes, loading
    from gatework.data import load_corpus
    from gatework.storage import write_json
    from gatework.training import RunFolder, Trainer

    folder = RunFolder.find(name)
    saved = folder.read_config()
    _check_resumable(settings)
    limits = dict.fromkeys(LIMITS) if LIMITS & settings["training"].keys() else {}
    training = {**saved.get("training", {}), **limits, **settings["training"]}
    config = checked_config({**saved, "training": training}, str(folder.config))
    with loading("reading the text") as progress:
        corpus = load_corpus(config.data, progress=progress)
    trainer = Trainer(_build(config, corpus), corpus, config.training, folder, [Notes()])
    checkpoint = trainer.resume()
    trainer.callbacks = _callbacks(trainer)
    if config.model_dump(mode="json") != saved:
        write_json(folder.config, config.model_dump(mode="json"))
    print_note(f"continuing {folder.path} from update {trainer.position.step:,} ({checkpoint.name})")
    return _train(trainer)


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


def _callbacks(trainer: Any) -> list[Any]:
    from gatework.cli.progress import Notes, ProgressDisplay
    from gatework.generation import SampleWriter
    from gatework.insight import PlotWriter
    from gatework.training import TensorBoard

    display = ProgressDisplay()
    found: list[Any] = [Notes(), display]
    if trainer.config.tensorboard:
        found.append(TensorBoard(trainer.folder.tensorboard))
    return [*found, SampleWriter(display.show_sample), PlotWriter()]


def _train(trainer: Any) -> int:
    from gatework.cli.console import print_note, program
    from gatework.cli.report import print_report
    from gatework.training import Interrupted

    try:
        outcome = trainer.fit()
    except Interrupted as stopped:
        print_note(
            f"{stopped} at update {trainer.position.step:,}; all is saved. "
            f"Continue with: {program()} train --resume {trainer.folder.path}"
        )
        return stopped.status
    print_report(trainer, outcome)
    return 0


def _new_path(config: RunConfig) -> Path:
    """``runs/DATE-TEXT-CELL``, with a number after it where that exists."""
    source = Path(config.data.sources[0]).stem if config.data.sources else "python-reference"
    plain = re.sub(r"[^A-Za-z0-9]+", "-", source).strip("-").lower() or "text"
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    base = Path("runs") / f"{stamp}-{plain[:30]}-{config.model.cell}"
    number, path = 1, base
    while path.exists():
        number += 1
        path = base.with_name(f"{base.name}-{number}")
    return path
