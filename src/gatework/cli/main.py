"""The command line: commands found in the files of this folder, errors as one line and an exit status."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from gatework import __version__
from gatework.cli import (
    cells,
    compare,
    doctor,
    evaluate,
    explain,
    generate,
    plot,
    predict,
    rate,
    study,
    train,
    tune,
    words,
)
from gatework.cli.console import print_error
from gatework.errors import DivergedError, GateworkError
from gatework.settings import TASKS

INPUT_ERROR = 2
DIVERGED = 3

TRAINING = (train, rate, tune, compare)
"""Commands whose help shows the options of a task."""
OTHERS = (generate, predict, evaluate, plot, words, study, cells, explain, doctor)
COMMANDS = frozenset(command.__name__.rpartition(".")[2] for command in (*TRAINING, *OTHERS))


def make_app(task: str = "language") -> typer.Typer:
    """The command line; the help of `train` shows the options of a task."""
    app = typer.Typer(
        name="gatework",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=(
            "Begin with [bold]gatework train[/] (a minute: [bold]--minutes 1[/]), then [bold]gatework generate "
            "last[/]. Exit status: 0 done; 1 an error in gatework itself; 2 the input, a file or an option is wrong; "
            "3 the training diverged; 130 stopped by Ctrl-C; 143 by SIGTERM. Environment: GATEWORK_DEBUG=1 is --debug."
        ),
    )
    app.callback()(options)
    for command in TRAINING:
        command.register(app, task)
    for command in OTHERS:
        command.register(app)
    return app


def _task_named(given: Sequence[str]) -> str:
    """The task that a command line names, for its help; the first one where it names none."""
    for word, following in itertools.pairwise([*given, ""]):
        found = following if word == "--task" else word.partition("--task=")[2]
        if found in TASKS:
            return found
    return "language"


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gatework {__version__}")
        raise typer.Exit


def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")] = False,
) -> None:
    """Recurrent networks: train on a text or on data of other tasks, write, predict, measure, look inside."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given or os.environ.get("GATEWORK_DEBUG", "0") not in ("", "0")
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a character shows another, and nothing is lost
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.exit(status_of([word for word in given if word != "--debug"], debug=debug))


def status_of(given: list[str], *, debug: bool = False) -> int:
    """Run a command; turn what it raises into one line on standard error and an exit status."""
    try:
        return make_app(_task_named(given))(given, standalone_mode=False) or 0
    except GateworkError as error:
        if debug:
            raise
        print_error(error.cause, error.remedy)
        return DIVERGED if isinstance(error, DivergedError) else INPUT_ERROR
    except typer.TyperException as error:
        if error.format_message():
            command = f"gatework {given[0]}" if given and given[0] in COMMANDS else "gatework"
            print_error(error.format_message().rstrip("."), f"`{command} --help` lists what there is")
        return INPUT_ERROR
    except BrokenPipeError:  # whoever read our output has read enough
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if debug:
            raise
        print_error(f"{error.filename or 'a file'}: {error.strerror or error}", "check disk and path")
        return INPUT_ERROR
